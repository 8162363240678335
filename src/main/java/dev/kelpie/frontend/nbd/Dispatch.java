package dev.kelpie.frontend.nbd;

import dev.kelpie.platform.Tasks;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Line;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/// Gives the requests that may have to wait a task each, within the bounds of [InFlight] and
/// [Memory].
final class Dispatch {
  private final Tasks tasks;
  private final Line line;
  private final Outbox outbox;
  private final InFlight inFlight;
  private final Memory memory;
  private final PatientRequests requests;
  private final Failures failures;
  private final NbdCounters counters;

  Dispatch(
      Tasks tasks,
      Line line,
      Outbox outbox,
      InFlight inFlight,
      Memory memory,
      PatientRequests requests,
      Failures failures,
      NbdCounters counters) {
    this.tasks = tasks;
    this.line = line;
    this.outbox = outbox;
    this.inFlight = inFlight;
    this.memory = memory;
    this.requests = requests;
    this.failures = failures;
    this.counters = counters;
  }

  /// Makes room for a request with a payload of this length; waits until there is some. It is given
  /// back by [#start] or [#abandon]. Called by the connection's own task.
  Payload admit(int length) throws IOException {
    long share = Memory.share(length);
    if (!inFlight.tryEnter(share)) {
      outbox.flush();
      inFlight.enter(share);
    }
    boolean admitted = false;
    try {
      Payload payload = room(length);
      admitted = true;
      return payload;
    } finally {
      if (!admitted) {
        inFlight.leave(share);
      }
    }
  }

  private Payload room(int length) throws IOException {
    if (length == 0) {
      return Payload.NONE;
    }
    Optional<Payload> payload = memory.tryTake(length);
    if (payload.isEmpty()) {
      outbox.flush();
      payload = memory.take(length, line);
    }
    return payload.orElseThrow(() -> new IOException("the connection was closed"));
  }

  /// Starts a request that was admitted. Its reply is sent when it is done. Where there is no
  /// thread for it, the connection's own task serves it, and the client's later requests wait.
  void start(Request request, Payload payload) {
    try {
      tasks.start("nbd request", () -> run(request, payload));
    } catch (RejectedExecutionException _) {
      run(request, payload);
    }
  }

  /// Gives the room of a request back that will not be started.
  void abandon(Payload payload) {
    memory.free(payload);
    inFlight.leave(payload.share());
  }

  private void run(Request request, Payload payload) {
    try {
      List<ByteBuffer> reply = requests.serve(request, payload);
      long _ = counters.served(request.command(), request.length(), request.since());
      post(reply, payload);
    } catch (IOException failure) {
      post(requests.failed(request, failures.of(request, failure)), payload);
    } catch (RuntimeException | Error bug) {
      counters.failed(request.command(), request.since());
      post(requests.failed(request, Fault.BUG), payload);
      throw bug;
    }
  }

  private void post(List<ByteBuffer> parts, Payload payload) {
    outbox.post(parts, () -> abandon(payload));
  }
}

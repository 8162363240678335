package dev.kelpie.peer;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/// The way to another node for one purpose: a connection when it is needed, and the next one when
/// that is lost. There is never a second one beside the first.
final class PeerLink {
  private final Platform platform;
  private final Dialer dialer;
  private final Duration dialMax;
  private final String node;
  private final Purpose purpose;
  private final Clock clock;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private Optional<PeerConnection> current = Optional.empty();
  private Optional<Attempt> attempt = Optional.empty();
  private long numbers;
  private boolean closed;

  /// A connection in the making; guarded by the link's mutex.
  private static final class Attempt {
    private final long number;
    private final long since;
    private Optional<Closeable> opened = Optional.empty();
    private boolean cancelled;
    private boolean over;
    private Optional<IOException> failure = Optional.empty();

    Attempt(long number, long since) {
      this.number = number;
      this.since = since;
    }
  }

  /// @param dialMax how long it may take until a connection can be used
  PeerLink(Platform platform, Dialer dialer, Duration dialMax, String node, Purpose purpose) {
    this.platform = platform;
    this.dialer = dialer;
    this.dialMax = dialMax;
    this.node = node;
    this.purpose = purpose;
    this.clock = platform.clock();
    this.mutex = platform.locks().mutex();
    this.changed = mutex.signal();
  }

  /// Asks the node ([PeerConnection#call]).
  <T> T call(PeerRequest request, Duration limit, Answer<T> answer) throws IOException {
    long deadline = clock.nanos() + limit.toNanos();
    return connection(deadline).call(request, deadline, answer);
  }

  private PeerConnection connection(long deadline) throws IOException {
    mutex.lock();
    try {
      if (closed) {
        throw new IOException("this node asks node " + node + " nothing any more");
      }
      if (current.isPresent() && !current.get().broken()) {
        return current.get();
      }
      current = Optional.empty();
      Attempt mine = attempt.isPresent() ? attempt.get() : begin();
      long rest = deadline - clock.nanos();
      while (!mine.over && rest > 0) {
        boolean _ = changed.await(Duration.ofNanos(rest));
        rest = deadline - clock.nanos();
      }
      if (mine.failure.isPresent()) {
        throw unreachable(mine.failure.get());
      }
      return current.orElseThrow(() -> unreachable(new IOException("it does not answer")));
    } finally {
      mutex.unlock();
    }
  }

  private IOException unreachable(IOException why) {
    return new IOException("node " + node + " cannot be reached: " + why.getMessage(), why);
  }

  private Attempt begin() throws IOException {
    numbers++;
    Attempt begun = new Attempt(numbers, clock.nanos());
    try {
      Tasks.Task _ = platform.tasks().start("peer " + node, () -> live(begun));
    } catch (RejectedExecutionException e) {
      throw new IOException("no thread for a connection to node " + node, e);
    }
    attempt = Optional.of(begun);
    return begun;
  }

  /// The life of a connection.
  private void live(Attempt begun) {
    Optional<PeerConnection> made = Optional.empty();
    IOException failure = new IOException("making the connection came to an end");
    try {
      made = Optional.of(dialer.dial(node, purpose, begun.number, to -> opened(begun, to)));
    } catch (IOException e) {
      failure = e;
    } finally {
      made = settle(begun, made, failure);
    }
    made.ifPresent(PeerConnection::read);
  }

  private void opened(Attempt begun, Closeable wire) {
    boolean unwanted;
    mutex.lock();
    try {
      begun.opened = Optional.of(wire);
      unwanted = closed || begun.cancelled;
    } finally {
      mutex.unlock();
    }
    if (unwanted) {
      close(wire);
    }
  }

  /// @return the connection, if it is still wanted
  private Optional<PeerConnection> settle(
      Attempt begun, Optional<PeerConnection> made, IOException failure) {
    boolean wanted;
    mutex.lock();
    try {
      wanted = made.isPresent() && !closed && !begun.cancelled;
      if (wanted) {
        current = made;
      } else {
        begun.failure = Optional.of(failure);
      }
      begun.over = true;
      attempt = Optional.empty();
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
    if (!wanted) {
      made.ifPresent(unwanted -> unwanted.fail(failure));
    }
    return wanted ? made : Optional.empty();
  }

  /// Gives up what takes too long. Called every moment.
  void look() {
    Optional<PeerConnection> open;
    Optional<Closeable> late = Optional.empty();
    mutex.lock();
    try {
      open = current;
      if (attempt.isPresent() && clock.nanos() - attempt.get().since > dialMax.toNanos()) {
        late = attempt.get().opened;
      }
    } finally {
      mutex.unlock();
    }
    open.ifPresent(PeerConnection::look);
    late.ifPresent(PeerLink::close);
  }

  /// Gives the connection up that there is, or is being made. The next request makes another one.
  void drop(String why) {
    Optional<PeerConnection> open;
    Optional<Closeable> opened = Optional.empty();
    mutex.lock();
    try {
      open = current;
      if (attempt.isPresent()) {
        attempt.get().cancelled = true;
        opened = attempt.get().opened;
      }
    } finally {
      mutex.unlock();
    }
    open.ifPresent(connection -> connection.fail(new IOException(why)));
    opened.ifPresent(PeerLink::close);
  }

  /// Asks nothing any more.
  void close() {
    mutex.lock();
    try {
      closed = true;
    } finally {
      mutex.unlock();
    }
    drop("this node stops");
  }

  private static void close(Closeable wire) {
    try {
      wire.close();
    } catch (IOException _) {
      // A connection that is given up has nothing more to say.
    }
  }
}

package dev.kelpie.frontend.nbd;

import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.platform.Clock;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/// What a server has done since its start. A request takes the time from when its header was read
/// until its reply was ready to be sent.
final class NbdCounters {
  final LongAdder connections = new LongAdder();
  private final RequestMeter<Command> requests = new RequestMeter<>(Command.class);
  private final Clock clock;

  NbdCounters(Clock clock) {
    this.clock = clock;
  }

  /// The time, as the other methods want it.
  long now() {
    return clock.nanos();
  }

  /// Counts a request that was served.
  ///
  /// @param since its header was read
  /// @return the time
  long served(Command command, long length, long since) {
    long now = clock.nanos();
    requests.served(command, now - since, command.hasPayload() ? length : 0);
    return now;
  }

  /// Counts a request that was answered with an error.
  ///
  /// @param since its header was read
  void failed(Command command, long since) {
    requests.failed(command, clock.nanos() - since);
  }

  /// The counts by command; a goodbye is none.
  List<RequestMeter.Reading> requests() {
    return requests.read().stream().filter(r -> !r.kind().equals(Command.DISC.name())).toList();
  }
}

package dev.kelpie.cluster.zookeeper;

import dev.kelpie.platform.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/// For how long what a session announced is certain to be there.
///
/// The leader of the ensemble ends a session when it has not heard of it for the session timeout,
/// T. That a write was answered shows that the leader of a majority knew the session after the
/// moment in which the write was *sent*; when it was answered shows nothing. So a lease lasts for
/// 0.6 T from when the last answered write was sent. (A read shows nothing either: a server that is
/// cut off answers it.)
///
/// The leader need not have heard of the session in that very moment. A server reports which
/// clients it heard of every half tick, and if it dies before, the last report counts. So a lease
/// never lasts longer than 0.9 T from when a write was sent that had been answered for an eighth of
/// T before the last one was sent: that one was reported. As long as writes are T/6 apart this
/// changes nothing; it is for a process that was stopped for most of T, comes back, has one write
/// answered, and loses its server right then. A tick has to be at most a quarter of T.
///
/// The tenth that is left is for clocks that run at different rates. A new leader gives every
/// session a whole T.
final class Lease {
  private final Clock clock;
  private final AtomicReference<State> state;

  /// A write of which the ensemble answered that it was made.
  private record Heard(long sent, long answered) {}

  /// @param timeout of the session, in nanoseconds: T
  /// @param heard oldest first, never empty; the first one was reported
  private record State(long timeout, boolean over, long end, List<Heard> heard) {
    State with(Heard last) {
      int reported = 0;
      for (int i = 1; i < heard.size(); i++) {
        if (last.sent - heard.get(i).answered >= timeout / 8) {
          reported = i;
        }
      }
      long until =
          Math.min(last.sent + timeout * 3 / 5, heard.get(reported).sent + timeout * 9 / 10);
      List<Heard> now = new ArrayList<>(heard.subList(reported, heard.size()));
      // Writes that follow each other faster need not all be remembered.
      if (last.sent - now.getLast().sent >= timeout / 15) {
        now.add(last);
      }
      return new State(timeout, over, Math.max(end, until), List.copyOf(now));
    }
  }

  /// The lease of a session that is about to be opened, which the leader hears of. It has run out
  /// until a write is answered.
  Lease(Clock clock, Duration timeout) {
    this.clock = clock;
    long now = clock.nanos();
    this.state =
        new AtomicReference<>(
            new State(timeout.toNanos(), false, now, List.of(new Heard(now, now))));
  }

  /// The ensemble and this process have agreed on a timeout.
  void timeout(Duration timeout) {
    state.updateAndGet(s -> new State(timeout.toNanos(), s.over, s.end, s.heard));
  }

  /// Call this before a write is sent.
  Write begin() {
    return new Write(clock.nanos());
  }

  /// The session is over.
  void end() {
    state.updateAndGet(s -> new State(s.timeout, true, s.end, s.heard));
  }

  /// For how many nanoseconds yet; 0 or less where it has run out.
  long remaining() {
    State now = Objects.requireNonNull(state.get());
    return now.over ? 0 : now.end - clock.nanos();
  }

  /// A write that is under way.
  final class Write {
    private final long sent;

    private Write(long sent) {
      this.sent = sent;
    }

    /// The ensemble says that the write was made.
    void answered() {
      Heard heard = new Heard(sent, clock.nanos());
      state.updateAndGet(s -> s.with(heard));
    }
  }
}

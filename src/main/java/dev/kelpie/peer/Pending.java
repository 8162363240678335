package dev.kelpie.peer;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// A request that is on its way, and who waits for its answer. The answer may be read into memory
/// of theirs, and the request may lie there: so they do not go on before nobody looks there any
/// more.
final class Pending<T> {
  private final Answer<T> answer;
  private final long share;
  private final long deadline;
  private final Clock clock;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private boolean left;
  private Optional<T> value = Optional.empty();
  private Optional<IOException> failure = Optional.empty();

  /// @param share the bytes of request and answer
  /// @param deadline in nanoseconds of the clock
  Pending(Answer<T> answer, long share, long deadline, Clock clock, Locks locks) {
    this.answer = answer;
    this.share = share;
    this.deadline = deadline;
    this.clock = clock;
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
  }

  long share() {
    return share;
  }

  /// Whether it should have been answered.
  boolean overdue() {
    return clock.nanos() - deadline > 0;
  }

  /// The request was sent, or never will be.
  void left() {
    mutex.lock();
    try {
      left = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Takes the answer. Called once, by who reads, unless [#failed] is; whatever goes wrong, nobody
  /// waits any more.
  ///
  /// @throws IOException where the connection is of no use any more
  void take(String node, int code, Incoming body) throws IOException {
    boolean settled = false;
    try {
      if (code == Failures.DONE) {
        T taken = answer.take(body);
        body.end();
        settle(Optional.of(taken), Optional.empty());
      } else {
        IOException told = Failures.heard(node, code, body.take(body.left()));
        body.end();
        failed(told);
      }
      settled = true;
    } catch (IOException lost) {
      failed(lost);
      settled = true;
      throw lost;
    } finally {
      if (!settled) {
        failed(new IOException("the answer of node " + node + " could not be read"));
      }
    }
  }

  /// There will be no answer.
  void failed(IOException why) {
    settle(Optional.empty(), Optional.of(why));
  }

  private void settle(Optional<T> taken, Optional<IOException> why) {
    mutex.lock();
    try {
      value = taken;
      failure = why;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Waits for the answer.
  ///
  /// @param giveUp called where it does not come in time; makes somebody call [#failed] soon, and
  ///   sees to it that the request leaves
  T await(Runnable giveUp) throws IOException {
    if (!awaitInTime()) {
      giveUp.run();
    }
    mutex.lock();
    try {
      while (value.isEmpty() && (failure.isEmpty() || !left)) {
        changed.await();
      }
      if (value.isPresent()) {
        return value.get();
      }
      throw failure.orElseThrow();
    } finally {
      mutex.unlock();
    }
  }

  private boolean awaitInTime() {
    mutex.lock();
    try {
      long rest = deadline - clock.nanos();
      while (value.isEmpty() && failure.isEmpty() && rest > 0) {
        boolean _ = changed.await(Duration.ofNanos(rest));
        rest = deadline - clock.nanos();
      }
      return value.isPresent() || failure.isPresent();
    } finally {
      mutex.unlock();
    }
  }
}

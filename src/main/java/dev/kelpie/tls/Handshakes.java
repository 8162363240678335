package dev.kelpie.tls;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// The handshakes that a server has under way, of clients that have yet to prove who they are. Each
/// takes tens of KiB, so there are only so many at a time; who comes later waits for a turn, in the
/// order of coming, and holds next to nothing. Where somebody waits, the oldest handshake is cut
/// off once it has had its time: a client that stalls makes place, and a crowd of good ones that
/// all come at once is served bit by bit.
public final class Handshakes {
  /// Handshakes at a time: about 4 MiB, and more than the processors of a host finish in a tenth of
  /// a second.
  static final int MAX = 64;

  /// The time that a handshake has for itself while others wait: several round trips to anywhere.
  static final Duration TIME = Duration.ofMillis(500);

  /// How often the first of those who wait looks whether a handshake has had its time.
  private static final Duration LOOK = Duration.ofMillis(20);

  /// How often the others look whether they are still wanted.
  private static final Duration LOOK_FAR = Duration.ofSeconds(1);

  private final Clock clock;
  private final Locks.Mutex mutex;

  /// In the order of coming.
  private final ArrayDeque<Turn> waiting = new ArrayDeque<>();

  /// In the order of beginning.
  private final Set<Turn> underWay = new LinkedHashSet<>();

  Handshakes(Locks locks, Clock clock) {
    this.clock = clock;
    this.mutex = locks.mutex();
  }

  /// One handshake's time; over when it is closed.
  public final class Turn implements Closeable {
    private final Network.Connection wire;
    private final Locks.Signal next;
    private long since;
    private volatile boolean cutOff;

    private Turn(Network.Connection wire) {
      this.wire = wire;
      this.next = mutex.signal();
    }

    private boolean hasHadItsTime() {
      return clock.nanos() - since > TIME.toNanos();
    }

    /// Why the handshake came to nothing.
    ///
    /// @param lost how that was noticed
    public IOException reason(IOException lost) {
      boolean told = lost instanceof TlsFailure;
      return cutOff && !told
          ? new TlsFailure("was slow with its TLS handshake while others waited for theirs")
          : lost;
    }

    /// The client has proved who it is, and is not cut off any more.
    ///
    /// @throws ClosedChannelException where it already was
    public void done() throws ClosedChannelException {
      close();
      if (cutOff) {
        throw new ClosedChannelException();
      }
    }

    /// Nothing where the turn is over.
    @Override
    public void close() {
      mutex.lock();
      try {
        underWay.remove(this);
        wakeNext();
      } finally {
        mutex.unlock();
      }
    }
  }

  /// Waits for a turn.
  ///
  /// @param wire cut where the handshake takes too long
  /// @param gone whether nobody wants it any more
  /// @throws ClosedChannelException where nobody does
  public Turn turn(Network.Connection wire, BooleanSupplier gone) throws IOException {
    Turn mine = new Turn(wire);
    join(mine);
    boolean begun = false;
    try {
      while (!begun) {
        if (gone.getAsBoolean()) {
          throw new ClosedChannelException();
        }
        cutOldest(mine);
        begun = begins(mine);
      }
      return mine;
    } finally {
      if (!begun) {
        leave(mine);
      }
    }
  }

  private void join(Turn turn) {
    mutex.lock();
    try {
      waiting.add(turn);
    } finally {
      mutex.unlock();
    }
  }

  private void leave(Turn turn) {
    mutex.lock();
    try {
      waiting.remove(turn);
      wakeNext();
    } finally {
      mutex.unlock();
    }
  }

  /// Begins if there is room, else waits a while for it.
  private boolean begins(Turn turn) {
    mutex.lock();
    try {
      boolean first = waiting.element() == turn;
      if (!first || underWay.size() >= MAX) {
        boolean _ = turn.next.await(first ? LOOK : LOOK_FAR);
        return false;
      }
      waiting.remove();
      turn.since = clock.nanos();
      underWay.add(turn);
      wakeNext();
      return true;
    } finally {
      mutex.unlock();
    }
  }

  private void wakeNext() {
    Turn next = waiting.peek();
    if (next != null) {
      next.next.wakeAll();
    }
  }

  /// Cuts the oldest handshake off, if it has had its time and this turn is the next.
  private void cutOldest(Turn turn) throws IOException {
    Optional<Turn> late = oldest(turn);
    if (late.isPresent()) {
      late.get().wire.close();
    }
  }

  /// One at a time: where one was cut off and has not left, its place is about to be free.
  private Optional<Turn> oldest(Turn turn) {
    mutex.lock();
    try {
      if (waiting.element() != turn || underWay.size() < MAX) {
        return Optional.empty();
      }
      Optional<Turn> late =
          underWay.stream().findFirst().filter(oldest -> !oldest.cutOff && oldest.hasHadItsTime());
      late.ifPresent(oldest -> oldest.cutOff = true);
      return late;
    } finally {
      mutex.unlock();
    }
  }

  /// How many are under way.
  int underWay() {
    mutex.lock();
    try {
      return underWay.size();
    } finally {
      mutex.unlock();
    }
  }

  /// How many wait for a turn.
  int waiting() {
    mutex.lock();
    try {
      return waiting.size();
    } finally {
      mutex.unlock();
    }
  }
}

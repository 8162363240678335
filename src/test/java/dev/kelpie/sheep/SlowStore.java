package dev.kelpie.sheep;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// A store as if it were behind a network: each request takes a while longer, and the bytes of all
/// of them go one after the other through one pipe. Who asks is parked meanwhile. Closing it does
/// nothing, the store stays its opener's.
final class SlowStore implements ObjectStore {
  private static final double NANOS = 1e9;

  private final ObjectStore store;
  private final Clock clock;
  private final long delay;
  private final double nanosPerByte;

  /// When the pipe has brought all that it was given.
  private final AtomicLong free;

  /// @param delay of each request
  /// @param rate of the pipe, in bytes per second
  SlowStore(ObjectStore store, Clock clock, Duration delay, long rate) {
    this.store = store;
    this.clock = clock;
    this.delay = delay.toNanos();
    this.nanosPerByte = NANOS / rate;
    this.free = new AtomicLong(clock.nanos());
  }

  /// A task that is cancelled waits no longer.
  private void pass(long bytes) {
    long now = clock.nanos();
    long through =
        free.updateAndGet(until -> Math.max(until, now) + Math.round(bytes * nanosPerByte));
    long rest = through + delay - now;
    while (rest > 0 && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(rest);
      rest = through + delay - clock.nanos();
    }
  }

  private static long bytes(List<Extent> extents) {
    return extents.stream().mapToLong(Extent::length).sum();
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    if (access.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    pass(into.remaining());
    return store.read(object, offset, into, access);
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    pass(bytes(extents));
    return store.write(object, extents, change);
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    pass(bytes(extents));
    return store.create(object, base, extents, change);
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    pass(0);
    return store.remove(object, change);
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) throws IOException {
    pass(0);
    return store.stat(object);
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    pass(0);
    store.list(vdi, each);
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    pass(0);
    store.flush(vdi);
  }

  @Override
  public void close() {}
}

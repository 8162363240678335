package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.DiskMap;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// Watches what clients read, and fetches ahead of those that read sequentially ([Streams]), in
/// tasks of its own. A fetch that fails is left out, and one that finds no place among those in
/// flight waits for the next read of its stream: until then the client's own reads fetch.
final class ReadAhead {
  /// Bounds the memory of what is in flight, and how far a stream can crowd out others.
  private static final int IN_FLIGHT_MAX = 16;

  private static final int IN_FLIGHT_OF_VDI_MAX = 8;

  /// Brings the absent blocks of a range here.
  @FunctionalInterface
  interface Fetch {
    Prefetcher.Fetched fetch(ObjectId object, int offset, int length, Access access)
        throws IOException;
  }

  private final Fetch fetch;
  private final Tasks tasks;
  private final Locks.Mutex mutex;
  private final Locks.Signal ended;
  private int inFlight;
  private boolean stopped;
  private volatile @Nullable DiskMap map;

  ReadAhead(Fetch fetch, Tasks tasks, Locks locks) {
    this.fetch = fetch;
    this.tasks = tasks;
    this.mutex = locks.mutex();
    this.ended = mutex.signal();
  }

  /// Reads ahead from now on.
  void start(DiskMap disks) {
    map = disks;
  }

  /// A client read a range, or tries to and has to wait.
  ///
  /// @param missed whether something of it was absent
  void seen(VdiCache vdi, ObjectId object, int offset, int length, Access access, boolean missed) {
    DiskMap disks = map;
    if (disks == null
        || object.kind() != ObjectId.Kind.DATA
        || object.index() < 0
        || object.index() >= BootSet.OBJECTS_OF_DISK) { // a client may ask for any
      return;
    }
    long at = (long) object.index() * ObjectId.DATA_SIZE + offset;
    BootRecord record = vdi.bootRecord;
    if (record != null) {
      record.read(at, length);
    }
    long range = vdi.streams.read(at, length, missed);
    if (range != Streams.NOTHING) {
      start(disks, vdi, range, access);
    }
  }

  /// Starts nothing more, and waits until nothing is in flight.
  ///
  /// @return whether that was in time
  boolean stop(Duration limit) {
    mutex.lock();
    try {
      stopped = true;
      boolean woken = true;
      while (inFlight > 0 && woken) {
        woken = ended.await(limit);
      }
      return inFlight == 0;
    } finally {
      mutex.unlock();
    }
  }

  private void start(DiskMap disks, VdiCache vdi, long range, Access access) {
    Access own = new Access(access.vdi(), access.generation(), CacheMode.WRITEBACK, Patience.WAIT);
    long end = Streams.start(range) + Streams.length(range);
    long at = Streams.start(range);
    while (at < end) {
      long step = Math.min(end, (at / Prefetcher.STEP + 1) * Prefetcher.STEP);
      if (!enter(vdi)) {
        vdi.streams.notFetched(at, end);
        return;
      }
      start(disks, vdi, at, (int) (step - at), own);
      at = step;
    }
  }

  private void start(DiskMap disks, VdiCache vdi, long at, int length, Access access) {
    boolean started = false;
    try {
      tasks.start("cache-read-ahead", () -> run(disks, vdi, at, length, access));
      started = true;
    } catch (RejectedExecutionException e) {
      vdi.streams.failed(); // no thread to be had: the clients need them
    } finally {
      if (!started) {
        leave(vdi);
      }
    }
  }

  private void run(DiskMap disks, VdiCache vdi, long at, int length, Access access) {
    try {
      int index = (int) (at / ObjectId.DATA_SIZE);
      Optional<ObjectId> object = disks.object(access.vdi(), index);
      if (object.isPresent()) {
        Prefetcher.Fetched fetched =
            fetch.fetch(object.get(), (int) (at % ObjectId.DATA_SIZE), length, access);
        if (fetched.pulled() > 0 && fetched.kept() == 0) {
          vdi.streams.failed(); // there is no room: the client would read all of it once more
        }
      }
    } catch (IOException e) {
      // Nobody waits for it. Who needs these blocks asks the backend, and is told what is wrong.
      vdi.streams.failed();
    } finally {
      leave(vdi);
    }
  }

  private boolean enter(VdiCache vdi) {
    mutex.lock();
    try {
      if (stopped || inFlight >= IN_FLIGHT_MAX || vdi.aheadInFlight.get() >= IN_FLIGHT_OF_VDI_MAX) {
        return false;
      }
      inFlight++;
      vdi.aheadInFlight.incrementAndGet();
      return true;
    } finally {
      mutex.unlock();
    }
  }

  private void leave(VdiCache vdi) {
    mutex.lock();
    try {
      inFlight--;
      vdi.aheadInFlight.decrementAndGet();
      ended.wakeAll();
    } finally {
      mutex.unlock();
    }
  }
}

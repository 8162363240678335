package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Brings to the backend what a VDI has dirty, as a barrier or in the background, in the order that
/// a crash at any point respects (I1, I5): data durable, then the inode entries that name it
/// durable, then removals.
final class Flusher {
  /// How many objects of one flush are pushed at once: enough to fill a store's queue, few enough
  /// that the buffers stay small.
  private static final int PARALLEL_MAX = 4;

  /// How many tasks help all flushes together, which bounds the memory of what is being pushed. A
  /// flush that finds no helper goes on alone: helpers may hang with another VDI's backend (I20).
  private static final int HELPERS_MAX = 24;

  /// How much is pushed in the background before it is made durable: where the backend has a memory
  /// that takes writes faster than its disk, the rate of pushing is to be the disk's, and the next
  /// barrier must not wait for all of it.
  private static final long UNSYNCED_MAX = 64L << 20;

  private final CacheState state;
  private final Pusher pusher;
  private final ObjectStore backend;
  private final Tasks tasks;
  private final Locks locks;
  private final Clock clock;
  private final AtomicInteger helpersFree = new AtomicInteger(HELPERS_MAX);

  Flusher(
      CacheState state, Pusher pusher, ObjectStore backend, Tasks tasks, Locks locks, Clock clock) {
    this.state = state;
    this.pusher = pusher;
    this.backend = backend;
    this.tasks = tasks;
    this.locks = locks;
    this.clock = clock;
  }

  /// Makes everything of the VDI durable that was written before the call.
  void flush(VdiId id) throws IOException {
    VdiCache vdi = state.vdi(id);
    List<ObjectId> differing = vdi.differing();
    if (differing.isEmpty()) {
      // A push under way may have been taken off the list before its bytes are durable.
      sync(vdi);
    } else {
      push(vdi, differing, Durability.DURABLE);
    }
  }

  /// Brings to the backend what was written to the VDI before the call. The backend may keep some
  /// of it as undurable as it was, as far as the order allows: nobody waits for it. Removals are
  /// durable at once: whoever removes an object has cleared its entry durably before (I5).
  void push(VdiId id) throws IOException {
    VdiCache vdi = state.vdi(id);
    List<ObjectId> differing = vdi.differing();
    if (!differing.isEmpty()) {
      push(vdi, differing, Durability.DEFERRED);
    }
  }

  private void push(VdiCache vdi, List<ObjectId> differing, Durability promised)
      throws IOException {
    vdi.rate.begin(clock.nanos());
    try {
      pushInOrder(vdi, differing, promised);
      if (vdi.unsynced.get() >= UNSYNCED_MAX) {
        sync(vdi);
      }
    } finally {
      vdi.rate.end(clock.nanos());
    }
  }

  /// Makes durable what the backend has.
  private void sync(VdiCache vdi) throws IOException {
    vdi.unsynced.set(0);
    backend.flush(vdi.id);
  }

  private void pushInOrder(VdiCache vdi, List<ObjectId> differing, Durability promised)
      throws IOException {
    List<ObjectId> data = new ArrayList<>(differing.size());
    List<ObjectId> gone = new ArrayList<>();
    ObjectId inode = ObjectId.inode(vdi.id);
    for (ObjectId id : differing) {
      if (state.isGone(id)) {
        gone.add(id);
      } else if (!id.equals(inode)) {
        data.add(id);
      }
    }
    // The inode's bytes are copied before the data is chosen: an entry written later, which may
    // name an object that this flush does not push, is not among them.
    Pusher.@Nullable Begun entries = pusher.begin(inode, false);
    boolean done = false;
    try {
      pushAll(entries == null ? data : dataOf(vdi, inode));
      if (entries != null || promised == Durability.DURABLE) {
        sync(vdi);
      }
      if (entries != null) {
        pusher.send(entries, Durability.DURABLE);
        sync(vdi);
      }
      done = true;
    } finally {
      if (entries != null) {
        pusher.end(entries, done);
      }
    }
    for (ObjectId id : gone) {
      pusher.push(id, true);
    }
  }

  /// The data objects that differ now.
  private List<ObjectId> dataOf(VdiCache vdi, ObjectId inode) {
    List<ObjectId> differing = new ArrayList<>(vdi.differing());
    differing.remove(inode);
    return differing;
  }

  private void pushAll(List<ObjectId> objects) throws IOException {
    if (objects.size() <= 1) {
      for (ObjectId id : objects) {
        pusher.push(id, false);
      }
      return;
    }
    new Fanout(objects).run();
  }

  /// @return how many there were, at most so many
  private int takeHelpers(int wanted) {
    int before = helpersFree.getAndUpdate(free -> free - Math.min(free, wanted));
    return Math.min(before, wanted);
  }

  /// Pushes many objects with a few tasks, and waits for all. The first failure is thrown when the
  /// rest has been tried.
  private final class Fanout {
    private final List<ObjectId> objects;
    private final Locks.Mutex mutex = locks.mutex();
    private final Locks.Signal ended = mutex.signal();
    private int next;
    private int running;
    private @Nullable Throwable failure;

    Fanout(List<ObjectId> objects) {
      this.objects = objects;
    }

    void run() throws IOException {
      startHelpers(takeHelpers(Math.min(PARALLEL_MAX, objects.size()) - 1));
      work();
      mutex.lock();
      try {
        while (running > 0) {
          ended.await();
        }
        throwFailure();
      } finally {
        mutex.unlock();
      }
    }

    private void startHelpers(int helpers) {
      running = helpers;
      int started = 0;
      try {
        while (started < helpers) {
          tasks.start("cache-push", this::helper);
          started++;
        }
      } catch (RejectedExecutionException e) {
        // There is no thread for it; the flush goes on with those that there are.
        started(started, helpers);
      }
    }

    private void started(int some, int helpers) {
      helpersFree.addAndGet(helpers - some);
      mutex.lock();
      try {
        running -= helpers - some;
      } finally {
        mutex.unlock();
      }
    }

    private void helper() {
      try {
        work();
      } finally {
        helpersFree.incrementAndGet();
        mutex.lock();
        try {
          running--;
          ended.wakeAll();
        } finally {
          mutex.unlock();
        }
      }
    }

    private void work() {
      for (int i = takeNext(); i < objects.size(); i = takeNext()) {
        try {
          pusher.push(objects.get(i), false);
        } catch (IOException | RuntimeException | Error e) {
          failed(e);
        }
      }
    }

    private int takeNext() {
      mutex.lock();
      try {
        return next++;
      } finally {
        mutex.unlock();
      }
    }

    private void failed(Throwable e) {
      mutex.lock();
      try {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      } finally {
        mutex.unlock();
      }
    }

    private void throwFailure() throws IOException {
      switch (failure) {
        case null -> {}
        case IOException e -> throw e;
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IOException("pushing failed", e);
      }
    }
  }
}

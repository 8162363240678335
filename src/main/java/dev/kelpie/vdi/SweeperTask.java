package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.log.Log;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks.Task;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Decides when the [Sweeper] works, on a task of its own. A deletion is swept at once; objects
/// that fall out of maps one by one are collected first, since each pass makes VDIs flush.
final class SweeperTask implements Closeable, Inode.Drops {
  /// How many dropped objects make a pass worth it: 1 GiB.
  private static final int DROPPED_MAX = 256;

  /// How long fewer dropped objects stay.
  private static final Duration DROPPED_AGE_MAX = Duration.ofSeconds(60);

  /// The pause after a failed pass.
  private static final Duration PAUSE = Duration.ofSeconds(60);

  /// After so many pauses without work it is looked at what other nodes' disks still need: each
  /// time makes VDIs of this node flush.
  private static final int PAUSES_ELSEWHERE = 10;

  /// A pass ends after the object at hand; one that does not is stuck in the store.
  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

  private final Platform platform;
  private final Log log;
  private final VdiTable table;
  private final Coordination coordination;
  private final LeaseBook leases;
  private final Sweeper sweeper;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private Work pending = new Work();
  private Optional<Watch> watch = Optional.empty();
  private Optional<Task> task = Optional.empty();
  private long notBefore;
  private int pauses;
  private boolean hurry;
  private boolean working;
  private boolean stopping;

  SweeperTask(
      Platform platform,
      Log log,
      Coordination coordination,
      LeaseBook leases,
      VdiTable table,
      Sweeper sweeper) {
    this.coordination = coordination;
    this.leases = leases;
    this.platform = platform;
    this.log = log;
    this.table = table;
    this.sweeper = sweeper;
    this.mutex = platform.locks().mutex();
    this.changed = mutex.signal();
    this.notBefore = platform.clock().nanos();
  }

  /// Starts, with everything that is deleted and not gone, whoever has left it.
  void start() throws IOException {
    watch = Optional.of(coordination.watch(Keys.CHANGES, this::follow));
    table.records(VdiRecord::isDeleted).forEach(record -> pending.families.add(record.family()));
    task = Optional.of(platform.tasks().start("vdi-sweeper", this::run));
  }

  /// Lets what other nodes delete be known here soon, since maps of this node may let objects of
  /// theirs drop.
  private void follow() {
    try {
      table.look();
    } catch (IOException e) {
      log.debug("what other nodes have deleted is not known yet: " + e);
    }
  }

  /// A VDI of this family was deleted.
  void deleted(int family) {
    mutex.lock();
    try {
      pending.families.add(family);
      notBefore = platform.clock().nanos();
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public void dropped(int owner, int index) {
    Optional<VdiRecord> record = table.record(new VdiId(owner)).filter(VdiRecord::isDeleted);
    if (record.isEmpty()) {
      return;
    }
    mutex.lock();
    try {
      if (pending.isEmpty()) {
        notBefore = platform.clock().nanos() + DROPPED_AGE_MAX.toNanos();
      }
      pending.drop(record.get().family(), owner, index);
      if (pending.dropped >= DROPPED_MAX) {
        notBefore = platform.clock().nanos();
      }
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Does everything that is pending, and what other nodes may have left, without waiting for its
  /// time, and waits for the end.
  ///
  /// @return whether all of it was done in time
  boolean finish(Duration limit) {
    mutex.lock();
    try {
      addLeftByOthers();
      addNeededElsewhere();
      while (working || !pending.isEmpty()) {
        hurry = true;
        changed.wakeAll();
        if (!changed.await(limit)) {
          return false;
        }
      }
      return true;
    } finally {
      mutex.unlock();
    }
  }

  /// Stops after the object at hand.
  @Override
  public void close() throws IOException {
    watch.ifPresent(Watch::close);
    sweeper.stop();
    mutex.lock();
    try {
      stopping = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
    try {
      if (task.isPresent() && !task.get().join(STOP_LIMIT)) {
        log.warn("the deletion of VDIs is stuck in the store; it goes on at the next start");
      }
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted while the deletion of VDIs came to a stop");
    }
  }

  private void run() {
    for (Optional<Work> work = next(); work.isPresent(); work = next()) {
      boolean done = false;
      try {
        sweep(work.get());
        done = true;
      } catch (IOException e) {
        log.warn("space of deleted VDIs could not be freed, trying again later: " + e.getMessage());
      } finally {
        ended(work.get(), done);
      }
    }
  }

  private void sweep(Work work) throws IOException {
    for (Map.Entry<Integer, Map<Integer, BitSet>> family : work.objects.entrySet()) {
      if (!work.families.contains(family.getKey())) {
        sweeper.sweepObjects(family.getKey(), family.getValue());
      }
    }
    for (int family : work.families) {
      sweeper.sweepFamily(family);
    }
  }

  /// Waits for work that is due. Empty when it is time to stop.
  private Optional<Work> next() {
    mutex.lock();
    try {
      while (!stopping && (pending.isEmpty() || !isDue())) {
        if (pending.isEmpty()) {
          if (!changed.await(PAUSE)) {
            addLeftByOthers();
            pauses++;
          }
          if (pauses == PAUSES_ELSEWHERE) {
            addNeededElsewhere();
            pauses = 0;
          }
        } else {
          changed.await(Duration.ofNanos(notBefore - platform.clock().nanos()));
        }
      }
      Work work = pending;
      pending = new Work();
      hurry = false;
      working = !stopping;
      return stopping ? Optional.empty() : Optional.of(work);
    } finally {
      mutex.unlock();
    }
  }

  /// Who deletes a VDI frees its space; should that node die, another does. Called with the lock.
  private void addLeftByOthers() {
    table
        .records(record -> record.isDeleted() && !leases.has(record.vdi()))
        .forEach(record -> pending.families.add(record.family()));
  }

  /// What a disk needed whose lease is elsewhere, as its map was stored when it was looked at, it
  /// may not need any more. Called with the lock.
  private void addNeededElsewhere() {
    Set<Integer> elsewhere = new HashSet<>();
    table
        .records(record -> !record.isDeleted() && !leases.has(record.vdi()))
        .forEach(record -> elsewhere.add(record.family()));
    table
        .records(record -> record.isDeleted() && elsewhere.contains(record.family()))
        .forEach(record -> pending.families.add(record.family()));
  }

  private boolean isDue() {
    return hurry || notBefore - platform.clock().nanos() <= 0;
  }

  private void ended(Work work, boolean done) {
    mutex.lock();
    try {
      working = false;
      if (!done) {
        pending.families.addAll(work.families);
        pending.families.addAll(work.objects.keySet());
        notBefore = platform.clock().nanos() + PAUSE.toNanos();
      }
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// What there is to do. Guarded by the lock until it is taken.
  private static final class Work {
    final Set<Integer> families = new HashSet<>();

    /// By family and owner, the indices of dropped objects.
    final Map<Integer, Map<Integer, BitSet>> objects = new HashMap<>();

    int dropped;

    boolean isEmpty() {
      return families.isEmpty() && objects.isEmpty();
    }

    /// Dropped objects beyond the bound are found when the whole family is swept.
    void drop(int family, int owner, int index) {
      if (dropped >= DROPPED_MAX) {
        families.add(family);
        return;
      }
      Map<Integer, BitSet> owners = objects.computeIfAbsent(family, _ -> new HashMap<>());
      owners.computeIfAbsent(owner, _ -> new BitSet()).set(index);
      dropped++;
    }
  }
}

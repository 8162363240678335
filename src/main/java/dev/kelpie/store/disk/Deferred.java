package dev.kelpie.store.disk;

import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What was answered on one disk and not made durable yet, by VDI.
final class Deferred {
  private final Locks locks;
  private final Locks.Mutex mutex;
  private final Crew crew;
  private final WriteLog log;
  private final GroupSync names;
  private final Map<VdiId, Debt> debts = new HashMap<>();

  Deferred(Locks locks, Crew crew, WriteLog log, GroupSync names) {
    this.locks = locks;
    this.mutex = locks.mutex();
    this.crew = crew;
    this.log = log;
    this.names = names;
  }

  /// What one VDI has open.
  private static final class Debt {
    /// One flush at a time: the second must not return before what the first has taken on is done.
    final Locks.Mutex flushing;

    /// The log has to be synced up to here.
    long logged;

    /// These files have to be synced, unless the lap of this place was given up.
    final Map<ObjectFile, Long> inPlace = new HashMap<>();

    /// The directory has to be synced up to here.
    long names;

    Debt(Locks.Mutex flushing) {
      this.flushing = flushing;
    }
  }

  /// A change that is in the log.
  void logged(VdiId vdi, long place) {
    mutex.lock();
    try {
      Debt debt = debt(vdi);
      debt.logged = Math.max(debt.logged, place);
    } finally {
      mutex.unlock();
    }
  }

  /// A change that was written in place, with the place behind its record.
  void inPlace(VdiId vdi, ObjectFile file, long place) {
    mutex.lock();
    try {
      Debt debt = debt(vdi);
      debt.logged = Math.max(debt.logged, place);
      // Two writers of an object may come here in another order than their records lie in the log.
      debt.inPlace.merge(file, place, Math::max);
    } finally {
      mutex.unlock();
    }
  }

  /// A change of names.
  void named(VdiId vdi, long change) {
    mutex.lock();
    try {
      Debt debt = debt(vdi);
      debt.names = Math.max(debt.names, change);
    } finally {
      mutex.unlock();
    }
  }

  /// The files of every change before this place were synced.
  void settled(long place) {
    mutex.lock();
    try {
      debts.values().forEach(debt -> debt.inPlace.values().removeIf(written -> written <= place));
    } finally {
      mutex.unlock();
    }
  }

  /// Makes durable what this VDI has open. After a failure all of it stays open.
  void flush(VdiId vdi) throws IOException {
    mutex.lock();
    boolean open = debts.containsKey(vdi);
    Debt debt = debt(vdi);
    mutex.unlock();
    if (!open) {
      return;
    }
    debt.flushing.lock();
    try {
      flush(debt);
    } finally {
      debt.flushing.unlock();
    }
  }

  /// The same for every VDI.
  void flushAll() throws IOException {
    mutex.lock();
    List<VdiId> open = List.copyOf(debts.keySet());
    mutex.unlock();
    for (VdiId vdi : open) {
      flush(vdi);
    }
  }

  private void flush(Debt debt) throws IOException {
    mutex.lock();
    long place = debt.logged;
    long change = debt.names;
    Map<ObjectFile, Long> files = Map.copyOf(debt.inPlace);
    mutex.unlock();
    log.sync(place);
    crew.each(files.keySet(), ObjectFile::sync);
    names.reach(change);
    mutex.lock();
    files.forEach(debt.inPlace::remove);
    mutex.unlock();
  }

  private Debt debt(VdiId vdi) {
    return debts.computeIfAbsent(vdi, _ -> new Debt(locks.mutex()));
  }
}

package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The slots of the objects that are in use, and of those that were used last, up to a bound.
final class OpenObjects {
  private final Locks locks;
  private final int openMax;
  private final Opener opener;
  private final Locks.Mutex mutex;
  private final Map<ObjectId, Slot> slots = new HashMap<>();

  /// Those that nobody uses, the one to go first in front.
  private final LinkedHashMap<ObjectId, Slot> idle = new LinkedHashMap<>();

  OpenObjects(Locks locks, int openMax, Opener opener) {
    this.locks = locks;
    this.openMax = openMax;
    this.opener = opener;
    this.mutex = locks.mutex();
  }

  /// Opens the file of an object; empty where the object is not there.
  @FunctionalInterface
  interface Opener {
    Optional<ObjectFile> open(Slot slot) throws IOException;
  }

  /// Something that needs the slot of an object.
  @FunctionalInterface
  interface Use<T> {
    T of(Slot slot) throws IOException;
  }

  /// Uses the slot of an object.
  <T> T with(ObjectId object, Use<T> use) throws IOException {
    Slot slot = acquire(object);
    try {
      return use.of(slot);
    } finally {
      release(slot);
    }
  }

  /// The slot of an object, until it is released.
  private Slot acquire(ObjectId object) {
    mutex.lock();
    try {
      Slot slot = slots.computeIfAbsent(object, id -> new Slot(id, this, locks));
      if (slot.users++ == 0) {
        idle.remove(object);
      }
      return slot;
    } finally {
      mutex.unlock();
    }
  }

  /// Uses a slot that is in use once more, until it is released once more.
  void pin(Slot slot) {
    mutex.lock();
    try {
      slot.users++;
    } finally {
      mutex.unlock();
    }
  }

  void release(Slot slot) {
    List<Slot> leaving = new ArrayList<>(1);
    mutex.lock();
    try {
      if (--slot.users == 0) {
        idle.put(slot.object(), slot);
      }
      while (slots.size() > openMax && !idle.isEmpty()) {
        Slot oldest = idle.pollFirstEntry().getValue();
        slots.remove(oldest.object());
        leaving.add(oldest);
      }
    } finally {
      mutex.unlock();
    }
    leaving.forEach(Slot::close);
  }

  /// Puts away everything. Nobody but checkpoints uses a slot meanwhile.
  void closeAll() {
    List<Slot> all;
    mutex.lock();
    try {
      all = List.copyOf(slots.values());
    } finally {
      mutex.unlock();
    }
    all.forEach(Slot::close);
  }

  Optional<ObjectFile> open(Slot slot) throws IOException {
    return opener.open(slot);
  }
}

package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Locks;
import java.util.LinkedHashMap;
import java.util.Map;

/// The order pairs of removed objects, so that a change that its removal overtook is stale.
final class Tombstones {
  /// How many removals are remembered. Enough for every request that can be under way; at about 100
  /// bytes each.
  static final int REMEMBERED_MAX = 16_384;

  private final Locks.Mutex mutex;
  private final LinkedHashMap<ObjectId, Order> removed = new LinkedHashMap<>();

  Tombstones(Locks locks) {
    this.mutex = locks.mutex();
  }

  /// The pair of the object's removal; [Order#NONE] where none is remembered.
  Order of(ObjectId object) {
    mutex.lock();
    try {
      return removed.getOrDefault(object, Order.NONE);
    } finally {
      mutex.unlock();
    }
  }

  void put(ObjectId object, Order order) {
    mutex.lock();
    try {
      removed.putLast(object, order);
      if (removed.size() > REMEMBERED_MAX) {
        Map.Entry<ObjectId, Order> _ = removed.pollFirstEntry();
      }
    } finally {
      mutex.unlock();
    }
  }

  /// The object is there again.
  void remove(ObjectId object) {
    mutex.lock();
    try {
      removed.remove(object);
    } finally {
      mutex.unlock();
    }
  }

  void clear() {
    mutex.lock();
    try {
      removed.clear();
    } finally {
      mutex.unlock();
    }
  }
}

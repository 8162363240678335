package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Locks;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Which disk each object lies on: nine bytes for each place of open-addressed tables, which are
/// between a quarter and two thirds full, so that a million objects take 14 to 36 MB. In shards, so
/// that growing one holds nobody up for long.
final class Locations {
  private static final int SHARD_BITS = 6;

  private final Shard[] shards = new Shard[1 << SHARD_BITS];

  Locations(Locks locks) {
    for (int i = 0; i < shards.length; i++) {
      shards[i] = new Shard(locks.mutex());
    }
  }

  /// The disk of an object; -1 where there is no such object.
  int find(ObjectId object) {
    return shard(object).find(object.value());
  }

  /// Notes the disk of an object.
  void put(ObjectId object, int disk) {
    shard(object).put(object.value(), (byte) (disk + 1));
  }

  void remove(ObjectId object) {
    shard(object).remove(object.value());
  }

  void clear() {
    for (Shard shard : shards) {
      shard.clear();
    }
  }

  /// Names the objects that were there when their shard was looked at.
  void forEach(Predicate<ObjectId> wanted, Consumer<ObjectId> each) {
    for (Shard shard : shards) {
      for (long key : shard.keys(wanted)) {
        each.accept(new ObjectId(key));
      }
    }
  }

  private Shard shard(ObjectId object) {
    return shards[(int) (hash(object.value()) >>> (Long.SIZE - SHARD_BITS))];
  }

  private static long hash(long key) {
    long z = key * 0x9E3779B97F4A7C15L;
    return z ^ (z >>> 29);
  }

  private static final class Shard {
    private static final int CAPACITY_MIN = 16;

    private final Locks.Mutex mutex;
    private long[] keys = new long[CAPACITY_MIN];

    /// The disk plus one; 0 where the place is free.
    private byte[] disks = new byte[CAPACITY_MIN];

    private int count;

    Shard(Locks.Mutex mutex) {
      this.mutex = mutex;
    }

    int find(long key) {
      mutex.lock();
      try {
        return disks[placeOf(key)] - 1;
      } finally {
        mutex.unlock();
      }
    }

    void put(long key, byte disk) {
      mutex.lock();
      try {
        if (count * 3 >= keys.length * 2) {
          resize(keys.length * 2);
        }
        int place = placeOf(key);
        if (disks[place] == 0) {
          count++;
        }
        keys[place] = key;
        disks[place] = disk;
      } finally {
        mutex.unlock();
      }
    }

    void remove(long key) {
      mutex.lock();
      try {
        int place = placeOf(key);
        if (disks[place] != 0) {
          free(place);
          count--;
          if (keys.length > CAPACITY_MIN && count * 4 < keys.length) {
            resize(keys.length / 2);
          }
        }
      } finally {
        mutex.unlock();
      }
    }

    void clear() {
      mutex.lock();
      try {
        keys = new long[CAPACITY_MIN];
        disks = new byte[CAPACITY_MIN];
        count = 0;
      } finally {
        mutex.unlock();
      }
    }

    long[] keys(Predicate<ObjectId> wanted) {
      mutex.lock();
      try {
        return java.util.stream.IntStream.range(0, keys.length)
            .filter(place -> disks[place] != 0)
            .mapToLong(place -> keys[place])
            .filter(key -> wanted.test(new ObjectId(key)))
            .toArray();
      } finally {
        mutex.unlock();
      }
    }

    /// Where the key is, or where it would go.
    private int placeOf(long key) {
      int place = home(key);
      while (disks[place] != 0 && keys[place] != key) {
        place = (place + 1) & (keys.length - 1);
      }
      return place;
    }

    private int home(long key) {
      return (int) hash(key) & (keys.length - 1);
    }

    /// Frees a place and moves up those behind it that would not be found any more.
    private void free(int place) {
      int hole = place;
      int next = (hole + 1) & (keys.length - 1);
      while (disks[next] != 0) {
        int distance = (next - home(keys[next])) & (keys.length - 1);
        if (distance >= ((next - hole) & (keys.length - 1))) {
          keys[hole] = keys[next];
          disks[hole] = disks[next];
          hole = next;
        }
        next = (next + 1) & (keys.length - 1);
      }
      disks[hole] = 0;
    }

    private void resize(int capacity) {
      long[] oldKeys = keys;
      byte[] oldDisks = disks;
      keys = new long[capacity];
      disks = new byte[capacity];
      for (int i = 0; i < oldKeys.length; i++) {
        if (oldDisks[i] != 0) {
          int place = placeOf(oldKeys[i]);
          keys[place] = oldKeys[i];
          disks[place] = oldDisks[i];
        }
      }
    }
  }
}

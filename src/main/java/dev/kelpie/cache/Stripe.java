package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Locks;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A part of all objects, by hash: the lock that guards them, which chunks they have, and the
/// [CachedObject]s of those that differ from the backend or have something under way. The lock is
/// held over the objects' own cache I/O, never over the backend's.
final class Stripe {
  private static final int TABLE_MIN = 16;

  final Locks.Mutex mutex;

  /// Woken when a turn, a pull or a push ends.
  final Locks.Signal changed;

  private final ChunkTable table;
  private final Map<ObjectId, CachedObject> objects = new HashMap<>();

  /// Open addressing; hash and chunk + 1, 0 for an empty place. The hash spares looks into the
  /// index, of which a restart would have millions.
  private long[] places = new long[TABLE_MIN];

  private int count;

  Stripe(Locks locks, ChunkTable table) {
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
    this.table = table;
  }

  /// The object's state in memory, if it has any.
  @Nullable CachedObject object(ObjectId id) {
    return objects.get(id);
  }

  /// The object's state in memory, made where there is none. Whoever asks makes it worth keeping,
  /// or calls [#forgetIdle].
  CachedObject object(ObjectId id, Function<ObjectId, VdiCache> vdi) {
    CachedObject known = objects.get(id);
    if (known == null) {
      known = new CachedObject(id, vdi.apply(id));
      objects.put(id, known);
    }
    return known;
  }

  /// Drops the state in memory where nothing needs to be remembered.
  void forgetIdle(CachedObject object) {
    if (object.idle()) {
      objects.remove(object.id);
    }
  }

  Collection<CachedObject> objects() {
    return objects.values();
  }

  /// The chunk that holds this part of the object; -1 for none.
  int find(ObjectId id, int number) {
    int mask = places.length - 1;
    int hash = hash(id.value(), number);
    for (int i = hash & mask; places[i] != 0; i = (i + 1) & mask) {
      int chunk = chunk(places[i]);
      if (hash(places[i]) == hash
          && table.owner(chunk) == id.value()
          && table.number(chunk) == number) {
        return chunk;
      }
    }
    return -1;
  }

  /// Adds a chunk that has this owner in the table.
  void put(int chunk, ObjectId id, int number) {
    if ((count + 1) * 2 > places.length) {
      rehash(places.length * 2);
    }
    place(((long) hash(id.value(), number) << 32) | (chunk + 1));
    count++;
  }

  /// Takes a chunk out that still has its owner in the table.
  void remove(int chunk) {
    int mask = places.length - 1;
    int i = hash(table.owner(chunk), table.number(chunk)) & mask;
    while (chunk(places[i]) != chunk) {
      i = (i + 1) & mask;
    }
    count--;
    int hole = i;
    for (int j = (i + 1) & mask; places[j] != 0; j = (j + 1) & mask) {
      int home = hash(places[j]) & mask;
      if (((j - home) & mask) >= ((j - hole) & mask)) {
        places[hole] = places[j];
        hole = j;
      }
    }
    places[hole] = 0;
  }

  private void place(long entry) {
    int mask = places.length - 1;
    int i = hash(entry) & mask;
    while (places[i] != 0) {
      i = (i + 1) & mask;
    }
    places[i] = entry;
  }

  private void rehash(int size) {
    long[] old = places;
    places = new long[size];
    for (long entry : old) {
      if (entry != 0) {
        place(entry);
      }
    }
  }

  private static int hash(long entry) {
    return (int) (entry >>> 32);
  }

  private static int chunk(long entry) {
    return (int) entry - 1;
  }

  /// A hash of object and chunk number. [#of] uses other bits, so that a stripe's entries spread.
  private static int hash(long object, int number) {
    long h = (object ^ ((long) number << 40)) * 0x9E3779B97F4A7C15L;
    return (int) (h >>> 20) ^ (int) (h >>> 44);
  }

  /// Which of `stripes` (a power of two) an object belongs to.
  static int of(ObjectId object, int stripes) {
    long h = object.value() * 0xBF58476D1CE4E5B9L;
    return (int) (h >>> 50) & (stripes - 1);
  }
}

package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.CopyStore;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Which objects a store has, by slot, so that a question about one slot does not go over all of
/// them: 8 to 12 bytes for each object.
///
/// It lacks no object that is there: one is noted before it is made, and struck out after it is
/// gone. It may name one that is not there, where something failed between; who asks for a slot
/// asks the store about each.
final class SlotIndex {
  private static final int ROOM_MIN = 4;
  private static final long[] NOTHING = {};

  private final CopyStore store;
  private final Locks.Mutex filling;
  private final Locks.Mutex mutex;

  /// The ids of each slot's objects, in ascending order, as many as are counted; then room.
  private final long[][] ids = new long[Slots.COUNT][];

  private final int[] counts = new int[Slots.COUNT];
  private boolean filled;

  SlotIndex(CopyStore store, Locks locks) {
    this.store = store;
    this.filling = locks.mutex();
    this.mutex = locks.mutex();
    Arrays.fill(ids, NOTHING);
  }

  /// The objects of a slot.
  ///
  /// @throws IOException where the store could not be surveyed, which is done at the first call
  List<ObjectId> of(int slot) throws IOException {
    fill();
    mutex.lock();
    try {
      List<ObjectId> objects = new ArrayList<>(counts[slot]);
      for (int i = 0; i < counts[slot]; i++) {
        objects.add(new ObjectId(ids[slot][i]));
      }
      return objects;
    } finally {
      mutex.unlock();
    }
  }

  /// Whether a slot has objects.
  boolean has(int slot) throws IOException {
    fill();
    mutex.lock();
    try {
      return counts[slot] > 0;
    } finally {
      mutex.unlock();
    }
  }

  /// What changes meanwhile is noted too: of a survey that is under way, nobody knows whether it
  /// has seen an object that is just made.
  private void fill() throws IOException {
    filling.lock();
    try {
      if (!filled) {
        store.survey(_ -> true, stat -> add(stat.object()));
        filled = true;
      }
    } finally {
      filling.unlock();
    }
  }

  /// An object is about to be made. Its lock is held.
  void add(ObjectId object) {
    int slot = Slots.of(object);
    mutex.lock();
    try {
      int place = Arrays.binarySearch(ids[slot], 0, counts[slot], object.value());
      if (place < 0) {
        insert(slot, -place - 1, object.value());
      }
    } finally {
      mutex.unlock();
    }
  }

  private void insert(int slot, int place, long id) {
    int count = counts[slot];
    long[] before = ids[slot];
    if (count == before.length) {
      ids[slot] = Arrays.copyOf(before, count + Math.max(ROOM_MIN, count / 2));
    }
    System.arraycopy(ids[slot], place, ids[slot], place + 1, count - place);
    ids[slot][place] = id;
    counts[slot]++;
  }

  /// An object is gone. Its lock is held, or its slot is had alone.
  void remove(ObjectId object) {
    int slot = Slots.of(object);
    mutex.lock();
    try {
      int place = Arrays.binarySearch(ids[slot], 0, counts[slot], object.value());
      if (place >= 0) {
        System.arraycopy(ids[slot], place + 1, ids[slot], place, counts[slot] - place - 1);
        counts[slot]--;
        if (counts[slot] == 0) {
          ids[slot] = NOTHING;
        }
      }
    } finally {
      mutex.unlock();
    }
  }
}

package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.CopyStore;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which objects a store has, by slot, so that a question about one slot does not go over all of
/// them: 8 to 12 bytes for each object, and about a hundred for each slot.
///
/// It lacks no object that is there: one is noted before it is made, and struck out after it is
/// gone. It may name one that is not there, where something failed between; who asks for a slot
/// asks the store about each.
final class SlotIndex {
  private final CopyStore store;
  private final Locks.Mutex filling;
  private final Locks.Mutex mutex;
  private final Map<Integer, Ids> slots = new HashMap<>();
  private boolean filled;

  /// The objects of one slot.
  private static final class Ids {
    private static final int ROOM_MIN = 4;

    /// In ascending order, as many as are counted; then room.
    private long[] values = new long[ROOM_MIN];

    private int count;

    private int place(long id) {
      return Arrays.binarySearch(values, 0, count, id);
    }

    void add(long id) {
      int place = -place(id) - 1;
      if (place < 0) {
        return;
      }
      if (count == values.length) {
        values = Arrays.copyOf(values, count + count / 2);
      }
      System.arraycopy(values, place, values, place + 1, count - place);
      values[place] = id;
      count++;
    }

    void remove(long id) {
      int place = place(id);
      if (place >= 0) {
        System.arraycopy(values, place + 1, values, place, count - place - 1);
        count--;
      }
    }
  }

  SlotIndex(CopyStore store, Locks locks) {
    this.store = store;
    this.filling = locks.mutex();
    this.mutex = locks.mutex();
  }

  /// The objects of a slot.
  ///
  /// @throws IOException where the store could not be surveyed, which is done at the first call
  List<ObjectId> of(int slot) throws IOException {
    fill();
    mutex.lock();
    try {
      List<ObjectId> objects = new ArrayList<>();
      Ids ids = slots.get(slot);
      for (int i = 0; ids != null && i < ids.count; i++) {
        objects.add(new ObjectId(ids.values[i]));
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
      return slots.containsKey(slot);
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
      slots.computeIfAbsent(slot, _ -> new Ids()).add(object.value());
    } finally {
      mutex.unlock();
    }
  }

  /// An object is gone. Its lock is held, or its slot is had alone.
  void remove(ObjectId object) {
    int slot = Slots.of(object);
    mutex.lock();
    try {
      Ids ids = slots.get(slot);
      if (ids != null) {
        ids.remove(object.value());
        if (ids.count == 0) {
          slots.remove(slot);
        }
      }
    } finally {
      mutex.unlock();
    }
  }
}

package dev.kelpie.volume;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Durability;
import dev.kelpie.vdi.Inode;
import java.io.IOException;

/// Gives ranges of a disk back: whole objects leave the map, and are removed where they are the
/// VDI's own; parts of objects become zeros.
///
/// The entries of a run are durable before the first of its objects is removed (I5).
final class Clearing {
  private final DataObjects objects;

  Clearing(DataObjects objects) {
    this.objects = objects;
  }

  /// The objects that lie in a range whole, on a disk of a given size: its last object is whole
  /// where the disk ends.
  ///
  /// @param end behind the last one; not behind `first` where there is none
  record Whole(int first, int end) {
    static Whole of(long offset, long length, long size) {
      long end = offset + length;
      long first = Math.ceilDiv(offset, ObjectId.DATA_SIZE);
      long behind = end == size ? Math.ceilDiv(end, ObjectId.DATA_SIZE) : end / ObjectId.DATA_SIZE;
      return new Whole((int) first, (int) behind);
    }

    boolean has(int index) {
      return index >= first && index < end;
    }
  }

  /// Clears the entries of a run of objects in one page, and removes the objects. Inside the gate.
  void free(Tip tip, int first, int count) throws IOException {
    Inode inode = tip.inode();
    inode.lockEntries(first, count);
    try {
      int[] entries = new int[count];
      int from = count;
      int to = 0;
      for (int i = 0; i < count; i++) {
        entries[i] = inode.entryToChange(first + i);
        if (entries[i] != 0) {
          from = Math.min(from, i);
          to = i + 1;
        }
      }
      if (from < to) {
        inode.putEntries(
            first + from, new int[to - from], tip.durable().mode(), Durability.DURABLE);
        removeOwn(tip, first, entries);
      }
    } finally {
      inode.unlockEntries(first, count);
    }
  }

  /// Turns a part of an object into zeros. Inside the gate.
  void zeroPart(Tip tip, int index, int within, int size, Durability durability)
      throws IOException {
    objects.zero(tip, index, within, size, false, durability);
  }

  private void removeOwn(Tip tip, int first, int[] entries) throws IOException {
    for (int i = 0; i < entries.length; i++) {
      if (entries[i] == tip.own()) {
        objects.remove(tip, first + i);
      }
    }
  }
}

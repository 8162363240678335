package dev.kelpie.volume;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Disk;
import dev.kelpie.vdi.Inode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Reads and writes pieces of a disk that lie in one object: which object that is, making it where
/// there is none or where it belongs to a snapshot, and what is durable when.
///
/// Nobody holds the lock of an entry to read or overwrite an object that is there, so it may be
/// removed at the same time; then the entry has changed before, and is looked at again.
final class DataObjects {
  /// How often an entry may name an object that is not there: once or twice while it is discarded
  /// and written anew.
  private static final int TRIES = 8;

  private static final ByteBuffer ZEROS = ByteBuffer.allocate(256 << 10).asReadOnlyBuffer();

  private final ObjectStore objects;

  DataObjects(ObjectStore objects) {
    this.objects = objects;
  }

  /// Reads a piece and advances the buffer.
  ///
  /// @return false where it would have to wait and must not
  boolean read(Tip tip, int index, int within, ByteBuffer into, Patience patience)
      throws IOException {
    if (!into.hasRemaining()) {
      return true;
    }
    boolean now = patience == Patience.NOW;
    Access access = now ? tip.readNow() : tip.read();
    for (int i = 0; i < TRIES; i++) {
      Inode inode = tip.inode();
      int entry = now ? inode.entryAtHand(index) : inode.entry(index);
      if (entry == 0) {
        fillWithZeros(into);
        return true;
      } else if (entry == Inode.UNKNOWN) {
        return false;
      }
      Outcome outcome = objects.read(inode.object(index, entry), within, into, access);
      switch (outcome) {
        case DONE -> {
          return true;
        }
        case WOULD_WAIT -> {
          return false;
        }
        case NO_OBJECT -> {
          if (now) {
            return false;
          }
        }
        case NO_SPACE, STALE -> throw failed("read", index, tip, outcome);
      }
    }
    throw missing(tip, index);
  }

  /// Writes a piece to an object that is the VDI's own, if everything is at hand. Inside the gate.
  ///
  /// @return false where it would have to wait
  boolean writeNow(Tip tip, int index, int within, ByteBuffer from) throws IOException {
    Inode inode = tip.inode();
    int own = tip.own();
    if (inode.entryAtHand(index) != own) {
      return false;
    }
    Extent extent = new Extent(within, from);
    Outcome outcome = objects.write(inode.object(index, own), List.of(extent), tip.writeNow());
    return switch (outcome) {
      case DONE -> inode.entryAtHand(index) == own;
      case WOULD_WAIT, NO_OBJECT -> false;
      case NO_SPACE, STALE -> throw failed("write", index, tip, outcome);
    };
  }

  /// Writes a piece, making the object where needed. Inside the gate.
  ///
  /// @param extents of the object, in order
  void write(Tip tip, int index, List<Extent> extents, Durability durability) throws IOException {
    Inode inode = tip.inode();
    Change change = tip.change(durability);
    boolean written =
        inode.entry(index) == tip.own()
            && inode.entryAtHand(index) != Inode.UNKNOWN
            && done(overwrite(tip, index, extents, change), "write", index, tip)
            // A trim may have freed the object while the write waited: then it is made again.
            && inode.entry(index) == tip.own();
    if (!written) {
      inode.lockEntries(index, 1);
      try {
        writeLocked(tip, index, extents, change);
      } finally {
        inode.unlockEntries(index, 1);
      }
    }
    if (change.durability() == Durability.DURABLE) {
      inode.makeEntryDurable(index, change.mode());
    }
  }

  /// Writes zeros to a piece.
  ///
  /// @param allocate whether also where there is a hole
  void zero(Tip tip, int index, int within, int size, boolean allocate, Durability durability)
      throws IOException {
    if (allocate || tip.inode().entry(index) != 0) {
      write(tip, index, zeros(within, size), durability);
    }
  }

  /// Removes an object of the VDI whose entry is locked and does not name it any more.
  void remove(Tip tip, int index) throws IOException {
    Outcome outcome = objects.remove(ObjectId.data(tip.inode().vdi(), index), tip.removal());
    if (outcome != Outcome.DONE && outcome != Outcome.NO_OBJECT) {
      throw failed("discard", index, tip, outcome);
    }
  }

  /// Brings a piece near.
  void prefetch(Tip tip, int index, int within, int size) throws IOException {
    int entry = tip.inode().entry(index);
    if (entry != 0) {
      objects.prefetch(tip.inode().object(index, entry), within, size, tip.read());
    }
  }

  private void writeLocked(Tip tip, int index, List<Extent> extents, Change change)
      throws IOException {
    Inode inode = tip.inode();
    int entry = inode.entryToChange(index);
    if (entry == tip.own()) {
      if (!done(overwrite(tip, index, extents, change), "write", index, tip)) {
        throw missing(tip, index);
      }
      return;
    }
    Base base =
        entry == 0 || coversObject(extents)
            ? Base.ZEROS
            : new Base.CopyOf(inode.object(index, entry));
    ObjectId made = ObjectId.data(inode.vdi(), index);
    if (!done(objects.create(made, base, extents, change), "write", index, tip)) {
      throw missing(tip, index);
    }
    inode.putEntries(index, new int[] {tip.own()}, change.mode(), change.durability());
  }

  private Outcome overwrite(Tip tip, int index, List<Extent> extents, Change change)
      throws IOException {
    return objects.write(tip.inode().object(index, tip.own()), extents, change);
  }

  /// Whether it is done; false where there is no object.
  private static boolean done(Outcome outcome, String what, int index, Tip tip) throws IOException {
    return switch (outcome) {
      case DONE -> true;
      case NO_OBJECT -> false;
      case NO_SPACE ->
          throw new Disk.NoSpace(
              "no space for object "
                  + index
                  + " of VDI "
                  + tip.inode().vdi()
                  + "; add disks or"
                  + " delete VDIs");
      case STALE, WOULD_WAIT -> throw failed(what, index, tip, outcome);
    };
  }

  private static IOException failed(String what, int index, Tip tip, Outcome outcome) {
    return new IOException(
        what + " of object " + index + " of VDI " + tip.inode().vdi() + " was refused: " + outcome);
  }

  private static IOException missing(Tip tip, int index) {
    return new IOException(
        "the map of VDI "
            + tip.inode().vdi()
            + " names an object for index "
            + index
            + " that is not in the store");
  }

  private static boolean coversObject(List<Extent> extents) {
    return extents.stream().mapToInt(Extent::length).sum() == ObjectId.DATA_SIZE;
  }

  private static List<Extent> zeros(int within, int size) {
    List<Extent> extents = new ArrayList<>();
    for (int at = 0; at < size; at += ZEROS.capacity()) {
      int length = Math.min(ZEROS.capacity(), size - at);
      extents.add(new Extent(within + at, ZEROS.slice(0, length)));
    }
    return extents;
  }

  private static void fillWithZeros(ByteBuffer into) {
    while (into.hasRemaining()) {
      into.put(ZEROS.slice(0, Math.min(ZEROS.capacity(), into.remaining())));
    }
  }
}

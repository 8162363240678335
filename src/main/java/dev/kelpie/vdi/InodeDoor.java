package dev.kelpie.vdi;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.vdi.ClientObjects.InvalidChange;
import dev.kelpie.vdi.ClientObjects.ReadOnlyVdi;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Reads and writes of inode bytes by clients. A write may be any range: it is cut into fields,
/// entries and the rest, and each part goes by its own rules. [FieldRules] has those of the fields;
/// those of an entry are, where the client's value differs from what is there:
///
/// * 0, or the VDI's own id: it is taken. An object that the map does not name any more is removed
///   after that is durable.
/// * An ancestor's id over a hole, or over the id of an older ancestor: it is taken. The client
///   made the object before a snapshot of which it learned late.
/// * An ancestor's id over the VDI's own, or over a newer ancestor's: old knowledge of a client
///   that writes more entries than have changed, and left as it is.
/// * Any other id is refused.
/// * In a snapshot nothing changes: zeros are ignored, since they come from tools that go on to
///   delete it; else the VDI is read-only.
final class InodeDoor {
  private final VdiTable table;
  private final Inodes inodes;
  private final ObjectStore objects;
  private final LeaseBook leases;

  InodeDoor(VdiTable table, Inodes inodes, ObjectStore objects, LeaseBook leases) {
    this.table = table;
    this.inodes = inodes;
    this.objects = objects;
    this.leases = leases;
  }

  /// The inode of a deleted VDI, for clients that go through the ids in use: all zeros but its id,
  /// and so without a name.
  Outcome readDeleted(ObjectId object, int offset, ByteBuffer into) {
    if (object.vdiBits() == 0 || !table.isUsed(object.vdi())) {
      return Outcome.NO_OBJECT;
    }
    ByteBuffer fields = ByteBuffer.allocate(InodeLayout.FIELDS_END).order(ByteOrder.LITTLE_ENDIAN);
    fields.putInt(InodeLayout.VDI_ID, object.vdiBits());
    for (int at = offset; into.hasRemaining(); at++) {
      into.put(at < InodeLayout.FIELDS_END ? fields.get(at) : 0);
    }
    return Outcome.DONE;
  }

  /// Reads an inode whose lease is elsewhere: as the store has it, with what the record knows
  /// better.
  Outcome readStored(VdiRecord record, int offset, ByteBuffer into) throws IOException {
    ObjectId object = ObjectId.inode(record.vdi());
    Access access = ClientDoor.withoutLease(record.vdi());
    int head = Math.clamp(InodeLayout.ENTRIES - offset, 0, into.remaining());
    if (head > 0) {
      ByteBuffer header = ByteBuffer.allocate(InodeLayout.ENTRIES);
      Outcome outcome = objects.read(object, 0, header, access);
      if (outcome != Outcome.DONE) {
        return outcome;
      }
      into.put(FieldRules.follow(header.array(), record), offset, head);
    }
    return into.hasRemaining() ? objects.read(object, offset + head, into, access) : Outcome.DONE;
  }

  /// Writes a range of an inode. Called inside its gate.
  void write(Inode inode, int offset, ByteBuffer from, CacheMode mode, Durability durability)
      throws IOException {
    if (!inode.frozen()) {
      inode.checkWritable();
    }
    Range all = new Range(offset, offset + from.remaining());
    Range entries = all.cut(InodeLayout.ENTRIES, InodeLayout.ENTRIES_END);
    if (!entries.isEmpty()) {
      writeEntries(inode, entries, all.part(from, entries), mode, durability);
    }
    Range fields = all.cut(0, InodeLayout.FIELDS_END);
    if (!fields.isEmpty()) {
      ByteBuffer part = all.part(from, fields);
      boolean frozen = inode.frozen();
      inode.putFields(old -> FieldRules.merge(old, fields.start, part, frozen), mode, durability);
    }
    writeOther(
        inode, all.cut(InodeLayout.FIELDS_END, InodeLayout.ENTRIES), all, from, mode, durability);
    writeOther(
        inode, all.cut(InodeLayout.ENTRIES_END, inode.id().size()), all, from, mode, durability);
  }

  /// Keeps a client from taking objects away from a disk that somebody has attached.
  void refuseIfAttached(Inode inode) throws IOException {
    if (inodes.isAttached(inode)) {
      throw new IOException(
          "VDI "
              + inode.vdi()
              + " is attached as a block device; detach it before its objects are"
              + " discarded by id");
    }
  }

  /// Removes a data object of the VDI, whose entry is durably another and locked.
  Outcome removeData(Inode inode, int index) throws IOException {
    Change change =
        Change.of(inode.vdi(), inode.generation(), CacheMode.DIRECT, Durability.DEFERRED);
    return objects.remove(ObjectId.data(inode.vdi(), index), change);
  }

  private static void writeOther(
      Inode inode, Range part, Range all, ByteBuffer from, CacheMode mode, Durability durability)
      throws IOException {
    if (!part.isEmpty()) {
      inode.putOther(part.start, all.part(from, part), mode, durability);
    }
  }

  private void writeEntries(
      Inode inode, Range range, ByteBuffer from, CacheMode mode, Durability durability)
      throws IOException {
    int first = (range.start - InodeLayout.ENTRIES) / InodeLayout.ENTRY_SIZE;
    int end =
        (range.end - InodeLayout.ENTRIES + InodeLayout.ENTRY_SIZE - 1) / InodeLayout.ENTRY_SIZE;
    while (first < end) {
      int count = Math.min(end - first, Inode.RUN_MAX - first % Inode.RUN_MAX);
      inode.lockEntries(first, count);
      try {
        writeRun(inode, first, count, new Written(range, from), mode, durability);
      } finally {
        inode.unlockEntries(first, count);
      }
      first += count;
    }
  }

  /// Writes entries of one page. Called with their locks.
  private void writeRun(
      Inode inode, int first, int count, Written written, CacheMode mode, Durability durability)
      throws IOException {
    List<Lease> ancestors = new ArrayList<>();
    try {
      int[] values = new int[count];
      boolean changed = false;
      boolean drops = false;
      for (int i = 0; i < count; i++) {
        int before = inode.entryToChange(first + i);
        values[i] = allowed(inode, before, written.entry(first + i, before), ancestors);
        changed |= values[i] != before;
        drops |= before != 0 && values[i] == 0;
      }
      if (inode.frozen()) {
        return;
      }
      if (drops) {
        dropEntries(inode, first, values, mode);
      } else if (!ancestors.isEmpty()) {
        inode.putEntries(first, values, CacheMode.WRITETHROUGH, Durability.DURABLE);
      } else if (changed || durability == Durability.DURABLE) {
        inode.putEntries(first, values, mode, durability);
      }
    } finally {
      ancestors.forEach(Lease::unpin);
    }
  }

  private void dropEntries(Inode inode, int first, int[] values, CacheMode mode)
      throws IOException {
    refuseIfAttached(inode);
    int own = inode.vdi().value();
    boolean[] dropped = new boolean[values.length];
    for (int i = 0; i < values.length; i++) {
      dropped[i] = values[i] == 0 && inode.entry(first + i) == own;
    }
    inode.putEntries(first, values, mode, Durability.DURABLE);
    for (int i = 0; i < values.length; i++) {
      if (dropped[i]) {
        removeData(inode, first + i);
      }
    }
  }

  /// What an entry becomes when a client writes a value over it.
  ///
  /// @param ancestors gets the pinned lease of the VDI that it names, where it is another: until
  ///   the entry is durable nobody deletes that one
  private int allowed(Inode inode, int before, int value, List<Lease> ancestors)
      throws IOException {
    if (value == before) {
      return before;
    } else if (inode.frozen()) {
      if (value == 0) {
        return before;
      }
      throw new ReadOnlyVdi(inode.vdi());
    } else if (value == 0 || value == inode.vdi().value()) {
      return value;
    }
    return before == inode.vdi().value() || isNewer(inode, before, value, ancestors)
        ? before
        : value;
  }

  /// Whether an entry is newer than what a client writes over it.
  ///
  /// @throws InvalidChange where what it writes can never have been in this map
  private boolean isNewer(Inode inode, int before, int value, List<Lease> pinned)
      throws IOException {
    List<Integer> ancestors = table.ancestors(inode.vdi());
    int found = ancestors.indexOf(value);
    int old = ancestors.indexOf(before);
    if (found >= 0 && old >= 0 && old < found) {
      return true;
    }
    if (found >= 0 && pinned.stream().noneMatch(lease -> lease.vdi.value() == value)) {
      pinned.add(leases.pin(new VdiId(value)));
    }
    if (found < 0 || table.live(new VdiId(value)).isEmpty()) {
      throw new InvalidChange(
          String.format(
              "the map of VDI %s cannot name VDI %x, which is no living ancestor of it",
              inode.vdi(), value));
    }
    return false;
  }

  /// Bytes written over a part of the object map.
  private record Written(Range range, ByteBuffer from) {
    /// The entry as it would be; a client may have written only some of its bytes.
    int entry(int index, int before) {
      ByteBuffer entry = ByteBuffer.allocate(InodeLayout.ENTRY_SIZE).order(ByteOrder.LITTLE_ENDIAN);
      entry.putInt(0, before);
      for (int i = 0; i < InodeLayout.ENTRY_SIZE; i++) {
        int at = InodeLayout.entry(index) + i;
        if (at >= range.start && at < range.end) {
          entry.put(i, from.get(at - range.start));
        }
      }
      return entry.getInt(0);
    }
  }

  /// A range of an inode's bytes; empty where the end is not behind the start.
  private record Range(int start, int end) {
    boolean isEmpty() {
      return end <= start;
    }

    Range cut(int from, int to) {
      return new Range(Math.max(start, from), Math.min(end, to));
    }

    /// The bytes of a part, of those of the whole range.
    ByteBuffer part(ByteBuffer whole, Range part) {
      return whole.slice(whole.position() + part.start - start, part.end - part.start);
    }
  }
}

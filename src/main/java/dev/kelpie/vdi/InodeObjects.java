package dev.kelpie.vdi;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Inode objects as a whole: made for a new VDI, read when a VDI is first used.
final class InodeObjects {
  /// How much of a map is read at once.
  private static final int COPY_SIZE = 64 * MapPage.SIZE;

  private final ObjectStore objects;
  private final LeaseBook leases;

  InodeObjects(ObjectStore objects, LeaseBook leases) {
    this.objects = objects;
    this.leases = leases;
  }

  /// Makes the inode of a new VDI, durably. Nobody knows of the VDI yet.
  ///
  /// @param fields as [InodeHeader#encode] makes them
  /// @param base whose object map, as far as `size` goes, the new one starts with; it does not
  ///   change meanwhile
  Outcome create(VdiId vdi, byte[] fields, long size, Optional<VdiId> base) throws IOException {
    List<Extent> extents = new ArrayList<>();
    extents.add(new Extent(0, ByteBuffer.wrap(fields)));
    if (base.isPresent()) {
      addMap(extents, base.get(), size);
    }
    Change change =
        Change.of(vdi, leases.generation(vdi), CacheMode.WRITETHROUGH, Durability.DURABLE);
    Outcome outcome = objects.create(ObjectId.inode(vdi), Base.ZEROS, extents, change);
    return switch (outcome) {
      case DONE, NO_SPACE -> outcome;
      case NO_OBJECT, STALE, WOULD_WAIT ->
          throw new IOException("the inode of VDI " + vdi + " cannot be made: " + outcome);
    };
  }

  /// The fields of an inode.
  byte[] fields(VdiId vdi) throws IOException {
    byte[] fields = new byte[InodeLayout.FIELDS_END];
    read(vdi, 0, ByteBuffer.wrap(fields));
    return fields;
  }

  /// Removes everything that there is of a VDI but attributes, which belong to a name.
  void removeAll(VdiId vdi) throws IOException {
    List<ObjectId> found = new ArrayList<>();
    objects.list(vdi, found::add);
    for (ObjectId object : found) {
      if (object.kind() != ObjectId.Kind.ATTRIBUTE) {
        remove(object, vdi);
      }
    }
    objects.flush(vdi);
  }

  /// Removes one object of a VDI; durable after a flush.
  void remove(ObjectId object, VdiId vdi) throws IOException {
    Change change = Change.of(vdi, leases.generation(vdi), CacheMode.DIRECT, Durability.DEFERRED);
    Outcome outcome = objects.remove(object, change);
    if (outcome != Outcome.DONE && outcome != Outcome.NO_OBJECT) {
      throw new IOException("object " + object + " cannot be removed: " + outcome);
    }
  }

  private void addMap(List<Extent> extents, VdiId base, long size) throws IOException {
    int end = InodeLayout.entry((int) ((size + ObjectId.DATA_SIZE - 1) / ObjectId.DATA_SIZE));
    for (int offset = InodeLayout.ENTRIES; offset < end; offset += COPY_SIZE) {
      ByteBuffer part = ByteBuffer.allocate(Math.min(COPY_SIZE, end - offset));
      read(base, offset, part);
      addUsed(extents, offset, part.flip());
    }
  }

  /// Adds the blocks that are not all zeros, adjacent ones as one extent.
  private static void addUsed(List<Extent> extents, int offset, ByteBuffer part) {
    int start = 0;
    for (int at = 0; at < part.limit(); at += MapPage.SIZE) {
      int length = Math.min(MapPage.SIZE, part.limit() - at);
      if (isZero(part, at, length)) {
        addRun(extents, offset, part, start, at);
        start = at + length;
      }
    }
    addRun(extents, offset, part, start, part.limit());
  }

  private static void addRun(List<Extent> extents, int offset, ByteBuffer part, int from, int to) {
    if (from < to) {
      extents.add(new Extent(offset + from, part.slice(from, to - from)));
    }
  }

  private static boolean isZero(ByteBuffer bytes, int at, int length) {
    return bytes.slice(at, length).mismatch(ByteBuffer.allocate(length)) < 0;
  }

  /// The entries of a page of an inode's map as they are stored.
  int[] page(VdiId vdi, int number) throws IOException {
    byte[] bytes = new byte[MapPage.SIZE];
    read(vdi, InodeLayout.entry(number * MapPage.ENTRIES), ByteBuffer.wrap(bytes));
    MapPage page = new MapPage(bytes);
    int[] entries = new int[MapPage.ENTRIES];
    Arrays.setAll(entries, page::entry);
    return entries;
  }

  /// Makes durable what nodes have written to a VDI.
  void flush(VdiId vdi) throws IOException {
    objects.flush(vdi);
  }

  /// Without the lease nothing of the VDI is in this node's cache, nor comes there.
  private void read(VdiId vdi, int offset, ByteBuffer into) throws IOException {
    Access access =
        leases.has(vdi)
            ? new Access(vdi, leases.generation(vdi), CacheMode.WRITEBACK, Patience.WAIT)
            : ClientDoor.withoutLease(vdi);
    Outcome outcome = objects.read(ObjectId.inode(vdi), offset, into, access);
    if (outcome != Outcome.DONE) {
      throw new IOException("the inode of VDI " + vdi + " cannot be read: " + outcome);
    }
  }
}

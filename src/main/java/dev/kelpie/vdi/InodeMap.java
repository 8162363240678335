package dev.kelpie.vdi;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.DiskMap;
import java.io.IOException;
import java.util.Optional;

/// The object maps of all inodes, as the object cache asks for them.
final class InodeMap implements DiskMap {
  private final VdiTable table;
  private final Inodes inodes;

  InodeMap(VdiTable table, Inodes inodes) {
    this.table = table;
    this.inodes = inodes;
  }

  @Override
  public Optional<ObjectId> object(VdiId vdi, int index) throws IOException {
    if (!has(vdi) || index < 0 || index >= InodeLayout.ENTRY_COUNT) {
      return Optional.empty();
    }
    Inode inode = inodes.acquire(vdi);
    try {
      int entry = inode.entry(index);
      return entry == 0 ? Optional.empty() : Optional.of(inode.object(index, entry));
    } finally {
      inodes.release(inode);
    }
  }

  @Override
  public Optional<VdiId> parent(VdiId vdi) {
    return table
        .record(vdi)
        .filter(record -> record.parent() != 0)
        .map(record -> new VdiId(record.parent()));
  }

  @Override
  public boolean has(VdiId vdi) {
    return table.live(vdi).isPresent();
  }
}

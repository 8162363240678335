package dev.kelpie.volume;

import dev.kelpie.model.ObjectId;
import dev.kelpie.vdi.Attachment;
import dev.kelpie.vdi.Inode;
import java.io.IOException;

/// A disk compared with a snapshot by their maps, object by object.
///
/// Where both maps name the same object it is the same: no VDI that is written shares an object
/// with a snapshot, as its own come into no other map before it is frozen itself. Where they name
/// different ones, or only one of them a hole, the bytes may differ.
final class Comparison implements BlockDevice.Changes {
  private final Attachment disk;
  private final Attachment snapshot;

  /// @param disk stays the caller's to close
  Comparison(Attachment disk, Attachment snapshot) {
    this.disk = disk;
    this.snapshot = snapshot;
  }

  @Override
  public void runs(long offset, long length, BlockDevice.RunSink sink) throws IOException {
    Inode now = disk.inode();
    Inode before = snapshot.inode();
    Runs.each(offset, length, index -> changed(now, before, index) ? 1 : 0, sink);
  }

  /// Where the disk has grown, an object that reaches behind the old end may have bytes there that
  /// the snapshot does not have.
  private static boolean changed(Inode now, Inode before, int index) throws IOException {
    int entry = now.entry(index);
    boolean grew = now.size() > before.size() && end(index) > before.size();
    return entry != before.entry(index) || (grew && entry != 0);
  }

  private static long end(int index) {
    return (index + 1) * (long) ObjectId.DATA_SIZE;
  }

  @Override
  public void close() {
    snapshot.close();
  }
}

package dev.kelpie.vdi;

import java.io.Closeable;

/// A block device's hold on a VDI. While it is there the VDI cannot be deleted; a snapshot moves it
/// to the VDI that goes on.
public final class Attachment implements Closeable {
  private final Inodes inodes;
  private final boolean snapshot;
  private volatile Inode inode;

  Attachment(Inodes inodes, Inode inode) {
    this.inodes = inodes;
    this.inode = inode;
    this.snapshot = inode.frozen();
  }

  /// Whether it was a snapshot that the device was attached to.
  public boolean snapshot() {
    return snapshot;
  }

  /// The inode in use now. A writer enters its gate and asks again: it may have moved meanwhile.
  public Inode inode() {
    return inode;
  }

  /// Ends the hold. Can be called more than once.
  @Override
  public void close() {
    inodes.detach(this);
  }

  void moveTo(Inode next) {
    inode = next;
  }
}

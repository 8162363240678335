package dev.kelpie.volume;

import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.vdi.Inode;

/// The inode that a handle works on now, and everything that its requests carry, made once.
///
/// @param write what an ordinary write carries
/// @param durable what a write carries that must be durable when it is answered
record Tip(
    Inode inode, Access read, Access readNow, Change write, Change writeNow, Change durable) {

  static Tip of(Inode inode, CacheMode mode) {
    Durability ordinary =
        switch (mode) {
          case WRITEBACK, DIRECT -> Durability.DEFERRED;
          case WRITETHROUGH -> Durability.DURABLE;
        };
    CacheMode through =
        switch (mode) {
          case WRITEBACK, WRITETHROUGH -> CacheMode.WRITETHROUGH;
          case DIRECT -> CacheMode.DIRECT;
        };
    return new Tip(
        inode,
        new Access(inode.vdi(), inode.generation(), mode, Patience.WAIT),
        new Access(inode.vdi(), inode.generation(), mode, Patience.NOW),
        change(inode, mode, ordinary, Patience.WAIT),
        change(inode, mode, ordinary, Patience.NOW),
        change(inode, through, Durability.DURABLE, Patience.WAIT));
  }

  /// What a write carries that promises this.
  Change change(Durability durability) {
    return switch (durability) {
      case DEFERRED -> write;
      case DURABLE -> durable;
    };
  }

  /// What the removal of an object carries whose entry is gone already: nothing needs it to be
  /// durable.
  Change removal() {
    return change(inode, write.mode(), Durability.DEFERRED, Patience.WAIT);
  }

  /// The id that an entry has when the object is the VDI's own.
  int own() {
    return inode.vdi().value();
  }

  private static Change change(
      Inode inode, CacheMode mode, Durability durability, Patience patience) {
    return new Change(inode.vdi(), inode.generation(), Change.NEXT, mode, durability, patience);
  }
}

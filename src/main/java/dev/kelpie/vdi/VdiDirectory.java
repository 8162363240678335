package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import java.io.IOException;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// Which VDIs there are (spec/protocol-and-cache.md §1.14). Each change is all or nothing, also
/// across a crash, and is durable when answered. An [IOException] says that it may have happened or
/// not.
public interface VdiDirectory {
  /// Looks a VDI up.
  ///
  /// @param tag of a snapshot; empty for none
  /// @param snapId of a snapshot; 0 for none. Neither: the working VDI
  VdiAnswer lookup(VdiName name, String tag, int snapId) throws IOException;

  /// Creates an empty VDI.
  VdiAnswer create(VdiName name, Shape shape) throws IOException;

  /// Creates a VDI with the content of a snapshot.
  VdiAnswer clone(VdiName name, VdiId snapshot, Shape shape) throws IOException;

  /// Freezes the working VDI of this name and goes on with a new one. Where `base` is the working
  /// VDI, the new one has its content; where it is another, that one's. Every write acknowledged
  /// before the call is in the snapshot and durable (I10).
  VdiAnswer snapshot(VdiName name, VdiId base, Shape shape) throws IOException;

  /// Deletes the working VDI of this name and puts a clone of the snapshot in its place, in one
  /// step.
  VdiAnswer rollback(VdiName name, VdiId snapshot, Shape shape) throws IOException;

  /// Deletes a VDI or a snapshot. Its name is free when this returns; its space is given back by a
  /// job that outlives restarts. Refused with `VDI_LOCKED` while a block device is open on it.
  VdiAnswer delete(VdiName name, String tag, int snapId) throws IOException;

  /// Looks a VDI up as [#lookup] does, and locks it for a client of this node. Refused with
  /// `VDI_LOCKED` where it is locked already, on whichever node, also by the same client: a
  /// snapshot or a rollback takes the lock along to the VDI that goes on. Several nodes may share a
  /// lock.
  ///
  /// @param lock `NORMAL` or `SHARED`
  VdiAnswer lock(VdiName name, String tag, int snapId, Lock lock) throws IOException;

  /// Gives a lock back, whoever has it; of a shared one only this node's part. Nothing happens
  /// where there is none.
  void unlock(VdiId vdi) throws IOException;

  /// Changes how many copies a VDI or snapshot is to have.
  ///
  /// @param copies from 1 to 31
  VdiAnswer alterCopies(VdiId vdi, int copies) throws IOException;

  /// The ids in use; an id stays in use after its VDI was deleted.
  BitSet inUse() throws IOException;

  /// All VDIs and snapshots that are not deleted, in the order of their ids.
  List<State> states() throws IOException;

  /// One of them.
  Optional<State> state(VdiId vdi) throws IOException;

  /// Their attributes.
  VdiAttributes attributes();

  /// How they use the object cache.
  VdiCacheSettings cacheSettings();

  /// What a client says about a new VDI.
  ///
  /// @param size in bytes
  /// @param copies 0 for the cluster's default
  /// @param copyPolicy 0 for replication
  /// @param storePolicy 0 for an array of object owners, 1 for a hyper volume, which is refused
  record Shape(long size, int copies, int copyPolicy, int storePolicy) {}

  /// A VDI as the records have it.
  ///
  /// @param snapshot whether it is frozen
  /// @param lock that clients hold
  /// @param lockers the nodes that they are clients of, the first one first
  record State(
      VdiId vdi,
      VdiName name,
      boolean snapshot,
      int snapId,
      int copies,
      int copyPolicy,
      Lock lock,
      List<Locker> lockers) {}

  /// A node whose clients have locked a VDI.
  ///
  /// @param node its name among the nodes
  /// @param here whether it is this node
  record Locker(String node, boolean here) {}

  /// How a VDI is locked.
  enum Lock {
    /// Nobody has locked it.
    NONE,
    /// One client has, for itself.
    NORMAL,
    /// One node has, and others may join.
    SHARED
  }
}

package dev.kelpie.wire;

import dev.kelpie.model.ObjectId;

/// The 32 bytes of a request header whose meaning depends on the opcode (spec §1.2).
public sealed interface RequestFields {
  /// Nothing is read from them; written as zeros.
  RequestFields NONE = new None();

  /// No fields.
  record None() implements RequestFields {}

  /// What is wanted of an object.
  ///
  /// @param cow the object that flag COW copies from, else 0
  /// @param copies 0 where the client does not know
  /// @param ecIndex of a strip, between sheep
  /// @param offset in bytes, all 64 bits of it
  record Obj(
      ObjectId object,
      ObjectId cow,
      int copies,
      int copyPolicy,
      int ecIndex,
      int targetEpoch,
      long offset)
      implements RequestFields {
    private static final ObjectId NO_OBJECT = new ObjectId(0);

    /// A range of an object from `offset` on.
    public static Obj at(ObjectId object, long offset) {
      return new Obj(object, NO_OBJECT, 0, 0, 0, 0, offset);
    }

    /// The same, to be filled from another object first.
    public Obj copying(ObjectId from) {
      return new Obj(object, from, copies, copyPolicy, ecIndex, targetEpoch, offset);
    }
  }

  /// What is wanted of a VDI; its name is the payload.
  ///
  /// @param size in bytes
  /// @param baseVdi the parent of a new one, or the one to release; 0 for none
  /// @param copies 0 for the cluster's default
  /// @param storePolicy 0 array, 1 btree
  /// @param snapId in NEW_VDI one of [#CREATE], [#SNAPSHOT], [#ROLLBACK]; else a snapshot id, 0 for
  ///   the working VDI
  /// @param lockType 0 normal, 1 shared
  record Vdi(
      long size,
      int baseVdi,
      int copies,
      int copyPolicy,
      int storePolicy,
      int blockSizeShift,
      int snapId,
      int lockType)
      implements RequestFields {
    /// NEW_VDI: create or clone.
    public static final int CREATE = 0;

    /// NEW_VDI: freeze the working VDI and go on with a new one. The original takes any other
    /// number than 0 for this.
    public static final int SNAPSHOT = 1;

    /// NEW_VDI, Kelpie's own: replace the working VDI by a clone of the base.
    public static final int ROLLBACK = 2;

    /// A lookup by name and snapshot id.
    public static Vdi lookup(int snapId) {
      return new Vdi(0, 0, 0, 0, 0, 0, snapId, 0);
    }
  }

  /// What is wanted of the cluster.
  ///
  /// @param createTime seconds in the high 32 bits, nanoseconds in the low ones
  /// @param flags [ClusterFlags]
  /// @param nodes how many node slots per epoch log the client has room for
  record Cluster(
      ObjectId object,
      long createTime,
      int copies,
      int copyPolicy,
      int flags,
      int tag,
      int nodes,
      int blockSizeShift)
      implements RequestFields {}

  /// A VDI's new state, told to all sheep.
  record VdiStateChange(
      int oldVdi, int newVdi, int copies, int setBitmap, int copyPolicy, int blockSizeShift)
      implements RequestFields {}

  /// A reference to be dropped.
  record Reference(ObjectId object, int generation, int count) implements RequestFields {}

  /// An object to be fetched from another sheep.
  record Forward(ObjectId object, NodeAddress from) implements RequestFields {}

  /// A checkpoint of the VDI states.
  ///
  /// @param get 1 to get it, 0 to free it
  record Checkpoint(int get, int targetEpoch, int vdi) implements RequestFields {}

  /// The state of a VDI's inode at the other participants of a shared lock.
  ///
  /// @param validate 1 to validate, 0 to invalidate
  record Coherence(int vdi, int validate) implements RequestFields {}
}

package dev.kelpie.wire;

import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;

/// The 32 bytes of a request header whose meaning depends on the opcode (spec §1.2).
public sealed interface RequestFields {
  /// Writes them into a header of zeros. Each variant writes itself, so that a program that sends
  /// one request and ends does not wait for a pattern switch to be linked.
  void encode(Layout to);

  /// Nothing is read from them; written as zeros.
  RequestFields NONE = new None();

  /// No fields.
  record None() implements RequestFields {
    @Override
    public void encode(Layout to) {}
  }

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

    static Obj decode(ByteBuffer in, int at) {
      return new Obj(
          new ObjectId(in.getLong(at)),
          new ObjectId(in.getLong(at + 8)),
          in.get(at + 16) & 0xff,
          in.get(at + 17) & 0xff,
          in.get(at + 18) & 0xff,
          in.getInt(at + 20),
          in.getLong(at + 24));
    }

    @Override
    public void encode(Layout to) {
      to.i64(16, object.value());
      to.i64(24, cow.value());
      to.u8(32, copies);
      to.u8(33, copyPolicy);
      to.u8(34, ecIndex);
      to.i32(36, targetEpoch);
      to.i64(40, offset);
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

    static Vdi decode(ByteBuffer in, int at) {
      return new Vdi(
          in.getLong(at),
          in.getInt(at + 8),
          in.get(at + 12) & 0xff,
          in.get(at + 13) & 0xff,
          in.get(at + 14) & 0xff,
          in.get(at + 15) & 0xff,
          in.getInt(at + 16),
          in.getInt(at + 20));
    }

    @Override
    public void encode(Layout to) {
      to.i64(16, size);
      to.i32(24, baseVdi);
      to.u8(28, copies);
      to.u8(29, copyPolicy);
      to.u8(30, storePolicy);
      to.u8(31, blockSizeShift);
      to.i32(32, snapId);
      to.i32(36, lockType);
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
      implements RequestFields {
    static Cluster decode(ByteBuffer in, int at) {
      return new Cluster(
          new ObjectId(in.getLong(at)),
          in.getLong(at + 8),
          in.get(at + 16) & 0xff,
          in.get(at + 17) & 0xff,
          in.getShort(at + 18) & 0xffff,
          in.getInt(at + 20),
          in.getInt(at + 24),
          in.get(at + 28) & 0xff);
    }

    @Override
    public void encode(Layout to) {
      to.i64(16, object.value());
      to.i64(24, createTime);
      to.u8(32, copies);
      to.u8(33, copyPolicy);
      to.u16(34, flags);
      to.i32(36, tag);
      to.i32(40, nodes);
      to.u8(44, blockSizeShift);
    }
  }

  /// A VDI's new state, told to all sheep.
  record VdiStateChange(
      int oldVdi, int newVdi, int copies, int setBitmap, int copyPolicy, int blockSizeShift)
      implements RequestFields {
    static VdiStateChange decode(ByteBuffer in, int at) {
      return new VdiStateChange(
          in.getInt(at),
          in.getInt(at + 4),
          in.get(at + 8) & 0xff,
          in.get(at + 9) & 0xff,
          in.get(at + 10) & 0xff,
          in.get(at + 11) & 0xff);
    }

    @Override
    public void encode(Layout to) {
      to.i32(16, oldVdi);
      to.i32(20, newVdi);
      to.u8(24, copies);
      to.u8(25, setBitmap);
      to.u8(26, copyPolicy);
      to.u8(27, blockSizeShift);
    }
  }

  /// A reference to be dropped.
  record Reference(ObjectId object, int generation, int count) implements RequestFields {
    static Reference decode(ByteBuffer in, int at) {
      return new Reference(new ObjectId(in.getLong(at)), in.getInt(at + 8), in.getInt(at + 12));
    }

    @Override
    public void encode(Layout to) {
      to.i64(16, object.value());
      to.i32(24, generation);
      to.i32(28, count);
    }
  }

  /// An object to be fetched from another sheep.
  record Forward(ObjectId object, NodeAddress from) implements RequestFields {
    static Forward decode(ByteBuffer in, int at) {
      return new Forward(new ObjectId(in.getLong(at)), NodeAddress.decode(in, at + 8));
    }

    @Override
    public void encode(Layout to) {
      to.i64(16, object.value());
      from.encode(to, 24);
    }
  }

  /// A checkpoint of the VDI states.
  ///
  /// @param get 1 to get it, 0 to free it
  record Checkpoint(int get, int targetEpoch, int vdi) implements RequestFields {
    static Checkpoint decode(ByteBuffer in, int at) {
      return new Checkpoint(in.getInt(at), in.getInt(at + 4), in.getInt(at + 8));
    }

    @Override
    public void encode(Layout to) {
      to.i32(16, get);
      to.i32(20, targetEpoch);
      to.i32(24, vdi);
    }
  }

  /// The state of a VDI's inode at the other participants of a shared lock.
  ///
  /// @param validate 1 to validate, 0 to invalidate
  record Coherence(int vdi, int validate) implements RequestFields {
    static Coherence decode(ByteBuffer in, int at) {
      return new Coherence(in.getInt(at), in.getInt(at + 4));
    }

    @Override
    public void encode(Layout to) {
      to.i32(16, vdi);
      to.i32(20, validate);
    }
  }

  /// A part of an object, as a part of a disk.
  ///
  /// @param vdi whose disk it is; the object may belong to a VDI that it comes from
  /// @param length in bytes
  record Range(ObjectId object, long offset, int vdi, int length) implements RequestFields {
    static Range decode(ByteBuffer in, int at) {
      return new Range(
          new ObjectId(in.getLong(at)), in.getLong(at + 8), in.getInt(at + 16), in.getInt(at + 20));
    }

    @Override
    public void encode(Layout to) {
      to.i64(16, object.value());
      to.i64(24, offset);
      to.i32(32, vdi);
      to.i32(36, length);
    }
  }
}

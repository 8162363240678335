package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// The 28 bytes of a response header, behind the result, whose meaning depends on the opcode (spec
/// §1.3).
public sealed interface ResponseFields {
  /// Writes them into a header of zeros.
  void encode(Layout to);

  /// Nothing is read from them; written as zeros.
  ResponseFields NONE = new None();

  /// No fields.
  record None() implements ResponseFields {
    @Override
    public void encode(Layout to) {}
  }

  /// About an object.
  ///
  /// @param offset of the data, where zeros were trimmed; Kelpie never trims
  record Obj(int copies, long offset) implements ResponseFields {
    static Obj decode(ByteBuffer in, int at) {
      return new Obj(in.get(at + 20) & 0xff, in.getLong(at + 24));
    }

    @Override
    public void encode(Layout to) {
      to.u8(20, copies);
      to.i64(24, offset);
    }
  }

  /// About a VDI.
  record Vdi(int vdi, int attribute, int copies, int blockSizeShift) implements ResponseFields {
    /// A VDI and its copies.
    public static Vdi found(int vdi, int copies) {
      return new Vdi(vdi, 0, copies, 0);
    }

    static Vdi decode(ByteBuffer in, int at) {
      return new Vdi(
          in.getInt(at + 24), in.getInt(at + 28), in.get(at + 32) & 0xff, in.get(at + 33) & 0xff);
    }

    @Override
    public void encode(Layout to) {
      to.i32(24, vdi);
      to.i32(28, attribute);
      to.u8(32, copies);
      to.u8(33, blockSizeShift);
    }
  }

  /// About a node, sizes in bytes.
  record Node(int nodes, long storeSize, long storeFree) implements ResponseFields {
    static Node decode(ByteBuffer in, int at) {
      return new Node(in.getInt(at + 20), in.getLong(at + 32), in.getLong(at + 40));
    }

    @Override
    public void encode(Layout to) {
      to.i32(20, nodes);
      to.i64(32, storeSize);
      to.i64(40, storeFree);
    }
  }

  /// The SHA-1 of a replica.
  record Hash(byte[] digest) implements ResponseFields {
    /// Bytes of the digest.
    public static final int DIGEST_SIZE = 20;

    public Hash {
      if (digest.length != DIGEST_SIZE) {
        throw new IllegalArgumentException("a SHA-1 has 20 bytes, not " + digest.length);
      }
    }

    static Hash decode(ByteBuffer in, int at) {
      byte[] digest = new byte[DIGEST_SIZE];
      in.get(at + 24, digest);
      return new Hash(digest);
    }

    @Override
    public void encode(Layout to) {
      to.bytes(24, digest);
    }
  }

  /// What a new VDI gets where its creator does not say.
  record ClusterDefault(int copies, int copyPolicy, int blockSizeShift) implements ResponseFields {
    static ClusterDefault decode(ByteBuffer in, int at) {
      return new ClusterDefault(
          in.get(at + 20) & 0xff, in.get(at + 21) & 0xff, in.get(at + 22) & 0xff);
    }

    @Override
    public void encode(Layout to) {
      to.u8(20, copies);
      to.u8(21, copyPolicy);
      to.u8(22, blockSizeShift);
    }
  }
}

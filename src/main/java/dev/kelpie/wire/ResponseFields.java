package dev.kelpie.wire;

/// The 28 bytes of a response header, behind the result, whose meaning depends on the opcode (spec
/// §1.3).
public sealed interface ResponseFields {
  /// Nothing is read from them; written as zeros.
  ResponseFields NONE = new None();

  /// No fields.
  record None() implements ResponseFields {}

  /// About an object.
  ///
  /// @param offset of the data, where zeros were trimmed; Kelpie never trims
  record Obj(int copies, long offset) implements ResponseFields {}

  /// About a VDI.
  record Vdi(int vdi, int attribute, int copies, int blockSizeShift) implements ResponseFields {
    /// A VDI and its copies.
    public static Vdi found(int vdi, int copies) {
      return new Vdi(vdi, 0, copies, 0);
    }
  }

  /// About a node, sizes in bytes.
  record Node(int nodes, long storeSize, long storeFree) implements ResponseFields {}

  /// The SHA-1 of a replica.
  record Hash(byte[] digest) implements ResponseFields {
    /// Bytes of the digest.
    public static final int DIGEST_SIZE = 20;

    public Hash {
      if (digest.length != DIGEST_SIZE) {
        throw new IllegalArgumentException("a SHA-1 has 20 bytes, not " + digest.length);
      }
    }
  }

  /// What a new VDI gets where its creator does not say.
  record ClusterDefault(int copies, int copyPolicy, int blockSizeShift) implements ResponseFields {}
}

package dev.kelpie.vdi;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Objects by id, for clients that do a VDI's bookkeeping themselves (QEMU, tgt, `dog`). Ranges are
/// checked by the caller. Writes to inodes are seen by open block devices at once, and entries of
/// the object map that are replaced drop their objects (spec §1.15). A change of a data object of a
/// snapshot throws [ReadOnlyVdi], and one that no client may make [InvalidChange].
public interface ClientObjects {
  /// A client opened the VDI: it starts from what is there now. A loss from before is no longer the
  /// business of the barriers that follow (DESIGN §3, Crash).
  ///
  /// @throws LeaseElsewhere where another node uses the VDI
  void opened(VdiId vdi) throws IOException;

  /// A client that had opened the VDI has closed it.
  void closed(VdiId vdi);

  /// Reads; answers as [dev.kelpie.object.ObjectStore#read]. [dev.kelpie.object.Access] is made
  /// inside.
  Outcome read(ObjectId object, int offset, ByteBuffer into, CacheMode mode, Patience patience)
      throws IOException;

  /// Overwrites a part of an existing object; answers as [dev.kelpie.object.ObjectStore#write].
  Outcome write(
      ObjectId object,
      int offset,
      ByteBuffer from,
      CacheMode mode,
      Durability durability,
      Patience patience)
      throws IOException;

  /// Creates or replaces an object.
  Outcome create(
      ObjectId object,
      Base base,
      int offset,
      ByteBuffer from,
      CacheMode mode,
      Durability durability)
      throws IOException;

  /// Removes an object.
  Outcome remove(ObjectId object) throws IOException;

  /// Clears the object map's entry of a data object, and frees the object where nobody else needs
  /// it.
  Outcome discard(ObjectId object, CacheMode mode) throws IOException;

  /// Makes everything durable that was acknowledged for this VDI.
  void flush(VdiId vdi) throws IOException;

  /// Whether the object is stored on this node.
  boolean exists(ObjectId object) throws IOException;

  /// The client asks for what can never be, whatever the node's state.
  final class InvalidChange extends IOException {
    private static final long serialVersionUID = 1;

    /// Says why.
    public InvalidChange(String message) {
      super(message);
    }
  }

  /// The VDI was frozen by a snapshot; its data objects do not change any more.
  final class ReadOnlyVdi extends IOException {
    private static final long serialVersionUID = 1;

    /// Names the VDI.
    public ReadOnlyVdi(VdiId vdi) {
      super("VDI " + vdi + " is a snapshot");
    }
  }
}

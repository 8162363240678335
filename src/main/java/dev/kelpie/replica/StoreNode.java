package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// A node that keeps objects, as a gateway sees it: this node or another. What is asked about an
/// object is asked of the primary of its slot, in the name of the configuration that the gateway
/// knows. Any [IOException] but those that are named says that it is not known what was done.
public interface StoreNode {
  /// Reads a part of an object. The buffer's position may be moved whatever comes of it.
  ///
  /// @return `DONE` or `NO_OBJECT`
  /// @throws Outdated where the node is not the slot's primary
  Outcome read(Claim claim, ObjectId object, int offset, ByteBuffer into) throws IOException;

  /// Changes an object at all nodes that must have it.
  ///
  /// @return `DONE`, `NO_OBJECT` or `NO_SPACE`
  /// @throws Outdated where the node is not the primary of this configuration, or not any more
  Outcome change(Claim claim, ObjectId object, Step step) throws IOException;

  /// Asks about an object.
  ///
  /// @throws Outdated where the node is not the slot's primary
  Optional<ObjectStat> stat(Claim claim, ObjectId object) throws IOException;

  /// Makes durable what was deferred on behalf of a VDI, at all nodes that have it.
  ///
  /// @param deferred slots of which the node is primary
  /// @throws Outdated where it is not the primary of one of them
  /// @throws Primary.ChangesLost where that is not possible any more for one of them
  void flush(VdiId vdi, List<Primary.Deferred> deferred) throws IOException;

  /// Makes durable what this node's own copies have of a VDI, whoever is primary.
  void settle(VdiId vdi) throws IOException;

  /// Names the objects of a VDI of which this node has a copy.
  ///
  /// @param claims the slots that are meant, and the configurations in which the node is acting
  Listing list(VdiId vdi, List<Claim> claims) throws IOException;

  /// Objects of a VDI.
  ///
  /// @param slots those of the slots that were meant in which the node was acting all the while,
  ///   under the configuration that was named, and certain to be primary where it is
  /// @param objects in these slots, of which it had a copy
  record Listing(BitSet slots, List<ObjectId> objects) {}
}

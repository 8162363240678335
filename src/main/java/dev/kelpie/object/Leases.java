package dev.kelpie.object;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import java.io.IOException;

/// The right to cache a VDI, as the object cache sees it. The records are persistent and are kept
/// by a room above the stores; this is the part that a layer between needs.
public interface Leases {
  /// The generation of the lease that this node holds, and takes now where it holds none.
  Generation generation(VdiId vdi) throws IOException;

  /// Makes durable that the cache may hold writes of this VDI that the backend does not have.
  /// Called before the first write-back answer after the VDI was clean.
  void markUnflushed(VdiId vdi) throws IOException;

  /// Takes the mark away: everything was pushed and is durable.
  void clearUnflushed(VdiId vdi) throws IOException;

  /// Records that acknowledged writes of this VDI were lost, so that its next barrier fails.
  ///
  /// @param what was lost and why, for the operator
  void reportLoss(VdiId vdi, String what);
}

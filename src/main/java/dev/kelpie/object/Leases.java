package dev.kelpie.object;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import java.io.IOException;

/// The right to cache a VDI, as the object cache sees it. The records are persistent and are kept
/// by a room above the stores; this is the part that a layer between needs.
public interface Leases {
  /// Says which cache this node has. Called once, before everything else. Every lease that this
  /// node held with the same cache goes to its next generation; where the cache is another one or
  /// not intact, VDIs that are marked unflushed have lost writes, and that is reported.
  ///
  /// @param cacheId the random id of the cache's files; a constant where there is no cache
  /// @param intact whether everything is still there that the cache held when its last process
  ///   ended
  void begin(String cacheId, boolean intact) throws IOException;

  /// Whether what the cache holds of this VDI is still its own: it had the lease when its last
  /// process ended, and nobody else has had it since.
  boolean resumed(VdiId vdi);

  /// The generation of the lease that this node holds, and takes now where it holds none.
  Generation generation(VdiId vdi) throws IOException;

  /// Makes durable that the cache may hold writes of this VDI that the backend does not have.
  /// Called before the first write-back answer after the VDI was clean; cheap where the mark is
  /// there.
  void markUnflushed(VdiId vdi) throws IOException;

  /// Takes the mark away: everything was pushed and is durable.
  void clearUnflushed(VdiId vdi) throws IOException;

  /// Gives the cache up: nothing that it holds is this node's any more, now and at later starts.
  /// The generations stay.
  void disown() throws IOException;

  /// Records that acknowledged writes of this VDI were lost, so that its next barrier fails.
  ///
  /// @param what was lost and why, for the operator
  void reportLoss(VdiId vdi, String what);
}

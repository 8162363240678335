package dev.kelpie.object;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.Set;

/// The right to cache a VDI, as the object cache sees it. The records are persistent and are kept
/// by a room above the stores; this is the part that a layer between needs.
public interface Leases {
  /// The VDIs of which this cache may still hold blocks as its own: this node had their leases with
  /// it when its last process ended, and nobody has had them since. Changes nothing, so that a
  /// start can be killed at any moment between this and [#begin].
  ///
  /// @param cacheId the random id of the cache's files; a constant where there is no cache
  Set<VdiId> held(String cacheId) throws IOException;

  /// Says which cache this node has, and takes every lease that this node holds to its next
  /// generation. Called once, before everything else but [#held], when nothing is left in the cache
  /// of any VDI that is not in `kept`: from now on it may be believed. VDIs beside those that are
  /// marked unflushed have lost writes, and that is reported.
  ///
  /// @param kept what [#held] answered; nothing where the cache has lost its content
  /// @throws IOException where one of these leases has changed hands meanwhile; nothing was changed
  void begin(String cacheId, Set<VdiId> kept) throws IOException;

  /// The generation of the lease that this node holds, and takes now where it holds none.
  Generation generation(VdiId vdi) throws IOException;

  /// Whether this node holds the lease in this generation and is not about to give it up. What was
  /// read under any other must not be kept.
  boolean isCurrent(VdiId vdi, Generation generation);

  /// Makes durable that the cache may hold writes of this VDI that the backend does not have.
  /// Called before the first write-back answer after the VDI was clean; cheap where the mark is
  /// there.
  void markUnflushed(VdiId vdi) throws IOException;

  /// Whether that mark is there.
  boolean unflushed(VdiId vdi);

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

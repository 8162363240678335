package dev.kelpie.object;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;

/// What a change carries besides its bytes. Immutable, so that one can serve all writes of a
/// client.
///
/// The pair (generation, push number) orders the changes of one object: a store keeps the pair with
/// the object and never applies a change whose pair is not larger, answering [Outcome#STALE].
///
/// @param vdi the VDI on whose behalf the change is made
/// @param generation of the lease under which it is made
/// @param pushNumber the place among the changes of this object in this generation, from 1; [#NEXT]
///   where the store is to take the next one, which is right only for a caller that waits for each
///   answer before it changes the same bytes again
public record Change(
    VdiId vdi,
    Generation generation,
    long pushNumber,
    CacheMode mode,
    Durability durability,
    Patience patience) {
  /// The push number "one more than the last".
  public static final long NEXT = 0;

  /// A patient change with the next push number.
  public static Change of(VdiId vdi, Generation generation, CacheMode mode, Durability durability) {
    return new Change(vdi, generation, NEXT, mode, durability, Patience.WAIT);
  }
}

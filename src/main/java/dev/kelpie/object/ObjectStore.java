package dev.kelpie.object;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Keeps objects: arrays of bytes whose length follows from their id ([ObjectId#size]).
///
/// Every method may be called by many threads at once. Changes of one object take effect one after
/// the other; a read sees each change whole or not at all per 512-byte sector. A range outside the
/// object is the caller's error ([IllegalArgumentException]): front ends check ranges at the
/// border.
///
/// A method throws an [IOException] where the device or the network failed, or where the bytes are
/// damaged ([ObjectDamaged]). A change that threw may have happened or not, sector by sector; the
/// same change can be made again.
public interface ObjectStore extends Closeable {
  /// Reads `into.remaining()` bytes from `offset`. The buffer's position is advanced only where the
  /// outcome is [Outcome#DONE]; its bytes may have changed all the same.
  ///
  /// @return `DONE`, `NO_OBJECT` or `WOULD_WAIT`
  Outcome read(ObjectId object, int offset, ByteBuffer into, Access access) throws IOException;

  /// Overwrites parts of an existing object. The extents are in ascending order, do not overlap,
  /// and are applied as one change with one place in the object's order.
  ///
  /// @return any outcome
  Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException;

  /// Creates the object, or replaces the one that is there, in one step: after a crash there is the
  /// old state or the whole new one. Extents as in [#write].
  ///
  /// @return `DONE`, `NO_SPACE`, `STALE`, `WOULD_WAIT`, or `NO_OBJECT` where `base` names a parent
  ///   that is not there
  Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException;

  /// Removes the object and frees its space.
  ///
  /// @return `DONE`, `NO_OBJECT`, `STALE` or `WOULD_WAIT`
  Outcome remove(ObjectId object, Change change) throws IOException;

  /// Asks about an object without reading it.
  Optional<ObjectStat> stat(ObjectId object) throws IOException;

  /// Names every object, of any kind, whose id carries this VDI; in no order. Objects that come or
  /// go meanwhile may be named or not.
  void list(VdiId vdi, Consumer<ObjectId> each) throws IOException;

  /// Makes every change on behalf of this VDI that was answered before the call durable, in an
  /// order in which no durable inode entry ever names a data object that is not.
  void flush(VdiId vdi) throws IOException;

  /// Prepares for reads of a range: a hint, which a store without anything to prepare ignores.
  default void prefetch(ObjectId object, int offset, int length, Access access)
      throws IOException {}

  /// A client opened the VDI, and is likely to read what is read at such times: a hint, as
  /// [#prefetch]. Returns at once.
  default void opened(VdiId vdi) {}

  /// Frees what the store holds in memory. Changes that were only deferred are made durable first.
  @Override
  void close() throws IOException;
}

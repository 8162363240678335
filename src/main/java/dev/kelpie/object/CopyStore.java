package dev.kelpie.object;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// A store of copies of objects that others have too, so that its copies can be made like theirs.
public interface CopyStore extends ObjectStore {
  /// Tells the order pair of each object that is meant, in no order.
  void survey(Predicate<ObjectId> meant, Consumer<ObjectStat> each) throws IOException;

  /// Makes the object zeros and the extents, durably, with an order pair of the caller's that may
  /// be any: also one that is not larger than the one that the object has.
  ///
  /// @return `DONE` or `NO_SPACE`
  Outcome replace(ObjectId object, List<Extent> extents, Generation generation, long pushNumber)
      throws IOException;

  /// Removes the object if it is there, durably, whatever its order pair is.
  void drop(ObjectId object) throws IOException;

  /// Makes durable whatever was changed before the call.
  void flushAll() throws IOException;
}

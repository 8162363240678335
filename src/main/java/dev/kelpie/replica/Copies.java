package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.List;

/// One node's copies of objects, as a primary sees them: the primary's own ([Holder]) or another
/// node's. Every call is made in the name of a configuration, and is refused with [Outdated] where
/// the node knows a later one. Any other [IOException] says that it is not known what was done.
public interface Copies {
  /// What the node has of a slot. From now on it refuses earlier configurations, and nothing that
  /// was asked in the name of one is under way any more.
  List<Versioned> prepare(Claim claim) throws IOException;

  /// The version of an object.
  Version version(Claim claim, ObjectId object) throws IOException;

  /// Changes an object that has a certain version.
  ///
  /// @param before the version that it must have
  /// @param after the version that it has then
  /// @return `DIFFERS` where it has another one than both; nothing was changed
  Result change(Claim claim, ObjectId object, Version before, Version after, Step step)
      throws IOException;

  /// Reads a whole object.
  Whole fetch(Claim claim, ObjectId object) throws IOException;

  /// Makes the object what it is elsewhere, durably, whatever it was.
  ///
  /// @return `DONE` or `NO_SPACE`
  Result replace(Claim claim, ObjectId object, Whole whole) throws IOException;

  /// Makes every change on behalf of a VDI durable that was answered before the call.
  void flush(Claim claim, VdiId vdi) throws IOException;

  /// Makes everything durable that the node has.
  void flushAll(Claim claim) throws IOException;

  /// The answers to a change.
  enum Result {
    /// Done, or done before.
    DONE,
    DIFFERS,
    NO_SPACE
  }
}

package dev.kelpie.object;

/// The expected answers of an [ObjectStore]. Everything else is an exception.
public enum Outcome {
  /// Done as asked, with the durability asked for.
  DONE,
  /// There is no such object.
  NO_OBJECT,
  /// No room for it; nothing was changed.
  NO_SPACE,
  /// The object already carries a change with the same or a later order; nothing was changed. The
  /// bytes of this change are either there already or superseded.
  STALE,
  /// The store would have to wait, and the caller asked not to. A part of a change may have been
  /// done: the caller makes the whole of it again, patiently.
  WOULD_WAIT
}

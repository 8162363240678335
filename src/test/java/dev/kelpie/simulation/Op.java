package dev.kelpie.simulation;

/// One step of a script. What does not fit the moment (a snapshot that is not there, say) does
/// nothing, so that any steps can be left out.
///
/// @param number unique in its script; the tag of what it writes
/// @param client which client, where it is a request
/// @param disk which disk, in the order in which they were made
/// @param first cell
/// @param count of cells
/// @param dice everything else that is by chance
record Op(int number, Kind kind, int client, int disk, int first, int count, int dice) {
  /// What a step does.
  enum Kind {
    WRITE,
    READ,
    FLUSH,
    /// Zeros a range, by trim or by write-zeroes.
    CLEAR,
    /// DISCARD_OBJ of an object; where block devices are attached, a trim.
    DISCARD,
    PREFETCH,
    /// Writes by CREATE on a connection that is lost with the answer, and again on another.
    RESEND,
    SNAPSHOT,
    DELETE_SNAPSHOT,
    CLONE,
    DELETE_CLONE,
    /// Has the cache push and drop a VDI.
    DROP,
    /// Stops the next call of a kind from the cache to the store until [#RELEASE].
    HOLD,
    /// Fails the next call of a kind, done or not.
    FAIL,
    /// Lets all calls that are held go on, and waits for all requests.
    RELEASE,
    KILL,
    CUT,
    /// Ends the node in good order and starts it.
    RESTART,
    /// Ends the process, or the power, at a later change of the disk.
    CRASH_SOON,
    /// Flips a bit in every block of the slab, when nothing is dirty.
    ROT,
    /// Fails the cache's device for writes.
    CACHE_FAULT,
    /// Loses the cache's device, with what is dirty.
    CACHE_LOST,
    /// Ends the process and damages the cache's index before the next start.
    DAMAGE,
    /// Compares the cache's counts with its records.
    CHECK
  }

  @Override
  public String toString() {
    return number
        + ":"
        + kind
        + " client="
        + client
        + " disk="
        + disk
        + " "
        + first
        + "+"
        + count
        + " dice="
        + dice;
  }
}

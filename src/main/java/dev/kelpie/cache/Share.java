package dev.kelpie.cache;

/// What the VDIs of one disk take of the space together, and may take, in chunks. Guarded by the
/// lock of [ChunkSpace]; who reads it without has a hint.
final class Share {
  /// No quota.
  static final int UNLIMITED = Integer.MAX_VALUE;

  /// How many VDIs share it.
  int members = 1;

  /// Chunks in use. Exact: counted with the taking and freeing of each.
  int used;

  /// The quota.
  int max = UNLIMITED;

  /// The reservation.
  int min;

  /// Chunks that were chosen to be evicted and are still in use. They may come back, but until then
  /// nobody may choose as if they would stay.
  int leaving;

  /// Who competes with whom: all disks without limits together, each other one with itself.
  Replacement.Queues queues;

  Share(Replacement.Queues common) {
    this.queues = common;
  }

  boolean isLimited() {
    return max != UNLIMITED || min > 0;
  }

  /// Whether it may not take one more.
  boolean isFull() {
    return used >= max;
  }

  /// Whether it has more than it may, since its quota was lowered.
  boolean isOver() {
    return used > max;
  }
}

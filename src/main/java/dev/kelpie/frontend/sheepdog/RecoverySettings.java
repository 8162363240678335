package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.RecoveryThrottling;

/// What operators said about recovery. Kept in memory, as in the original: a new start recovers by
/// itself and without a limit.
final class RecoverySettings {
  private volatile boolean disabled;
  private volatile RecoveryThrottling throttling = new RecoveryThrottling(0, 0, false);

  /// Whether objects stay where they are when the members change.
  boolean disabled() {
    return disabled;
  }

  void disable(boolean disable) {
    disabled = disable;
  }

  RecoveryThrottling throttling() {
    return throttling;
  }

  void throttle(RecoveryThrottling limit) {
    throttling = limit;
  }
}

package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.RecoveryThrottling;

/// What operators said about recovery to a node that is alone, and so has nothing to recover. Kept
/// in memory, as in the original.
public final class AloneRecovery implements RecoveryControl {
  private volatile boolean disabled;
  private volatile RecoveryThrottling throttling = new RecoveryThrottling(0, 0, false);

  @Override
  public State state() {
    return State.IDLE;
  }

  @Override
  public boolean disabled() {
    return disabled;
  }

  @Override
  public void disable(boolean disable) {
    disabled = disable;
  }

  @Override
  public RecoveryThrottling throttling() {
    return throttling;
  }

  @Override
  public void throttle(RecoveryThrottling limit) {
    throttling = limit;
  }
}

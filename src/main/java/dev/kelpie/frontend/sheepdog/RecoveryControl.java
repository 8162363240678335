package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.RecoveryThrottling;
import java.io.IOException;

/// What operators see of recovery, and want of it.
public interface RecoveryControl {
  /// How far this node is.
  State state();

  /// Whether objects stay where they are when the members change.
  boolean disabled();

  /// Has all nodes leave objects where they are, or move them.
  void disable(boolean disable) throws IOException;

  /// How fast this node may copy.
  RecoveryThrottling throttling();

  /// From now on it copies no faster; a new start forgets that.
  void throttle(RecoveryThrottling limit);

  /// How far a node is.
  ///
  /// @param total what it has to look after, in objects or groups of them; 0 where it does nothing
  record State(boolean running, long finished, long total) {
    /// Of a node that has nothing to do.
    public static final State IDLE = new State(false, 0, 0);
  }
}

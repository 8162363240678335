package dev.kelpie.vdi;

import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.function.IntSupplier;

/// Notices that acknowledged writes of a VDI were lost with the object cache, its inode's perhaps
/// among them: before the next change of the disk, the next barrier, and the next client's look at
/// the inode.
final class LossWatch {
  private final IntSupplier losses;
  private final Locks.Mutex settling;
  private volatile int settled;

  /// Begins to watch.
  ///
  /// @param losses how often something was lost so far
  LossWatch(Locks locks, IntSupplier losses) {
    this.losses = losses;
    this.settling = locks.mutex();
    this.settled = losses.getAsInt();
  }

  /// Whether something was lost since the last restoration.
  boolean isBehind() {
    return losses.getAsInt() != settled;
  }

  /// Brings the inode back.
  interface Restoration {
    void run() throws IOException;
  }

  /// Runs the restoration where something was lost since the last one; others wait for it.
  void settle(Restoration restoration) throws IOException {
    if (!isBehind()) {
      return;
    }
    settling.lock();
    try {
      int now = losses.getAsInt();
      if (now != settled) {
        restoration.run();
        settled = now;
      }
    } finally {
      settling.unlock();
    }
  }
}

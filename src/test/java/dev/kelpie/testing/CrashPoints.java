package dev.kelpie.testing;

/// Counts the changing calls on a disk and ends the world at one of them.
///
/// Guarded by the disk's lock.
final class CrashPoints {
  private long steps;
  private long crashAt = Long.MAX_VALUE;
  private boolean off;

  long steps() {
    return steps;
  }

  void crashAt(long step) {
    crashAt = step;
  }

  void turnOff() {
    off = true;
  }

  void checkOn() {
    if (off) {
      throw new SimulatedCrash("the machine is off since step " + steps);
    }
  }

  /// Counts a changing call.
  ///
  /// @param half done first where this call is the last one
  void step(Runnable half) {
    checkOn();
    steps++;
    if (steps >= crashAt) {
      off = true;
      half.run();
      throw new SimulatedCrash("crash at step " + steps);
    }
  }
}

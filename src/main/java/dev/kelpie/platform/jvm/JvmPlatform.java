package dev.kelpie.platform.jvm;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import java.lang.Thread.UncaughtExceptionHandler;
import java.security.SecureRandom;

/// Makes the [Platform] of this machine.
public final class JvmPlatform {
  private JvmPlatform() {}

  /// All doors of this machine.
  ///
  /// @param onUncaught gets what leaves a task
  public static Platform open(UncaughtExceptionHandler onUncaught) {
    return withDisk(new JvmDisk(), onUncaught);
  }

  /// The network alone, for a program that needs no more and has no time to load it.
  public static Network network() {
    return new JvmNetwork();
  }

  /// The clocks alone.
  public static Clock clock() {
    return new JvmClock();
  }

  /// The locks alone.
  public static Locks locks() {
    return new JvmLocks();
  }

  /// All doors of this machine, with another disk.
  public static Platform withDisk(Disk disk, UncaughtExceptionHandler onUncaught) {
    return new Platform(
        disk,
        new JvmNetwork(),
        new JvmClock(),
        new JvmTasks(onUncaught),
        new JvmLocks(),
        new SecureRandom());
  }
}

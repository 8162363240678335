package dev.kelpie.testing;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A platform for tests: this machine's threads, locks and sockets, and any disk and clock. What
/// leaves a task is kept for [#assertNoFailures]; a [SimulatedCrash] is none.
public final class TestPlatform {
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final ScarceTasks tasks;
  private final Platform platform;

  /// With this machine's clock.
  public TestPlatform(Disk disk) {
    Platform real = JvmPlatform.withDisk(disk, (_, failure) -> keep(failure));
    tasks = new ScarceTasks(real.tasks());
    platform = with(real, real.clock());
  }

  /// With a clock of the test.
  public TestPlatform(Disk disk, Clock clock) {
    Platform real = JvmPlatform.withDisk(disk, (_, failure) -> keep(failure));
    tasks = new ScarceTasks(real.tasks());
    platform = with(real, clock);
  }

  private Platform with(Platform real, Clock clock) {
    return new Platform(real.disk(), real.network(), clock, tasks, real.locks(), real.chance());
  }

  /// The platform's tasks, to run out of.
  public ScarceTasks tasks() {
    return tasks;
  }

  /// For tests that do not look at what leaves a task; it is printed.
  public static Platform real(Disk disk) {
    return JvmPlatform.withDisk(
        disk,
        (thread, failure) -> {
          if (!(failure instanceof SimulatedCrash)) {
            System.err.println("task " + thread.getName() + " failed");
            failure.printStackTrace();
          }
        });
  }

  public Platform platform() {
    return platform;
  }

  /// Fails where something left a task.
  public void assertNoFailures() {
    if (!failures.isEmpty()) {
      throw new AssertionError("left a task: " + failures, failures.getFirst());
    }
  }

  /// What has left a task so far.
  public List<Throwable> failures() {
    return List.copyOf(failures);
  }

  /// For a test that wanted what left a task, and has looked at it.
  public void forgetFailures() {
    failures.clear();
  }

  private void keep(Throwable failure) {
    if (!(failure instanceof SimulatedCrash)) {
      failures.add(failure);
    }
  }
}

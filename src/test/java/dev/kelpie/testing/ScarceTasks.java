package dev.kelpie.testing;

import dev.kelpie.platform.Tasks;
import java.time.Duration;
import java.util.function.Predicate;

/// Tasks that a test can run out of.
public final class ScarceTasks implements Tasks {
  private final Tasks real;
  private volatile Predicate<String> refused = _ -> false;
  private volatile Runnable refusal = () -> {};

  ScarceTasks(Tasks real) {
    this.real = real;
  }

  /// Starts no task from now on whose name matches.
  ///
  /// @param how throws what the starter is to get
  public void refuse(Predicate<String> names, Runnable how) {
    refusal = how;
    refused = names;
  }

  /// Starts every task again.
  public void allowAll() {
    refused = _ -> false;
  }

  @Override
  public Task start(String name, Runnable body) {
    check(name);
    return real.start(name, body);
  }

  @Override
  public Task startDedicated(String name, Runnable body) {
    check(name);
    return real.startDedicated(name, body);
  }

  private void check(String name) {
    if (refused.test(name)) {
      refusal.run();
    }
  }

  @Override
  public void sleep(Duration time) throws InterruptedException {
    real.sleep(time);
  }
}

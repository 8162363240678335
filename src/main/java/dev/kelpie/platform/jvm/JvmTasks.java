package dev.kelpie.platform.jvm;

import dev.kelpie.platform.Tasks;
import java.lang.Thread.UncaughtExceptionHandler;
import java.time.Duration;

/// Tasks on virtual threads; dedicated ones on daemon threads of the operating system.
final class JvmTasks implements Tasks {
  private final UncaughtExceptionHandler onUncaught;

  JvmTasks(UncaughtExceptionHandler onUncaught) {
    this.onUncaught = onUncaught;
  }

  @Override
  public Task start(String name, Runnable body) {
    return new ThreadTask(
        Thread.ofVirtual().name(name).uncaughtExceptionHandler(onUncaught).start(body));
  }

  @Override
  public Task startDedicated(String name, Runnable body) {
    return new ThreadTask(
        Thread.ofPlatform().daemon().name(name).uncaughtExceptionHandler(onUncaught).start(body));
  }

  @Override
  public void sleep(Duration time) throws InterruptedException {
    Thread.sleep(time);
  }

  private record ThreadTask(Thread thread) implements Task {
    @Override
    public void cancel() {
      thread.interrupt();
    }

    @Override
    public boolean join(Duration limit) throws InterruptedException {
      return thread.join(limit);
    }
  }
}

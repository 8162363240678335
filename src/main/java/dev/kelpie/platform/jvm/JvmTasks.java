package dev.kelpie.platform.jvm;

import dev.kelpie.platform.Tasks;
import java.lang.Thread.UncaughtExceptionHandler;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;

/// Tasks on virtual threads; dedicated ones on daemon threads of the operating system.
final class JvmTasks implements Tasks {
  private final UncaughtExceptionHandler onUncaught;

  JvmTasks(UncaughtExceptionHandler onUncaught) {
    this.onUncaught = onUncaught;
  }

  @Override
  public Task start(String name, Runnable body) {
    return start(Thread.ofVirtual(), name, body);
  }

  @Override
  public Task startDedicated(String name, Runnable body) {
    return start(Thread.ofPlatform().daemon(), name, body);
  }

  private Task start(Thread.Builder threads, String name, Runnable body) {
    Thread thread = threads.name(name).uncaughtExceptionHandler(onUncaught).unstarted(body);
    try {
      thread.start();
    } catch (OutOfMemoryError noThread) {
      // What Java calls this when the system refuses one more thread; memory need not be short.
      throw new RejectedExecutionException("task " + name + ": " + noThread.getMessage(), noThread);
    }
    return new ThreadTask(thread);
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

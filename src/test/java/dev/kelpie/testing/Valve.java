package dev.kelpie.testing;

import dev.kelpie.object.Patience;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/// Holds up the calls of a [MemoryVdi] that it is made for until it is opened. The impatient ones
/// are told that they would have to wait.
public final class Valve implements MemoryVdi.Hook {
  private final Predicate<DeviceCall> which;
  private final CountDownLatch open = new CountDownLatch(1);
  private final AtomicInteger waiting = new AtomicInteger();

  public Valve(Predicate<DeviceCall> which) {
    this.which = which;
  }

  /// Holds up all calls of a kind.
  public static Valve on(DeviceCall.Kind kind) {
    return new Valve(call -> call.kind() == kind);
  }

  @Override
  public boolean before(DeviceCall call) throws IOException {
    if (open.getCount() == 0 || !which.test(call)) {
      return true;
    }
    if (call.patience() == Patience.NOW) {
      return false;
    }
    waiting.incrementAndGet();
    try {
      open.await();
    } catch (InterruptedException interrupted) {
      throw new IOException("a request must not be interrupted", interrupted);
    } finally {
      waiting.decrementAndGet();
    }
    return true;
  }

  /// How many calls wait now.
  public int waiting() {
    return waiting.get();
  }

  /// Lets all go.
  public void open() {
    open.countDown();
  }
}

package dev.kelpie.cluster.zookeeper;

import dev.kelpie.platform.Locks;
import java.util.Objects;
import org.apache.zookeeper.KeeperException.Code;
import org.jspecify.annotations.Nullable;

/// The answer to a request, which comes some time after it was sent.
final class Answer<R> {
  private final Locks.Mutex mutex;
  private final Locks.Signal given;
  private @Nullable Code code;
  private @Nullable R value;

  Answer(Locks locks) {
    this.mutex = locks.mutex();
    this.given = mutex.signal();
  }

  /// Here it is.
  ///
  /// @param value `null` where nothing came but the code
  void give(Code code, @Nullable R value) {
    mutex.lock();
    try {
      this.code = code;
      this.value = value;
      given.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Waits.
  ///
  /// @return how it went; [Code#OPERATIONTIMEOUT] where there is no answer yet
  Code await(Patience patience) {
    mutex.lock();
    try {
      while (code == null && !patience.isOver()) {
        given.await(patience.left());
      }
      return code == null ? Code.OPERATIONTIMEOUT : code;
    } finally {
      mutex.unlock();
    }
  }

  /// What came with the code.
  R value() {
    mutex.lock();
    try {
      return Objects.requireNonNull(value, "there is no value");
    } finally {
      mutex.unlock();
    }
  }
}

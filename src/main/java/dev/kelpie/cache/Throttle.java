package dev.kelpie.cache;

import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.time.Duration;

/// Makes writers wait where the cache has no room for more dirty data, and tells [WriteBehind] to
/// make some (I14).
final class Throttle {
  /// A wait ends early when room was made; this is how often it looks by itself.
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Locks.Mutex mutex;
  private final Locks.Signal roomMade;
  private final Locks.Signal roomWanted;
  private long timesMade;
  private boolean wanted;
  private boolean woken;
  private boolean givenUp;
  private boolean closing;

  Throttle(Locks locks) {
    this.mutex = locks.mutex();
    this.roomMade = mutex.signal();
    this.roomWanted = mutex.signal();
  }

  /// Asks for room, and waits until some was made or a short time has passed.
  ///
  /// @throws IOException where the cache is turning itself off, or closes
  void awaitRoom() throws IOException {
    mutex.lock();
    try {
      if (givenUp) {
        throw new CacheFault(
            "waiting for room", new IOException("the cache is turning itself off"));
      }
      if (closing) {
        throw new IOException("the object cache is full and closes");
      }
      wanted = true;
      roomWanted.wakeAll();
      roomMade.await(LOOK_AGAIN);
    } finally {
      mutex.unlock();
    }
  }

  /// How often room was made so far.
  long timesMade() {
    mutex.lock();
    try {
      return timesMade;
    } finally {
      mutex.unlock();
    }
  }

  /// Waits until room was made, or for so long.
  ///
  /// @param seen how often it had been made when the caller looked
  /// @return false where nobody is to wait any more
  boolean awaitMade(long seen, Duration limit) {
    mutex.lock();
    try {
      if (timesMade == seen && !givenUp && !closing) {
        roomMade.await(limit);
      }
      return !givenUp && !closing;
    } finally {
      mutex.unlock();
    }
  }

  /// Room was made.
  void made() {
    mutex.lock();
    try {
      wanted = false;
      timesMade++;
      roomMade.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Lets nobody wait any more: the cache is turning itself off.
  void giveUp() {
    mutex.lock();
    try {
      givenUp = true;
      wanted = false;
      roomMade.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Lets nobody wait any more: the cache closes. What is dirty stays so, for the next start.
  void close() {
    mutex.lock();
    try {
      closing = true;
      roomMade.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Waits until room is wanted or [#wake] was called since the last time, at most so long.
  ///
  /// @return whether it is
  boolean awaitWanted(Duration limit) {
    mutex.lock();
    try {
      if (!wanted && !woken) {
        roomWanted.await(limit);
      }
      woken = false;
      return wanted;
    } finally {
      mutex.unlock();
    }
  }

  /// Lets [#awaitWanted] return, now or when it is next called.
  void wake() {
    mutex.lock();
    try {
      woken = true;
      roomWanted.wakeAll();
    } finally {
      mutex.unlock();
    }
  }
}

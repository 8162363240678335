package dev.kelpie.replica;

import dev.kelpie.platform.Locks;
import java.util.HashMap;
import java.util.Map;

/// Whose turn it is with a thing: many share it, or one has it alone. Not a lock, since who has a
/// turn may wait for other nodes.
///
/// @param <K> names the things
final class Turns<K> {
  private final Locks.Mutex mutex;
  private final Locks.Signal ended;
  private final Map<K, State> states = new HashMap<>();

  /// Who is there and who waits.
  private static final class State {
    private int sharing;
    private boolean alone;
    private int waitingAlone;

    private boolean isIdle() {
      return sharing == 0 && !alone && waitingAlone == 0;
    }
  }

  Turns(Locks locks) {
    this.mutex = locks.mutex();
    this.ended = mutex.signal();
  }

  /// Waits behind who waits to be alone.
  void enterShared(K thing) {
    mutex.lock();
    try {
      State state = states.computeIfAbsent(thing, _ -> new State());
      while (state.alone || state.waitingAlone > 0) {
        ended.await();
        state = states.computeIfAbsent(thing, _ -> new State());
      }
      state.sharing++;
    } finally {
      mutex.unlock();
    }
  }

  void leaveShared(K thing) {
    leave(thing, state -> state.sharing--);
  }

  void enterAlone(K thing) {
    mutex.lock();
    try {
      State state = states.computeIfAbsent(thing, _ -> new State());
      state.waitingAlone++;
      try {
        while (state.alone || state.sharing > 0) {
          ended.await();
        }
        state.alone = true;
      } finally {
        state.waitingAlone--;
      }
    } finally {
      mutex.unlock();
    }
  }

  void leaveAlone(K thing) {
    leave(thing, state -> state.alone = false);
  }

  private interface Leaving {
    void change(State state);
  }

  private void leave(K thing, Leaving leaving) {
    mutex.lock();
    try {
      State state = states.get(thing);
      if (state == null) {
        throw new IllegalStateException("nobody has a turn with " + thing);
      }
      leaving.change(state);
      if (state.isIdle()) {
        states.remove(thing);
      }
      ended.wakeAll();
    } finally {
      mutex.unlock();
    }
  }
}

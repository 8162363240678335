package dev.kelpie.frontend.sheepdog;

import dev.kelpie.frontend.sheepdog.ObjectTurns.Turn;
import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.stream.Line;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Keeps what an old connection brings late from undoing what a newer one was acknowledged (I13).
///
/// A client that loses its connection makes a new one and sends everything again, while what it
/// sent before may still lie unread in the socket of the old one. [ObjectTurns] keeps in order what
/// was read, and knows nothing of that. So a change looks at the connections that are older than
/// its own. One that waits for its client and has nothing unread has caught up: whatever a client
/// sent through it before it made the newer one has its turn. That is seen once for each two
/// connections, and a change costs nothing from then on.
///
/// For one that has not caught up, the change waits. Where it is alive that is a moment. One that
/// has not moved for [#STALL_MAX], or is behind after [#WAIT_MAX], is waited for no longer; instead
/// the object is barred to it, and if it brings a change of that object before it has caught up, it
/// is cut off.
///
/// What is still on its way through a network when the newer connection comes cannot be seen.
final class Latecomers {
  /// How long a connection may take no byte while a newer one waits for it.
  static final Duration STALL_MAX = Duration.ofSeconds(5);

  /// How long a newer one waits for a connection that goes on taking bytes: one that is always full
  /// is never seen to have caught up.
  static final Duration WAIT_MAX = Duration.ofSeconds(15);

  /// Nobody but its reader can wait for what is in a socket, so others look again.
  private static final Duration LOOK_AGAIN = Duration.ofMillis(1);

  /// More than the two ends of a socket hold: who has taken that much has caught up, though it
  /// never rests.
  private static final long BUFFERED_MAX = 64L << 20;

  /// How many objects may be barred to one connection; with one more it is cut off at once.
  private static final int BARRED_MAX = 4096;

  private final Locks locks;
  private final Clock clock;
  private final Locks.Mutex mutex;
  private final Locks.Signal left;
  private final Set<Place> present = new LinkedHashSet<>();

  Latecomers(Locks locks, Clock clock) {
    this.locks = locks;
    this.clock = clock;
    this.mutex = locks.mutex();
    this.left = mutex.signal();
  }

  /// A connection has come. Called in the order of coming.
  Place join(Line line) {
    mutex.lock();
    try {
      present.removeIf(Place::neverStarted);
      Place place = new Place(line, List.copyOf(present));
      present.add(place);
      return place;
    } finally {
      mutex.unlock();
    }
  }

  private void leave(Place place) {
    mutex.lock();
    try {
      present.remove(place);
      left.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  private void pause() {
    mutex.lock();
    try {
      boolean _ = left.await(LOOK_AGAIN);
    } finally {
      mutex.unlock();
    }
  }

  /// A connection brought a change of an object that a newer one has changed meanwhile.
  static final class Overtaken extends IOException {
    private static final long serialVersionUID = 1;

    private Overtaken(ObjectId object) {
      super(
          "it was stuck, and now sends a change of object "
              + object
              + " that a newer connection has changed meanwhile");
    }
  }

  private enum Doing {
    /// Its task has not begun.
    COMING,
    /// It reads or carries out requests.
    BUSY,
    /// It waits for the next request and has none of it but a few bytes.
    WAITING,
    /// It waits for the rest of a payload.
    RECEIVING,
    /// It reads no more.
    LEFT
  }

  /// What a connection does, for so long as it is the same one.
  private static final class At {
    private final Doing doing;

    /// That a payload is to change.
    private final Optional<ObjectId> object;

    At(Doing doing, Optional<ObjectId> object) {
      this.doing = doing;
      this.object = object;
    }

    At(Doing doing) {
      this(doing, Optional.empty());
    }
  }

  private static final At COMING = new At(Doing.COMING);
  private static final At BUSY = new At(Doing.BUSY);
  private static final At WAITING = new At(Doing.WAITING);
  private static final At LEFT = new At(Doing.LEFT);

  private enum Standing {
    CAUGHT_UP,
    /// It has nothing unread, but is in the middle of a request for something else.
    ELSEWHERE,
    BEHIND
  }

  /// One connection among the others. Its own task calls the methods.
  final class Place {
    private final Line line;

    /// The older ones that were not seen to have caught up.
    private final List<Place> elders;

    private final Locks.Mutex mutex = locks.mutex();

    /// What newer ones have changed while this one was stuck; under the mutex.
    private final Set<ObjectId> barred = new HashSet<>();

    private long takenWhenBarred;
    private volatile boolean stuck;
    private volatile At at = COMING;

    private Place(Line line, List<Place> elders) {
      this.line = line;
      this.elders = new ArrayList<>(elders);
    }

    /// About to wait for the next request, of which at most a few bytes are here. What comes next
    /// is to be read byte by byte until [#busy] is called.
    void waiting() {
      at = WAITING;
      if (stuck && !line.unread()) {
        free();
      }
    }

    /// About to wait for the rest of a payload; nothing behind it is at hand.
    ///
    /// @param object that it is to change
    void receiving(Optional<ObjectId> object) {
      at = new At(Doing.RECEIVING, object);
    }

    /// At work.
    void busy() {
      at = BUSY;
    }

    /// Reads no more.
    void leave() {
      at = LEFT;
      elders.clear();
      Latecomers.this.leave(this);
    }

    /// Waits until no older connection can bring a change of the object that was sent before, or
    /// has it barred to those that do not move.
    ///
    /// @param beforeWait what to do before a wait
    void awaitElders(ObjectId object, Runnable beforeWait) {
      List<Watch> behind = new ArrayList<>();
      elders.removeIf(elder -> {
        Standing standing = elder.standing(object);
        if (standing == Standing.BEHIND) {
          behind.add(new Watch(elder));
        }
        return standing == Standing.CAUGHT_UP;
      });
      if (!behind.isEmpty()) {
        beforeWait.run();
      }
      while (!behind.isEmpty()) {
        behind.removeIf(watch -> watch.ends(object));
        if (!behind.isEmpty()) {
          pause();
        }
      }
      elders.removeIf(elder -> elder.at.doing == Doing.LEFT);
    }

    /// Takes a change's turn.
    ///
    /// @throws Overtaken where the object is barred to this connection, which is to be cut off
    Turn enter(ObjectTurns turns, ObjectId object, Object client) throws Overtaken {
      mutex.lock();
      try {
        if (line.taken() - takenWhenBarred > BUFFERED_MAX) {
          free();
        }
        if (barred.contains(object)) {
          throw new Overtaken(object);
        }
        return turns.enter(object, client);
      } finally {
        mutex.unlock();
      }
    }

    private void free() {
      mutex.lock();
      try {
        barred.clear();
        stuck = false;
      } finally {
        mutex.unlock();
      }
    }

    /// Where this one is barred before it takes its turn, the newer one's comes first.
    private void bar(ObjectId object) {
      mutex.lock();
      try {
        if (stuck && line.taken() - takenWhenBarred > BUFFERED_MAX) {
          free();
        }
        if (standing(object) == Standing.BEHIND) {
          takenWhenBarred = stuck ? takenWhenBarred : line.taken();
          stuck = true;
          barred.add(object);
        }
        if (barred.size() > BARRED_MAX) {
          line.close();
        }
      } finally {
        mutex.unlock();
      }
    }

    /// Looked at by a newer one, while this one goes on. A waiting one takes a single byte before
    /// it says that it is busy, so that nothing can have been taken and be neither unread nor seen.
    private Standing standing(ObjectId object) {
      At before = at;
      if (before == LEFT || neverStarted()) {
        return Standing.CAUGHT_UP;
      } else if (before == COMING || before == BUSY || line.unread()) {
        return Standing.BEHIND;
      }
      At after = at;
      if (before == WAITING && after == WAITING) {
        return Standing.CAUGHT_UP;
      }
      boolean elsewhere = before == after && !before.object.equals(Optional.of(object));
      return elsewhere ? Standing.ELSEWHERE : Standing.BEHIND;
    }

    private boolean neverStarted() {
      return at == COMING && line.closed();
    }

    /// An older connection that is waited for.
    private final class Watch {
      private final Place elder;
      private final long taken;
      private long takenLast;
      private final long beganAt = clock.nanos();
      private long movedAt = beganAt;

      Watch(Place elder) {
        this.elder = elder;
        this.taken = elder.line.taken();
        this.takenLast = taken;
      }

      /// Whether it need not be waited for any longer.
      boolean ends(ObjectId object) {
        long now = elder.line.taken();
        if (now != takenLast) {
          takenLast = now;
          movedAt = clock.nanos();
        }
        if (now - taken > BUFFERED_MAX) {
          elders.remove(elder);
          return true;
        }
        Standing standing = elder.standing(object);
        if (standing == Standing.CAUGHT_UP) {
          elders.remove(elder);
        }
        if (standing != Standing.BEHIND) {
          return true;
        }
        long at = clock.nanos();
        boolean given =
            elder.stuck || at - movedAt > STALL_MAX.toNanos() || at - beganAt > WAIT_MAX.toNanos();
        if (given) {
          elder.bar(object);
        }
        return given;
      }
    }
  }
}

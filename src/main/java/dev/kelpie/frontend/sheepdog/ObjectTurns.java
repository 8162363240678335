package dev.kelpie.frontend.sheepdog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Locks;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Keeps changes of one object that come from different connections in the order in which they
/// arrived; those of one connection run side by side.
///
/// A client that lost its connection makes a new one and sends everything again, while its old
/// requests may still be in the works. If one of those took effect after a newer request of the
/// same client was answered, it would bring back old bytes (I13). So a change waits until all
/// changes of its object that arrived earlier on other connections have ended.
final class ObjectTurns {
  /// Parts that do not wait for each other's lock.
  private static final int PARTS = 64;

  private final List<Part> parts = new ArrayList<>();

  ObjectTurns(Locks locks) {
    for (int i = 0; i < PARTS; i++) {
      parts.add(new Part(locks.mutex()));
    }
  }

  /// Takes a place behind all that came before. Called in the order of arrival.
  ///
  /// @param client the connection
  Turn enter(ObjectId object, Object client) {
    return parts.get(Long.hashCode(object.value()) & (PARTS - 1)).enter(object, client);
  }

  /// A place in the order; left by closing it, once.
  static final class Turn implements AutoCloseable {
    private final Part part;
    private final ObjectId object;
    private final Group group;

    private Turn(Part part, ObjectId object, Group group) {
      this.part = part;
      this.object = object;
      this.group = group;
    }

    /// Whether the change may be made now.
    boolean come() {
      return part.come(this);
    }

    /// Waits until it may.
    void await() {
      part.await(this);
    }

    @Override
    public void close() {
      part.leave(this);
    }
  }

  /// Changes of one connection without another's between them.
  private static final class Group {
    private final Object client;
    private int changes;

    Group(Object client) {
      this.client = client;
    }
  }

  private static final class Part {
    private final Locks.Mutex mutex;
    private final Locks.Signal moved;
    private final Map<ObjectId, ArrayDeque<Group>> queues = new HashMap<>();

    Part(Locks.Mutex mutex) {
      this.mutex = mutex;
      this.moved = mutex.signal();
    }

    Turn enter(ObjectId object, Object client) {
      mutex.lock();
      try {
        ArrayDeque<Group> queue = queues.computeIfAbsent(object, _ -> new ArrayDeque<>());
        if (queue.isEmpty() || !queue.getLast().client.equals(client)) {
          queue.add(new Group(client));
        }
        Group group = queue.getLast();
        group.changes++;
        return new Turn(this, object, group);
      } finally {
        mutex.unlock();
      }
    }

    boolean come(Turn turn) {
      mutex.lock();
      try {
        return first(turn);
      } finally {
        mutex.unlock();
      }
    }

    void await(Turn turn) {
      mutex.lock();
      try {
        while (!first(turn)) {
          moved.await();
        }
      } finally {
        mutex.unlock();
      }
    }

    void leave(Turn turn) {
      mutex.lock();
      try {
        turn.group.changes--;
        ArrayDeque<Group> queue = queue(turn);
        if (turn.group.changes == 0) {
          queue.remove(turn.group);
          moved.wakeAll();
        }
        if (queue.isEmpty()) {
          queues.remove(turn.object);
        }
      } finally {
        mutex.unlock();
      }
    }

    private boolean first(Turn turn) {
      return queue(turn).element() == turn.group;
    }

    private ArrayDeque<Group> queue(Turn turn) {
      return queues.getOrDefault(turn.object, new ArrayDeque<>());
    }
  }
}

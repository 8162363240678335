package dev.kelpie.cluster.local;

import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.journal.Draft;
import dev.kelpie.cluster.journal.Records;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;

/// What one process has announced, and what of it was lost.
final class Announcements {
  private final String session;
  private final Map<String, Announced> open = new ConcurrentHashMap<>();

  /// Those whose makers have yet to be told that they are gone.
  private final Queue<Announced> lost = new ConcurrentLinkedQueue<>();

  Announcements(String session) {
    this.session = session;
  }

  /// Announces a record in these records.
  ///
  /// @return empty where the key is taken
  Optional<Presence> make(SharedRecords in, String key, byte[] value, Runnable whenLost)
      throws IOException {
    byte[] own = checked(key, value);
    Announced made = new Announced(in, key, whenLost);
    return in.change(draft -> draft.announce(key, own, session), made::begin)
        ? Optional.of(made)
        : Optional.empty();
  }

  private static byte[] checked(String key, byte[] value) {
    Records.requireValid(key, value);
    return value.clone();
  }

  /// These records have changed. Called with the mutex of the records.
  void changed(Set<String> keys, Records now) {
    for (String key : keys) {
      if (!now.session(key).equals(Optional.of(session))) {
        lose(key);
      }
    }
  }

  /// Nothing that was announced is there any more.
  void loseAll() {
    open.keySet().forEach(this::lose);
  }

  /// The makers close all.
  void closeAll() {
    open.values().forEach(announced -> announced.held = false);
    open.clear();
  }

  private void lose(String key) {
    Announced gone = open.remove(key);
    if (gone != null && gone.held) {
      gone.held = false;
      lost.add(gone);
    }
  }

  /// Tells the makers of what was lost, each in a task of its own, so that none has to wait for
  /// another.
  void tellLost(Tasks tasks, Log log) {
    while (!lost.isEmpty()) {
      Announced next = lost.remove();
      try {
        tasks.start("cluster-lost-" + next.key, () -> next.tell(log));
      } catch (RejectedExecutionException e) {
        log.warn("the loss of " + next.key + " is told later: " + e.getMessage());
        lost.add(next);
        return;
      }
    }
  }

  private final class Announced implements Presence {
    private final SharedRecords records;
    private final String key;
    private final Runnable whenLost;

    /// Whether the record is there and its maker wants it to be.
    private volatile boolean held;

    /// Whether its end was taken into a draft that was not given up.
    private volatile boolean withdrawn;

    Announced(SharedRecords records, String key, Runnable whenLost) {
      this.records = records;
      this.key = key;
      this.whenLost = whenLost;
    }

    void begin() {
      open.put(key, this);
      held = true;
    }

    /// No limit while it is held (see the package): nobody removes the record before the kernel
    /// says that this process has ended.
    @Override
    public long lease() {
      return held ? Long.MAX_VALUE : 0;
    }

    @Override
    public void update(byte[] value) throws IOException {
      byte[] own = checked(key, value);
      if (!records.change(draft -> held && draft.change(key, own, session), () -> {})) {
        throw new IOException(key + " is not announced any more");
      }
    }

    @Override
    public void close() throws IOException {
      held = false;
      if (open.get(key) != this) {
        return;
      }
      try {
        records.change(this::withdraw, () -> open.remove(key, this));
      } catch (IOException e) {
        withdrawn = false;
        throw e;
      }
    }

    private boolean withdraw(Draft draft) {
      if (withdrawn || open.get(key) != this) {
        return false;
      }
      withdrawn = true;
      return draft.withdraw(key, session);
    }

    private void tell(Log log) {
      try {
        whenLost.run();
      } catch (RuntimeException e) {
        log.error("the loss of " + key + " in the cluster's records was not dealt with: " + e);
      }
    }
  }
}

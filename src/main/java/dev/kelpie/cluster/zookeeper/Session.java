package dev.kelpie.cluster.zookeeper;

import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.jspecify.annotations.Nullable;

/// One session with the ensemble: its state, its lease, and what was announced in it.
///
/// A session outlives its connections, and also its [Client]: one that has heard nothing for a
/// while gives up, and the next one takes the session up. It ends when the servers say so. Its
/// state changes under the lock of [Sessions].
final class Session {
  private static final int ANY_VERSION = -1;

  private final Ensemble ensemble;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final Consumer<Announced> onLost;
  private final Lease lease;
  private final Map<String, Announced> announced = new ConcurrentHashMap<>();

  /// Keys that are announced, or are being announced.
  private final Set<String> taken = ConcurrentHashMap.newKeySet();

  private final Deletions deletions = new Deletions(this);

  private State state = State.WITHOUT_CLIENT;
  private @Nullable Client client;
  private Optional<Client.Ticket> ticket = Optional.empty();
  private @Nullable CommitSlots slots;

  /// Where a session is.
  enum State {
    /// A client is to be made.
    WITHOUT_CLIENT,
    CONNECTING,
    CONNECTED,
    /// The ensemble has ended it.
    ENDED,
    /// This process has.
    CLOSED
  }

  /// A session that is about to be opened.
  ///
  /// @param mutex guards the state
  /// @param changed wakes those who wait for another state
  /// @param onLost gets each record that is gone and whose maker is to be told
  Session(Ensemble ensemble, Locks.Mutex mutex, Locks.Signal changed, Consumer<Announced> onLost) {
    this.ensemble = ensemble;
    this.mutex = mutex;
    this.changed = changed;
    this.onLost = onLost;
    this.lease = new Lease(ensemble.platform().clock(), ensemble.timeout());
  }

  Ensemble ensemble() {
    return ensemble;
  }

  Lease lease() {
    return lease;
  }

  // For those who have something to ask.

  /// Waits until the session is connected.
  ///
  /// @return empty where it has ended
  /// @throws IOException where it is not connected in time
  Optional<Client> client(Patience patience) throws IOException {
    mutex.lock();
    try {
      while (state != State.CONNECTED) {
        if (state == State.ENDED) {
          return Optional.empty();
        }
        if (state == State.CLOSED) {
          throw closed();
        }
        if (patience.isOver()) {
          throw ensemble.unreachable(patience);
        }
        changed.await(patience.left());
      }
      return Optional.ofNullable(client);
    } finally {
      mutex.unlock();
    }
  }

  private static IOException closed() {
    return new IOException("the records are closed");
  }

  /// The slots of a session that was connected.
  Optional<CommitSlots> slots() {
    mutex.lock();
    try {
      return Optional.ofNullable(slots);
    } finally {
      mutex.unlock();
    }
  }

  /// Whether this process has announced the record.
  boolean hasAnnounced(String key) {
    return announced.containsKey(key);
  }

  // For Announcer and Announced.

  /// Reserves a key that is to be announced. Waits where an earlier record of this session is to be
  /// deleted first.
  ///
  /// @return whether it was free, as far as this process knows
  boolean take(String key, Patience patience) throws IOException {
    mutex.lock();
    try {
      while (deletions.isLeft(key) && state != State.ENDED) {
        if (state == State.CLOSED) {
          throw closed();
        }
        if (patience.isOver()) {
          throw new IOException(
              "an earlier record of " + key + " is there yet: " + ensemble.unanswered(patience));
        }
        changed.await(patience.left());
      }
    } finally {
      mutex.unlock();
    }
    return taken.add(key);
  }

  /// No deletion stands in the way of those who wait in [#take].
  void deleted() {
    mutex.lock();
    try {
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// The record is there.
  void add(Announced record) {
    announced.put(record.key(), record);
    boolean over;
    mutex.lock();
    try {
      over = state == State.ENDED;
    } finally {
      mutex.unlock();
    }
    if (over) {
      lost(record);
    }
  }

  /// The key is not announced after all.
  ///
  /// @param delete whether the record may be there all the same
  void free(String key, boolean delete) {
    if (delete) {
      deletions.deleteSoon(key);
    }
    taken.remove(key);
  }

  /// Deletes a record that its maker has closed.
  void withdraw(Announced record) throws IOException {
    if (announced.remove(record.key(), record) && !isClosed()) {
      try {
        deletions.delete(record.key());
      } finally {
        taken.remove(record.key());
      }
    }
  }

  private boolean isClosed() {
    mutex.lock();
    try {
      return state == State.CLOSED;
    } finally {
      mutex.unlock();
    }
  }

  /// The record is gone, and its maker did not close it.
  void lost(Announced record) {
    if (announced.remove(record.key(), record)) {
      taken.remove(record.key());
    }
    if (record.lose()) {
      onLost.accept(record);
    }
  }

  // For Sessions, which has the lock where these change the state.

  State state() {
    return state;
  }

  Optional<Client> client() {
    return Optional.ofNullable(client);
  }

  /// Begins to connect.
  void connect(Client.Events events) throws IOException {
    client = new Client(ensemble.settings(), ensemble.platform(), events, ticket);
    state = State.CONNECTING;
  }

  void connected(Client by) {
    state = State.CONNECTED;
    lease.timeout(by.timeout());
    Client.Ticket now = by.ticket();
    ticket = Optional.of(now);
    if (slots == null) {
      slots =
          new CommitSlots(
              ensemble.names().commits() + "/" + Long.toHexString(now.session()) + "-",
              ensemble.settings().acl());
    }
  }

  void disconnected() {
    state = State.CONNECTING;
  }

  void withoutClient() {
    state = State.WITHOUT_CLIENT;
  }

  /// The ensemble has ended the session: what was announced is gone.
  void end() {
    state = State.ENDED;
    lease.end();
    announced.values().forEach(this::lost);
  }

  /// This process ends the session.
  void close() {
    state = State.CLOSED;
    lease.end();
  }

  /// What is agreed on, or asked for as long as nothing is.
  Duration timeout() {
    Client now = client;
    return state == State.CONNECTED && now != null ? now.timeout() : ensemble.timeout();
  }

  /// Lets the leader know that this process lives, and deletes what nobody wants.
  void renewIfConnected() {
    Optional<Client> by;
    mutex.lock();
    try {
      by = state == State.CONNECTED ? client() : Optional.empty();
    } finally {
      mutex.unlock();
    }
    by.ifPresent(this::renew);
    by.ifPresent(_ -> deletions.goOn());
  }

  /// A write that changes nothing, and that finds out whether what was announced is there yet.
  private void renew(Client by) {
    List<Announced> here = List.copyOf(announced.values());
    List<Op> checks =
        here.isEmpty()
            ? List.of(check(ensemble.names().root()))
            : here.stream().map(record -> check(znode(record.key()))).toList();
    Lease.Write write = lease.begin();
    by.multi(
        checks,
        (code, results) -> {
          if (code == Code.OK) {
            write.answered();
          } else if (code == Code.NONODE && !here.isEmpty()) {
            lost(here.get(Client.firstRefused(results)));
          } else if (!Lost.isMeantBy(code)) {
            ensemble.log().error("the lease is not renewed: " + ensemble.refused("check", code));
          }
        });
  }

  private static Op check(String znode) {
    return Op.check(znode, ANY_VERSION);
  }

  private String znode(String key) {
    return ensemble.names().record(key);
  }
}

package dev.kelpie.cluster.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ConnectStringParser;
import org.apache.zookeeper.client.StaticHostProvider;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/// ZooKeeper's client, whose answers can be waited for with a limit. Requests are sent, carried out
/// and answered in the order of the calls, so that a later one may be sent before an earlier one is
/// answered.
///
/// It connects to another server by itself. It gives up when it has reached none for 4/3 of the
/// session timeout, or a server says that the session is over.
final class Client implements Watcher {
  private final Locks locks;
  private final Clock clock;
  private final Events events;
  private final long began;
  private final int timeoutMillis;
  private final ZooKeeper zooKeeper;
  private volatile boolean wasConnected;

  /// What happens to a client. The calls come one after the other and must not wait for answers.
  interface Events {
    /// It is connected, for the first time or again.
    void connected(Client client);

    /// It is not connected any more, and tries to be.
    void disconnected(Client client);

    /// It has given up ([Client#end]), and nothing more comes of it. May be called twice.
    void over(Client client);

    /// A znode that is watched has changed.
    void changed(String path);
  }

  /// Why a client has given up.
  enum End {
    /// The servers say that the session is over.
    EXPIRED,
    /// No server said anything for a while; the session may be alive.
    UNHEARD,
    /// The servers do not accept what this process says to prove who it is.
    STRANGER
  }

  /// What a session can be taken up with by another client.
  record Ticket(long session, byte[] password) {}

  /// A znode.
  record Data(byte[] value, Stat stat) {}

  /// Starts to connect. The caller holds a lock that the calls of `events` need too: they come when
  /// this has returned.
  ///
  /// @param ticket of a session that is to go on; a new one begins where there is none
  Client(ClientSettings settings, Platform platform, Events events, Optional<Ticket> ticket)
      throws IOException {
    this.locks = platform.locks();
    this.clock = platform.clock();
    this.began = clock.nanos();
    this.timeoutMillis = settings.timeoutMillis();
    this.events = events;
    if (ticket.isEmpty()) {
      zooKeeper =
          new ZooKeeper(settings.servers(), settings.timeoutMillis(), this, settings.client());
    } else {
      zooKeeper =
          new ZooKeeper(
              settings.servers(),
              settings.timeoutMillis(),
              this,
              ticket.get().session,
              ticket.get().password,
              false,
              new StaticHostProvider(
                  new ConnectStringParser(settings.servers()).getServerAddresses()),
              settings.client());
    }
    settings
        .auth()
        .ifPresent(auth -> {
          int colon = auth.indexOf(':');
          zooKeeper.addAuthInfo(
              auth.substring(0, colon), auth.substring(colon + 1).getBytes(UTF_8));
        });
  }

  /// What the session can be taken up with, once this client was connected.
  Ticket ticket() {
    return new Ticket(zooKeeper.getSessionId(), zooKeeper.getSessionPasswd());
  }

  /// The session timeout that the servers have agreed to.
  Duration timeout() {
    return Duration.ofMillis(zooKeeper.getSessionTimeout());
  }

  /// Why it has given up. A server that refuses a session gives it no timeout; but a client that
  /// was never connected has none either. Such a one waits for 4/3 of the timeout, so what took
  /// longer than the timeout is taken for that: if the session is over, the next client is told so
  /// sooner.
  End end() {
    if (zooKeeper.getState() == ZooKeeper.States.AUTH_FAILED) {
      return End.STRANGER;
    }
    boolean hadTime = clock.nanos() - began > Duration.ofMillis(timeoutMillis).toNanos();
    boolean refused = zooKeeper.getSessionTimeout() <= 0 && (wasConnected || !hadTime);
    return refused ? End.EXPIRED : End.UNHEARD;
  }

  /// Makes all changes or none.
  Answer<List<OpResult>> multi(List<Op> changes) {
    Answer<List<OpResult>> answer = new Answer<>(locks);
    multi(changes, answer::give);
    return answer;
  }

  /// Makes all changes or none, and calls `then` with the answer, which must not wait.
  void multi(List<Op> changes, Then then) {
    zooKeeper.multi(
        changes,
        (rc, _, _, results) -> then.answered(Code.get(rc), results == null ? List.of() : results),
        null);
  }

  /// What becomes of changes.
  interface Then {
    /// The answer is here.
    ///
    /// @param results of each change; none where nothing is known
    void answered(Code code, List<OpResult> results);
  }

  /// Which change was refused where not all were made.
  static int firstRefused(List<OpResult> results) {
    for (int i = 0; i < results.size(); i++) {
      if (results.get(i) instanceof OpResult.ErrorResult error
          && error.getErr() != Code.OK.intValue()) {
        return i;
      }
    }
    return 0;
  }

  /// Reads a znode.
  Answer<Data> data(String path) {
    Answer<Data> answer = new Answer<>(locks);
    zooKeeper.getData(
        path,
        false,
        (rc, _, _, value, stat) -> answer.give(Code.get(rc), data(rc, value, stat)),
        null);
    return answer;
  }

  private static @Nullable Data data(int rc, byte @Nullable [] value, Stat stat) {
    return rc == Code.OK.intValue() ? new Data(value == null ? new byte[0] : value, stat) : null;
  }

  /// Reads the names of a znode's children.
  Answer<List<String>> children(String path) {
    Answer<List<String>> answer = new Answer<>(locks);
    zooKeeper.getChildren(path, false, (rc, _, _, names) -> answer.give(Code.get(rc), names), null);
    return answer;
  }

  /// From now on tells of all changes of a znode and of those under it.
  Answer<String> watch(String path) {
    Answer<String> answer = new Answer<>(locks);
    watch(path, code -> answer.give(code, path));
    return answer;
  }

  /// From now on tells of all changes of a znode and of those under it, and calls `then` with the
  /// answer, which must not wait.
  void watch(String path, Consumer<Code> then) {
    zooKeeper.addWatch(
        path,
        this,
        AddWatchMode.PERSISTENT_RECURSIVE,
        (rc, _, _) -> then.accept(Code.get(rc)),
        null);
  }

  /// Ends the session, and with it what was announced in it; where no server can be told so, the
  /// servers find out.
  void close() throws InterruptedException {
    zooKeeper.close();
  }

  @Override
  public void process(WatchedEvent event) {
    if (event.getType() != Event.EventType.None) {
      events.changed(event.getPath());
      return;
    }
    switch (event.getState()) {
      case SyncConnected -> {
        wasConnected = true;
        events.connected(this);
      }
      case Disconnected -> events.disconnected(this);
      case Expired, AuthFailed -> events.over(this);
      // Closed by us; the others are not asked for.
      default -> {}
    }
  }
}

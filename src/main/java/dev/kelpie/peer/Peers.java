package dev.kelpie.peer;

import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.replica.Copies;
import dev.kelpie.replica.StoreNode;
import java.io.Closeable;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// The other nodes, by their names. Asking one that was never asked needs no more than its name.
public final class Peers implements Closeable {
  /// How often requests are looked after that take too long.
  private static final Duration LOOK_PERIOD = Duration.ofMillis(250);

  private final Platform platform;
  private final PeerConfig config;
  private final Dialer dialer;
  private final Map<Purpose, Map<String, PeerLink>> links = new EnumMap<>(Purpose.class);
  private final Tasks.Task watch;
  private volatile boolean closed;

  /// Connects to nobody yet.
  public Peers(Platform platform, PeerConfig config, PeerSelf self) {
    this.platform = platform;
    this.config = config;
    this.dialer = new Dialer(platform, config, self);
    for (Purpose purpose : Purpose.values()) {
      links.put(purpose, new ConcurrentHashMap<>());
    }
    this.watch = platform.tasks().start("peer watch", this::watch);
  }

  /// A node's copies, for a primary.
  public Copies copies(String node) {
    return new RemoteCopies(link(node, Purpose.COPIES), config);
  }

  /// A node, for a gateway.
  public StoreNode store(String node) {
    return new RemoteStoreNode(link(node, Purpose.STORE), config);
  }

  private PeerLink link(String node, Purpose purpose) {
    return Objects.requireNonNull(links.get(purpose))
        .computeIfAbsent(node, _ -> make(node, purpose));
  }

  private PeerLink make(String node, Purpose purpose) {
    PeerLink link = new PeerLink(platform, dialer, config.connect(), node, purpose);
    if (closed) {
      link.close();
    }
    return link;
  }

  private void each(Consumer<PeerLink> what) {
    for (Map<String, PeerLink> some : links.values()) {
      some.values().forEach(what);
    }
  }

  /// A node is taken for dead: nobody waits for its answers any more.
  public void down(String node) {
    for (Map<String, PeerLink> some : links.values()) {
      Optional.ofNullable(some.get(node)).ifPresent(link -> link.drop("the node is down"));
    }
  }

  private void watch() {
    try {
      while (!closed) {
        platform.tasks().sleep(LOOK_PERIOD);
        each(PeerLink::look);
      }
    } catch (InterruptedException _) {
      // It was closed.
    }
  }

  /// Gives all connections up; what is under way fails, and so does what is asked from now on.
  @Override
  public void close() {
    closed = true;
    watch.cancel();
    each(PeerLink::close);
  }
}

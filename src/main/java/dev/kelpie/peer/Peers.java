package dev.kelpie.peer;

import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.replica.Copies;
import dev.kelpie.replica.StoreNode;
import java.io.Closeable;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The other nodes, by their names. Asking one that was never asked needs no more than its name.
public final class Peers implements Closeable {
  /// How often requests are looked after that take too long.
  private static final Duration LOOK_PERIOD = Duration.ofMillis(250);

  private final Platform platform;
  private final PeerConfig config;
  private final Dialer dialer;
  private final Map<Way, PeerLink> links = new ConcurrentHashMap<>();
  private final Tasks.Task watch;
  private volatile boolean closed;

  /// A node, and what is wanted of it.
  private record Way(String node, Purpose purpose) {}

  /// Connects to nobody yet.
  public Peers(Platform platform, PeerConfig config, PeerSelf self) {
    this.platform = platform;
    this.config = config;
    this.dialer = new Dialer(platform, config, self);
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
    return links.computeIfAbsent(new Way(node, purpose), this::link);
  }

  private PeerLink link(Way way) {
    PeerLink link = new PeerLink(platform, dialer, config.connect(), way.node, way.purpose);
    if (closed) {
      link.close();
    }
    return link;
  }

  /// A node is taken for dead: nobody waits for its answers any more.
  public void down(String node) {
    for (Map.Entry<Way, PeerLink> entry : links.entrySet()) {
      if (entry.getKey().node.equals(node)) {
        entry.getValue().drop("the node is down");
      }
    }
  }

  private void watch() {
    try {
      while (!closed) {
        platform.tasks().sleep(LOOK_PERIOD);
        links.values().forEach(PeerLink::look);
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
    List.copyOf(links.values()).forEach(PeerLink::close);
  }
}

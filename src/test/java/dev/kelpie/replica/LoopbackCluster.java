package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.frontend.sheepdog.PeerDoor;
import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import dev.kelpie.object.CopyStore;
import dev.kelpie.peer.PeerConfig;
import dev.kelpie.peer.PeerSelf;
import dev.kelpie.peer.PeerServer;
import dev.kelpie.peer.Peers;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.store.disk.DiskStoreConfig;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.RecordingLog;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.tls.TlsContext;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Nodes in this process that reach each other over loopback sockets, through the port of the
/// Sheepdog protocol, and keep their copies in disk stores over memory. Each is a gateway too.
public final class LoopbackCluster implements Closeable {
  private final List<Node> nodes = new ArrayList<>();
  private final RecordingLog log = new RecordingLog();

  /// A node.
  ///
  /// @param store the cluster's objects as a client of the node sees them
  public record Node(
      String name,
      TestPlatform platform,
      CopyStore copies,
      Peers peers,
      PeerServer server,
      PeerDoor door,
      ReplicatedStore store) {}

  /// Starts all.
  ///
  /// @param tls what nodes show when they connect; empty where they do that in plain
  public LoopbackCluster(int count, int copies, Access access, Optional<TlsContext> tls)
      throws IOException {
    List<TestPlatform> platforms = new ArrayList<>();
    List<Network.Listener> listeners = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      MemoryDisk disk = new MemoryDisk();
      disk.mount("/disk");
      TestPlatform platform = new TestPlatform(disk);
      InetAddress address = InetAddress.getLoopbackAddress();
      Network.Listener listener =
          platform.platform().network().listen(new Endpoint.Tcp(address, 0));
      platforms.add(platform);
      listeners.add(listener);
      names.add(listener.at().toString());
    }
    FixedTable table = new FixedTable(names, copies);
    for (int i = 0; i < count; i++) {
      nodes.add(start(names.get(i), table, platforms.get(i), listeners.get(i), access, tls));
    }
  }

  private Node start(
      String name,
      FixedTable table,
      TestPlatform test,
      Network.Listener listener,
      Access access,
      Optional<TlsContext> tls)
      throws IOException {
    Platform platform = test.platform();
    List<Path> paths = List.of(Path.of("/disk"));
    DiskStore.prepare(platform, Log.NONE, paths);
    DiskStore copies = DiskStore.open(platform, Log.NONE, paths, DiskStoreConfig.DEFAULT);
    PeerSelf self = new PeerSelf(name, () -> 1, tls);
    Peers peers = new Peers(platform, PeerConfig.DEFAULT, self);
    Holder holder = new Holder(table, copies, platform.locks());
    AllAtOnce everywhere =
        new AllAtOnce(name, holder, peers::copies, platform.tasks(), platform.locks());
    Primary primary =
        new Primary(
            name,
            table,
            holder,
            everywhere,
            () -> {
              throw new IOException("a node does not answer");
            },
            platform.locks());
    OwnStoreNode own = new OwnStoreNode(name, table, primary, holder);
    PeerServer server = new PeerServer(platform, log, PeerConfig.DEFAULT, self, holder, own);
    PeerDoor door = new PeerDoor(platform, log, listener, access, server);
    ReplicatedStore store =
        new ReplicatedStore(name, table, own, peers::store, platform, Duration.ofSeconds(10));
    return new Node(name, test, copies, peers, server, door, store);
  }

  public List<Node> nodes() {
    return List.copyOf(nodes);
  }

  /// What they have to say.
  public RecordingLog log() {
    return log;
  }

  /// Stops all, and fails where something is left of requests, or went wrong.
  @Override
  public void close() throws IOException {
    nodes.forEach(node -> node.peers.close());
    for (Node node : nodes) {
      node.door.close();
      assertEquals(0, node.server.memoryUsed(), "bytes of memory in use");
      assertEquals(0, node.server.connections(), "connections of other nodes");
      node.copies.close();
      node.platform.assertNoFailures();
    }
    assertEquals(List.of(), log.messages(Level.ERROR));
  }
}

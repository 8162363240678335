package dev.kelpie.sheep;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.HomeCluster;
import dev.kelpie.cluster.Membership;
import dev.kelpie.cluster.Seat;
import dev.kelpie.log.Log;
import dev.kelpie.object.CopyStore;
import dev.kelpie.peer.PeerConfig;
import dev.kelpie.peer.PeerSelf;
import dev.kelpie.peer.PeerServer;
import dev.kelpie.peer.Peers;
import dev.kelpie.platform.Platform;
import dev.kelpie.replica.AllAtOnce;
import dev.kelpie.replica.GroupedTable;
import dev.kelpie.replica.Holder;
import dev.kelpie.replica.OwnStoreNode;
import dev.kelpie.replica.Primary;
import dev.kelpie.replica.Recovery;
import dev.kelpie.replica.RecoveryTask;
import dev.kelpie.replica.ReplicatedStore;
import dev.kelpie.replica.SlotBook;
import dev.kelpie.replica.SlotBookTask;
import dev.kelpie.replica.SlotTable;
import dev.kelpie.tls.TlsContext;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The objects of the cluster that this node is in: its own copies, those of other nodes, and what
/// keeps them the same.
///
/// @param server for other nodes
/// @param store the objects of all nodes
/// @param control what operators want of recovery
record Replication(PeerServer server, ReplicatedStore store, ClusterRecovery control) {
  /// How long a primary waits before it tries again what another node did not do.
  private static final Duration PAUSE = Duration.ofMillis(50);

  /// What of the node it stands on.
  ///
  /// @param name of this node
  /// @param disks its own copies
  /// @param tls for connections to other nodes; empty where they are plain
  record Ground(
      Platform platform,
      Log log,
      Coordination records,
      ClusterBook book,
      HomeCluster home,
      Membership membership,
      String name,
      CopyStore disks,
      Optional<TlsContext> tls) {}

  /// Begins to take part.
  ///
  /// @param floors what is begun is put there
  static Replication open(Ground ground, SlotBook book, Floors floors) throws IOException {
    Platform platform = ground.platform;
    String name = ground.name;
    floors.add("slots", new SlotBookTask(platform, ground.log, ground.records, ground.book, book));
    SlotTable slots = new GroupedTable(book, platform.locks());
    PeerSelf self = new PeerSelf(name, ground.home::cluster, ground.tls);
    Peers peers = floors.add("other nodes", new Peers(platform, PeerConfig.DEFAULT, self));
    Holder holder = new Holder(slots, ground.disks, platform.locks());
    AllAtOnce everywhere =
        new AllAtOnce(name, holder, peers::copies, platform.tasks(), platform.locks());
    Primary primary =
        new Primary(name, slots, holder, everywhere, () -> pause(platform), platform.locks());
    OwnStoreNode own = new OwnStoreNode(name, slots, primary, holder);
    PeerServer server = new PeerServer(platform, ground.log, PeerConfig.DEFAULT, self, holder, own);
    Recovery recovery = new Recovery(name, slots, holder, primary, platform.locks());
    RecoveryTask task = RecoveryTask.start(recovery, platform, ground.log, RecoveryTask.PERIOD);
    floors.add("recovery", task::close);
    ClusterRecovery control =
        floors.add(
            "orders to recovery", new ClusterRecovery(ground.records, ground.log, recovery, task));
    ReplicatedStore store =
        floors.add(
            "objects of the cluster",
            new ReplicatedStore(name, slots, own, peers::store, platform, ReplicatedStore.WINDOW));
    floors.add(
        "news of the map", ground.book.watch(() -> mapChanged(ground.membership, peers, task)));
    return new Replication(server, store, control);
  }

  /// Nobody waits any more for nodes that are down.
  private static void mapChanged(Membership membership, Peers peers, RecoveryTask task) {
    membership.map().map(Cluster::seats).stream()
        .flatMap(List::stream)
        .filter(seat -> seat.state() != Seat.State.UP)
        .forEach(seat -> peers.down(seat.member().name()));
    task.look();
  }

  private static void pause(Platform platform) throws IOException {
    try {
      platform.tasks().sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while another node was waited for", e);
    }
  }
}

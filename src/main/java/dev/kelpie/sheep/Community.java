package dev.kelpie.sheep;

import dev.kelpie.cluster.Announcement;
import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.EpochMemory;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Holdings;
import dev.kelpie.cluster.HomeCluster;
import dev.kelpie.cluster.Identity;
import dev.kelpie.cluster.MapFollower;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.Membership;
import dev.kelpie.cluster.MembershipTask;
import dev.kelpie.cluster.Roll;
import dev.kelpie.cluster.StopOrder;
import dev.kelpie.log.QueuedLog;
import dev.kelpie.object.CopyStore;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.Platform;
import dev.kelpie.replica.SlotBook;
import dev.kelpie.replica.SlotFollower;
import dev.kelpie.tls.TlsContext;
import dev.kelpie.vdi.LeaseBook;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The nodes that this one is among, maybe none: the records that they agree through, and its own
/// place there.
///
/// @param records what the nodes agree through
/// @param task drives the membership
record Community(
    Ground ground,
    Identity identity,
    Coordination records,
    ClusterBook book,
    EpochMemory memory,
    HomeCluster home,
    Membership membership,
    MembershipTask task,
    Roll roll) {
  /// How long nodes may take to remove what they have, where the cluster is formatted anew.
  private static final Duration CLEAR_LIMIT = Duration.ofMinutes(1);

  private static final Duration SEAT_LIMIT = Duration.ofSeconds(5);
  private static final Duration LOOK_EVERY = Duration.ofMillis(10);

  /// What of the node it stands on.
  ///
  /// @param own records of this node alone
  record Ground(
      Platform platform,
      QueuedLog log,
      BaseDirectory base,
      Coordination own,
      ClusterDriver driver) {}

  /// Joins them.
  ///
  /// @param floors what is begun is put there
  /// @throws IOException where this node must not be among them, or cannot
  static Community join(Ground ground, Identity identity, Holdings holdings, Floors floors)
      throws IOException {
    Platform platform = ground.platform;
    boolean shared = ground.driver.isShared();
    Coordination records =
        shared ? floors.add("records", ground.driver.open(platform, ground.log)) : ground.own;
    if (shared) {
      refuseAlone(ground);
    }
    ClusterBook book =
        new ClusterBook(records, shared ? new SlotFollower(records) : MapFollower.NONE);
    Path directory = ground.base.inside("cluster");
    EpochMemory memory = new EpochMemory(platform.disk(), directory);
    HomeCluster home = new HomeCluster(platform.disk(), directory, holdings);
    Membership membership =
        new Membership(
            records,
            book,
            memory,
            ground.driver.settings(),
            platform.clock(),
            // A node that is alone holds its directory's lock: an earlier life is over for certain.
            () -> shared ? platform.chance().nextLong() : 0,
            ground.log,
            identity,
            home);
    MembershipTask task =
        floors.add("membership", new MembershipTask(platform, ground.log, records, membership));
    return new Community(
        ground,
        identity,
        records,
        book,
        memory,
        home,
        membership,
        task,
        new Roll(platform, records));
  }

  /// What a node had when it was alone stays where it is: others know nothing of its disks.
  private static void refuseAlone(Ground ground) throws IOException {
    if (new ClusterBook(ground.own).cluster().isPresent()) {
      throw new IOException(
          ground.base.path()
              + " has the disks of a node that was formatted without -c: start it without -c, or"
              + " name an empty base directory for the cluster");
    }
  }

  boolean isShared() {
    return ground.driver.isShared();
  }

  /// Whether clients have to wait: the node is not in the map, or others may take it for dead.
  boolean isJoining() {
    return isShared() && book.cluster().isPresent() && !membership.mayServe();
  }

  /// The nodes that take part; before a cluster is formatted, those that would.
  List<Member> members() {
    Optional<Cluster> cluster = book.cluster();
    if (cluster.isPresent()) {
      return cluster.get().current().members();
    }
    try {
      return roll.call().stream().map(node -> node.identity().member()).toList();
    } catch (IOException e) {
      ground.log.warn("the other nodes cannot be listed: " + e.getMessage());
      return List.of(identity.member());
    }
  }

  /// Waits until clients can be served, for a while: what a crash has left behind is finished then.
  /// An earlier life of this node may have to be taken for dead first.
  void awaitSeat() throws IOException {
    long end = ground.platform.clock().nanos() + SEAT_LIMIT.toNanos();
    try {
      while (isJoining() && ground.platform.clock().nanos() < end) {
        ground.platform.tasks().sleep(LOOK_EVERY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the node joined the cluster", e);
    }
  }

  /// Takes part in keeping the objects of all.
  ///
  /// @param disks this node's own copies
  /// @param tls for connections to other nodes
  Replication replicate(CopyStore disks, Optional<TlsContext> tls, Floors floors)
      throws IOException {
    SlotBook slots = new SlotBook(records, book, memory, membership::life, identity.member());
    return Replication.open(
        new Replication.Ground(
            ground.platform,
            ground.log,
            records,
            book,
            home,
            membership,
            identity.member().name(),
            disks,
            tls),
        slots,
        floors);
  }

  /// The leases of this node.
  LeaseBook leases() {
    return isShared()
        ? new LeaseBook(
            ground.platform, ground.log, records, identity.id(), roll::has, LeaseBook.SILENCE)
        : new LeaseBook(ground.platform, ground.log, records, identity.id());
  }

  /// What clients get of a store.
  ObjectStore fenced(ObjectStore store) {
    return isShared() ? new Fence(store, membership) : store;
  }

  /// Lets all stop together.
  Departure departure(Shutdown shutdown) throws IOException {
    return new Departure(new StopOrder(records), roll, membership, task, shutdown, ground.log);
  }

  /// Has all who can be seen stop.
  void orderStop() throws IOException {
    if (isShared()) {
      membership.rest();
      new StopOrder(records).give();
    }
  }

  /// Ends the cluster, waits until nobody has anything of it, and begins another. The record says
  /// that it is ended before anything is removed, so that a crash in between cannot leave a cluster
  /// that looks whole.
  void format(Format how) throws IOException {
    book.unformat();
    membership.clear(book.edition());
    task.look();
    List<Announcement> all =
        roll.await(nodes -> nodes.stream().allMatch(node -> node.cluster() == 0), CLEAR_LIMIT);
    Optional<Announcement> late = all.stream().filter(node -> node.cluster() != 0).findFirst();
    if (late.isPresent()) {
      throw new IOException(
          "node "
              + late.get().identity().member().name()
              + " has objects of another cluster, and did not remove them within "
              + CLEAR_LIMIT.toSeconds()
              + " s: see its log; format again when it has, or without it");
    }
    if (!book.formatIfEnded(how, all, ground.platform.clock().now())) {
      throw new IOException("somebody else formatted the cluster at the same time");
    }
    task.look();
    // Whoever asked goes on with a disk, maybe through another node.
    List<Announcement> _ =
        roll.await(
            nodes -> nodes.stream().allMatch(node -> node.cluster() == how.createTime()),
            SEAT_LIMIT);
    awaitSeat();
  }
}

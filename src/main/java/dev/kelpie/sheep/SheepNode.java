package dev.kelpie.sheep;

import dev.kelpie.cache.CacheConfig;
import dev.kelpie.cache.CacheControl;
import dev.kelpie.cache.ObjectCache;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Identity;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.frontend.nbd.NbdConfig;
import dev.kelpie.frontend.nbd.NbdServer;
import dev.kelpie.frontend.sheepdog.AloneRecovery;
import dev.kelpie.frontend.sheepdog.NodeControl;
import dev.kelpie.frontend.sheepdog.RecoveryControl;
import dev.kelpie.frontend.sheepdog.Services;
import dev.kelpie.frontend.sheepdog.SheepdogConfig;
import dev.kelpie.frontend.sheepdog.SheepdogServer;
import dev.kelpie.log.QueuedLog;
import dev.kelpie.object.CacheTuning;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Platform;
import dev.kelpie.status.MeteredStore;
import dev.kelpie.status.StatusServer;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.vdi.LeaseBook;
import dev.kelpie.vdi.VdiCatalog;
import dev.kelpie.volume.VolumeExports;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// One node: the floors from the disks up to the front ends. Read [#start] first.
final class SheepNode implements Closeable {
  /// What the C program gives a node whose space is that of the average: here, of the only one.
  private static final int VIRTUAL_NODES = 128;

  /// How long clients may take to finish what they have in flight when the node stops.
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(20);

  /// How long a client of the status pages may take.
  private static final Duration STATUS_LIMIT = Duration.ofSeconds(10);

  private final SheepConfig config;
  private final BaseDirectory base;
  private final Platform platform;
  private final QueuedLog log;
  private final StoreFront front;
  private final Floors floors;

  /// Empty until other nodes and clients are let in.
  private Optional<SheepdogServer> sheepdog = Optional.empty();

  private SheepNode(
      SheepConfig config, BaseDirectory base, Platform platform, QueuedLog log, StoreFront front) {
    this.config = config;
    this.base = base;
    this.platform = platform;
    this.log = log;
    this.front = front;
    this.floors = new Floors(log);
  }

  /// What the rest of the node sees of the object store: the store itself, or something in front of
  /// it, with which a benchmark makes the store slower.
  @FunctionalInterface
  interface StoreFront {
    StoreFront NONE = (store, _) -> store;

    ObjectStore of(ObjectStore store, Platform platform);
  }

  /// Builds the floors from the bottom up, and lets clients in.
  ///
  /// @throws IOException where a floor cannot be built, naming the thing and the way out; those
  ///   below it are closed again
  static SheepNode start(
      SheepConfig config,
      BaseDirectory base,
      Platform platform,
      QueuedLog log,
      StoreFront front,
      Entrances entrances,
      Shutdown shutdown)
      throws IOException {
    SheepNode node = new SheepNode(config, base, platform, log, front);
    try {
      node.build(entrances, shutdown);
      return node;
    } catch (IOException | RuntimeException e) {
      node.closeAfter(e);
      throw e;
    }
  }

  private void build(Entrances entrances, Shutdown shutdown) throws IOException {
    Disk disk = platform.disk();
    Coordination own =
        floors.add("own records", new EmbeddedCoordination(platform, log, base.inside("cluster")));
    StoreDirectories directories = StoreDirectories.find(disk, log, base.path(), config.disks());
    DiskStore store = floors.add("object store", directories.open(platform, log, own));
    Contents contents = new Contents(store);
    Community community =
        Community.join(
            new Community.Ground(platform, log, base, own, config.place().driver()),
            new Identity(self(store), base.id()),
            contents,
            floors);
    ClusterBook book = community.book();
    Optional<Replication> replication =
        community.isShared()
            ? Optional.of(community.replicate(store, entrances.toPeers(), floors))
            : Optional.empty();
    if (replication.isPresent()) {
      floors.add("other nodes' requests", () -> drain(sheepdog));
      floors.add("departure", community.departure(shutdown));
      community.awaitSeat();
    }
    LeaseBook leases = community.leases();
    ObjectStore backend = replication.isPresent() ? replication.get().store() : store;
    MeteredStore metered = new MeteredStore(front.of(backend, platform), platform.clock());
    Optional<ObjectCache> cache = openCache(directories, metered, leases);
    Optional<CacheControl> control = cache.map(c -> c);
    ObjectStore objects = community.fenced(cache.isPresent() ? cache.get() : metered);
    VdiCatalog vdis =
        floors.add(
            "VDIs",
            new VdiCatalog(
                platform,
                log,
                community.records(),
                objects,
                leases,
                () -> defaultCopies(book),
                cache.isPresent() ? cache.get() : CacheTuning.NONE));
    cache.ifPresent(c -> c.warm(vdis.diskMap()));
    contents.add(control, vdis);
    RecoveryControl recovery =
        replication.isPresent() ? replication.get().control() : new AloneRecovery();
    NodeDesk desk = new NodeDesk(platform, community, recovery, vdis, store, shutdown, log);
    SheepdogServer server =
        new SheepdogServer(
            platform,
            log,
            new Services(vdis.clientObjects(), vdis, control, store, book, desk),
            SheepdogConfig.defaults(),
            entrances.sheepdog(),
            replication.map(Replication::server));
    sheepdog = Optional.of(server);
    if (replication.isPresent()) {
      floors.add("requests of clients", server::settle);
    } else {
      floors.add("clients of the Sheepdog protocol", () -> drain(sheepdog));
    }
    NbdServer nbd =
        new NbdServer(
            platform,
            log,
            new VolumeExports(log, vdis, leases, objects, () -> notServing(desk, book)),
            NbdConfig.DEFAULT,
            entrances.nbd());
    floors.add("clients of NBD", () -> nbd.drain(DRAIN_LIMIT));
    entrances.ports().sheepdog().forEach(server::serve);
    entrances.ports().nbd().forEach(nbd::serve);
    serveStatus(entrances, new StatusDesk(desk, book, store, metered, vdis, control, nbd, server));
  }

  private static void drain(Optional<SheepdogServer> server) {
    server.ifPresent(s -> s.drain(DRAIN_LIMIT));
  }

  private void serveStatus(Entrances entrances, StatusDesk desk) {
    StatusServer status =
        floors.add(
            "status pages",
            new StatusServer(platform, log, desk, entrances.status(), STATUS_LIMIT));
    entrances.ports().status().forEach(status::serve);
  }

  private static int defaultCopies(ClusterBook book) {
    return book.cluster().map(cluster -> cluster.format().copies()).orElse(0);
  }

  /// This node as clients and, later, other nodes know it.
  private Member self(DiskStore store) throws IOException {
    SheepConfig.Place place = config.place();
    InetAddress address =
        place
            .advertised()
            .or(() -> config.bind().filter(bound -> !bound.isAnyLocalAddress()))
            .orElse(Ports.IPV4_LOOPBACK);
    int zone = place.zone().isPresent() ? (int) place.zone().getAsLong() : zoneOf(address);
    int vnodes = place.vnodes().orElse(VIRTUAL_NODES);
    long space = vnodes == 0 ? 0 : NodeDesk.space(platform.disk(), store).total();
    return new Member(address, config.port(), vnodes, zone, space);
  }

  /// The last four bytes of the address, the lowest first, as the C program has it.
  private static int zoneOf(InetAddress address) {
    byte[] bytes = address.getAddress();
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - 4);
  }

  private static Optional<String> notServing(NodeDesk desk, ClusterBook book) {
    if (book.cluster().isEmpty()) {
      return Optional.of("the cluster is not formatted: run 'dog cluster format -c 1' once");
    }
    return desk.standing() == NodeControl.Standing.JOINING
        ? Optional.of("this node is not in the cluster's map yet, or cut off from the others")
        : Optional.empty();
  }

  private Optional<ObjectCache> openCache(
      StoreDirectories directories, ObjectStore store, LeaseBook leases) throws IOException {
    if (config.cache().isEmpty()) {
      leases.begin(LeaseBook.NO_CACHE, Set.of());
      return Optional.empty();
    }
    SheepConfig.Cache wish = config.cache().get();
    Path parent = wish.directory();
    floors.add("cache directory", CacheDirectory.take(platform.disk(), parent, base.id()));
    boolean keep = wish.keepAlways() || !sharesDevice(parent, directories);
    log.info(
        "object cache of "
            + (wish.size() >> 20)
            + " MiB in "
            + parent.resolve("cache")
            + (keep
                ? ""
                : "; it shares a device with the only store, so blocks that were only read"
                    + " are not kept (keep=always keeps them)"));
    CacheConfig cacheConfig =
        new CacheConfig(
            parent,
            wish.size(),
            keep,
            wish.bootSets(),
            CacheConfig.PUSH_AGE_DEFAULT,
            wish.dirtyTime());
    return Optional.of(
        floors.add("object cache", ObjectCache.open(platform, log, cacheConfig, store, leases)));
  }

  private boolean sharesDevice(Path cache, StoreDirectories directories) throws IOException {
    return directories.paths().size() == 1
        && platform.disk().device(cache) == platform.disk().device(directories.paths().getFirst());
  }

  private void closeAfter(Exception failure) {
    try {
      close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /// The orderly end: front ends first, then floor by floor down, so that everything dirty reaches
  /// the store.
  @Override
  public void close() throws IOException {
    floors.close();
  }
}

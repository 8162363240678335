package dev.kelpie.simulation;

import dev.kelpie.cache.CacheConfig;
import dev.kelpie.cache.CacheEnd;
import dev.kelpie.cache.CacheProbe;
import dev.kelpie.cache.ObjectCache;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.frontend.nbd.NbdConfig;
import dev.kelpie.frontend.nbd.NbdServer;
import dev.kelpie.frontend.sheepdog.WireDoor;
import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.store.disk.DiskStoreConfig;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.vdi.LeaseBook;
import dev.kelpie.vdi.VdiCatalog;
import dev.kelpie.volume.VolumeExports;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// A node from its disk to its front ends on loopback ports, as `sheep` puts it together, with
/// [Gates] between the cache and the store.
final class ServedNode {
  /// The smallest, so that chunks are evicted.
  static final long CACHE_SIZE = CacheConfig.SIZE_MIN;

  /// As much as the largest requests need.
  private static final long NBD_MEMORY = 64L << 20;

  private static final Duration LIMIT = Duration.ofSeconds(60);

  final MemoryDisk disk;
  final Gates gates;
  final ObjectCache cache;
  private final TestPlatform platform;
  private final DiskStore store;
  private final VdiCatalog catalog;
  private final WireDoor wire;
  private final NbdServer nbd;
  private final Endpoint nbdAt;
  private final Deque<Closeable> floors = new ArrayDeque<>();

  /// Opens what is on the disk, or starts anew.
  ///
  /// @param pushAge how old dirty data may become
  ServedNode(MemoryDisk disk, boolean keepPulled, Duration pushAge) throws IOException {
    this.disk = disk;
    this.platform = new TestPlatform(disk);
    try {
      List<Path> disks = List.of(disk.directories("/store"));
      EmbeddedCoordination records =
          floor(
              new EmbeddedCoordination(
                  platform.platform(), Log.NONE, disk.directories("/records")));
      LeaseBook leases = new LeaseBook(platform.platform(), Log.NONE, records, "node");
      DiskStore.prepare(platform.platform(), Log.NONE, disks);
      DiskStoreConfig config = new DiskStoreConfig(256 << 10, 16, 64 << 10, 64, 16, 1, true);
      this.store = floor(DiskStore.open(platform.platform(), Log.NONE, disks, config));
      this.gates = new Gates(store);
      this.cache =
          floor(
              ObjectCache.open(
                  platform.platform(),
                  Log.NONE,
                  new CacheConfig(
                      disk.directories("/cache"), CACHE_SIZE, keepPulled, true, pushAge),
                  gates,
                  leases));
      this.catalog =
          floor(
              new VdiCatalog(
                  platform.platform(), Log.NONE, records, cache, leases, () -> 1, cache));
      cache.warm(catalog.diskMap());
      this.wire =
          floor(
              new WireDoor(
                  platform.platform(), records, catalog.clientObjects(), catalog, cache, store));
      VolumeExports exports = new VolumeExports(Log.NONE, catalog, leases, cache, Optional::empty);
      this.nbd =
          floor(
              new NbdServer(
                  platform.platform(),
                  Log.NONE,
                  exports,
                  new NbdConfig(100, LIMIT, NBD_MEMORY),
                  Access.OPEN));
      Network.Listener listener =
          platform
              .platform()
              .network()
              .listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
      this.nbdAt = listener.at();
      nbd.serve(listener);
    } catch (IOException | RuntimeException | SimulatedCrash e) {
      abandon();
      throw e;
    }
  }

  private <T extends Closeable> T floor(T floor) {
    floors.push(floor);
    return floor;
  }

  WireDoor.Client sheepdog() throws IOException {
    return wire.connect();
  }

  NbdClient nbd(String export) throws IOException {
    NbdClient client = NbdClient.connect(platform.platform().network(), nbdAt).greet().structured();
    try {
      client.go(export);
    } catch (AssertionError refused) {
      client.close();
      throw new DiskClient.Refused("export " + export + ": " + refused.getMessage());
    }
    return client;
  }

  /// What is wrong with the cache while no request is under way, or null; what is written behind
  /// meanwhile may make it look wrong for a moment.
  void check() {
    Error wrong = null;
    for (int i = 0; i < 200; i++) {
      try {
        CacheProbe.check(cache);
        long used = cache.usage().used();
        if (used > CACHE_SIZE) {
          throw new AssertionError(
              "I14: " + used + " bytes of the cache are used, of " + CACHE_SIZE);
        }
        return;
      } catch (Error e) {
        wrong = e;
        java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
      }
    }
    throw wrong;
  }

  /// Frees what was deleted, and finds nothing left of anything where all was (I23).
  void assertEmpty() throws IOException {
    if (!catalog.awaitFreed(LIMIT)) {
      throw new AssertionError("the space of deleted VDIs is not freed");
    }
    List<ObjectId> left = new ArrayList<>();
    for (int vid : catalog.inUse().stream().toArray()) {
      if (vid != 0) {
        store.list(new VdiId(vid), left::add);
      }
    }
    if (!left.isEmpty()) {
      throw new AssertionError("I23: objects of deleted VDIs are left: " + left);
    }
  }

  /// The orderly end. Clients are gone.
  void close() throws IOException {
    while (!floors.isEmpty()) {
      floors.pop().close();
    }
    platform.assertNoFailures();
    disk.assertNothingOpen();
  }

  /// Ends what is left of a process whose disk is off.
  void abandon() {
    while (!floors.isEmpty()) {
      Closeable floor = floors.pop();
      try {
        if (floor instanceof ObjectCache ended) {
          CacheEnd.abandon(ended);
        } else {
          floor.close();
        }
      } catch (IOException | RuntimeException | SimulatedCrash _) {
        // There is no disk any more.
      }
    }
  }
}

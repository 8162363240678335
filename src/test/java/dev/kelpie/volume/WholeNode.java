package dev.kelpie.volume;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cache.CacheConfig;
import dev.kelpie.cache.CacheEnd;
import dev.kelpie.cache.ObjectCache;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.store.disk.DiskStoreConfig;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.vdi.LeaseBook;
import dev.kelpie.vdi.VdiCatalog;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// All floors of a node but the front ends, on one disk: records, disk store, object cache, VDIs
/// and block devices.
final class WholeNode {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /// On the machine that loses the power: no barrier fails for what a cut took.
  private static final Exports.Client CLIENT = new Exports.Client("test", true);

  final MemoryDisk disk;
  final TestPlatform platform;
  final ObjectCache cache;
  final VdiCatalog catalog;
  final DiskStore store;
  private final VolumeExports exports;
  private final Deque<Closeable> floors = new ArrayDeque<>();

  /// Opens what is on the disk, or starts anew.
  ///
  /// @param chance chooses the settings
  WholeNode(MemoryDisk disk, RandomGenerator chance) throws IOException {
    this.disk = disk;
    this.platform = new TestPlatform(disk);
    try {
      Path records = disk.directories("/records");
      List<Path> disks = List.of(disk.directories("/store"));
      EmbeddedCoordination coordination =
          floor(new EmbeddedCoordination(platform.platform(), Log.NONE, records));
      LeaseBook leases = new LeaseBook(platform.platform(), Log.NONE, coordination, "node");
      DiskStore.prepare(platform.platform(), Log.NONE, disks);
      this.store = floor(DiskStore.open(platform.platform(), Log.NONE, disks, storeConfig(chance)));
      this.cache =
          floor(
              ObjectCache.open(
                  platform.platform(), Log.NONE, cacheConfig(disk, chance), store, leases));
      this.catalog =
          floor(
              new VdiCatalog(
                  platform.platform(), Log.NONE, coordination, cache, leases, () -> 1, cache));
      cache.warm(catalog.diskMap());
      this.exports = new VolumeExports(Log.NONE, catalog, leases, cache, Optional::empty);
    } catch (IOException | RuntimeException | SimulatedCrash e) {
      abandon();
      throw e;
    }
  }

  private <T extends Closeable> T floor(T floor) {
    floors.push(floor);
    return floor;
  }

  /// Small bounds, so that a few writes meet them.
  private static DiskStoreConfig storeConfig(RandomGenerator chance) {
    return new DiskStoreConfig(256 << 10, 16, 64 << 10, 64, 16, 1, chance.nextBoolean());
  }

  private static CacheConfig cacheConfig(MemoryDisk disk, RandomGenerator chance) {
    Duration pushAge = chance.nextBoolean() ? Duration.ofDays(1) : Duration.ofMillis(20);
    return new CacheConfig(
        disk.directories("/cache"), CacheConfig.SIZE_MIN, chance.nextInt(4) != 0, true, pushAge);
  }

  BlockDevice open(String name, Optional<String> snapshot, CacheMode mode) throws IOException {
    return open(name, snapshot, Optional.of(mode));
  }

  /// @param mode empty for the disk's own
  BlockDevice open(String name, Optional<String> snapshot, Optional<CacheMode> mode)
      throws IOException {
    Exports.Answer answer = exports.open(new VdiName(name), snapshot, mode, CLIENT);
    return assertInstanceOf(Exports.Answer.Opened.class, answer).device();
  }

  /// Frees what was deleted, and finds nothing left of anything where all was.
  void assertEmpty() throws IOException {
    assertTrue(catalog.awaitFreed(LIMIT), "the space of deleted VDIs is not freed");
    List<ObjectId> left = new ArrayList<>();
    for (int vid : catalog.inUse().stream().toArray()) {
      if (vid != 0) {
        store.list(new VdiId(vid), left::add);
      }
    }
    assertEquals(List.of(), left, "objects of deleted VDIs");
  }

  /// The orderly end. Devices are closed before.
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
      } catch (IOException | RuntimeException | SimulatedCrash e) {
        assertThrows(
            SimulatedCrash.class,
            () -> disk.exists(Path.of("/")),
            () -> "a floor cannot be closed on a disk that works: " + e);
      }
    }
  }
}

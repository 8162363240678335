package dev.kelpie.testing;

import dev.kelpie.cache.CacheConfig;
import dev.kelpie.cache.CacheEnd;
import dev.kelpie.cache.ObjectCache;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.Platform;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.store.disk.DiskStoreConfig;
import dev.kelpie.vdi.LeaseBook;
import dev.kelpie.vdi.VdiCatalog;
import dev.kelpie.volume.BlockDevice;
import dev.kelpie.volume.Exports;
import dev.kelpie.volume.VolumeExports;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/// All floors of a node but the front ends, on one disk, as `sheep` puts them together: records,
/// disk store, object cache, VDIs and block devices. A test may put more on top.
public final class WholeNode implements Closeable {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /// On the machine that loses the power: no barrier fails for what a cut took.
  private static final Exports.Client CLIENT = new Exports.Client("test", true);

  public final MemoryDisk disk;
  public final TestPlatform platform;
  public final EmbeddedCoordination records;
  public final DiskStore store;

  /// What the cache has behind it: the store, or what a test has put between.
  public final ObjectStore behind;

  public final ObjectCache cache;
  public final VdiCatalog catalog;
  public final VolumeExports exports;
  private final Deque<Closeable> floors = new ArrayDeque<>();

  /// What may differ between nodes. The store's bounds and the cache are small, so that a few
  /// writes meet them.
  ///
  /// @param checkpoints whether a task of the store's own makes them
  /// @param keepPulled whether the cache keeps what was only read
  /// @param pushAge how old dirty data may become
  public record Settings(boolean checkpoints, boolean keepPulled, Duration pushAge) {
    /// The smallest, so that chunks are evicted.
    public static final long CACHE_SIZE = CacheConfig.SIZE_MIN;

    /// Some by chance.
    public static Settings by(RandomGenerator chance) {
      boolean checkpoints = chance.nextBoolean();
      Duration pushAge = chance.nextBoolean() ? Duration.ofDays(1) : Duration.ofMillis(20);
      return new Settings(checkpoints, chance.nextInt(4) != 0, pushAge);
    }

    private DiskStoreConfig store() {
      return new DiskStoreConfig(256 << 10, 16, 64 << 10, 64, 16, 1, checkpoints);
    }

    private CacheConfig cache(Path directory) {
      return new CacheConfig(directory, CACHE_SIZE, keepPulled, true, pushAge);
    }
  }

  /// Opens what is on the disk, or starts anew.
  public WholeNode(MemoryDisk disk, Settings settings) throws IOException {
    this(disk, settings, store -> store);
  }

  /// Opens what is on the disk, or starts anew.
  ///
  /// @param between puts something between the cache and the store
  public WholeNode(MemoryDisk disk, Settings settings, UnaryOperator<ObjectStore> between)
      throws IOException {
    this.disk = disk;
    this.platform = new TestPlatform(disk);
    Platform doors = platform.platform();
    try {
      List<Path> disks = List.of(disk.directories("/store"));
      this.records = floor(new EmbeddedCoordination(doors, Log.NONE, disk.directories("/records")));
      LeaseBook leases = new LeaseBook(doors, Log.NONE, records, "node");
      DiskStore.prepare(doors, Log.NONE, disks);
      this.store = floor(DiskStore.open(doors, Log.NONE, disks, settings.store()));
      CacheConfig config = settings.cache(disk.directories("/cache"));
      this.behind = between.apply(store);
      this.cache = floor(ObjectCache.open(doors, Log.NONE, config, behind, leases));
      this.catalog = floor(new VdiCatalog(doors, Log.NONE, records, cache, leases, () -> 1, cache));
      cache.warm(catalog.diskMap());
      this.exports = new VolumeExports(Log.NONE, catalog, leases, cache, Optional::empty);
    } catch (IOException | RuntimeException | SimulatedCrash e) {
      abandon();
      throw e;
    }
  }

  /// Puts a part on top, which is closed with the node.
  public <T extends Closeable> T floor(T floor) {
    floors.push(floor);
    return floor;
  }

  /// Opens a disk as a client on this machine.
  public BlockDevice open(String name, Optional<String> snapshot, CacheMode mode)
      throws IOException {
    return open(name, snapshot, Optional.of(mode));
  }

  /// Opens a disk as a client on this machine.
  ///
  /// @param mode empty for the disk's own
  public BlockDevice open(String name, Optional<String> snapshot, Optional<CacheMode> mode)
      throws IOException {
    Exports.Answer answer = exports.open(new VdiName(name), snapshot, mode, CLIENT);
    if (answer instanceof Exports.Answer.Opened opened) {
      return opened.device();
    }
    throw new AssertionError("disk " + name + " cannot be opened: " + answer);
  }

  /// Frees what was deleted, and finds nothing left of anything where all was (I23).
  public void assertEmpty() throws IOException {
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

  /// The orderly end. Devices and clients are gone.
  @Override
  public void close() throws IOException {
    while (!floors.isEmpty()) {
      floors.pop().close();
    }
    platform.assertNoFailures();
    disk.assertNothingOpen();
  }

  /// Ends what is left of a process whose disk is off.
  public void abandon() {
    while (!floors.isEmpty()) {
      Closeable floor = floors.pop();
      try {
        if (floor instanceof ObjectCache ended) {
          CacheEnd.abandon(ended);
        } else {
          floor.close();
        }
      } catch (IOException | RuntimeException | SimulatedCrash e) {
        if (isOn()) {
          throw new AssertionError("a floor cannot be closed on a disk that works", e);
        }
      }
    }
  }

  private boolean isOn() {
    try {
      return disk.exists(Path.of("/"));
    } catch (SimulatedCrash _) {
      return false;
    }
  }
}

package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.MappedBytes;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.MemoryStore;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

/// Measures the restart of a large cache after a kill: `make DIRECTORY GIB` fills an index, with a
/// slab that is a hole; `open DIRECTORY GIB` starts on it as a new process does, and says how long
/// it took until the first answer, what memory it needs, and what was pushed. `bench/restart` runs
/// both.
final class RestartMeasure {
  private static final int VDIS = 16;

  /// One object in so many has dirty blocks: the first two of its first four chunks.
  private static final int DIRTY_STEP = 40;

  private static final int DIRTY_CHUNKS = 4;
  private static final int DIRTY_BLOCKS = 0b11;

  /// Spreads an object's chunks over the index, as they are after some time of use.
  private static final long SPREAD = 7919;

  private final Platform platform = JvmPlatform.open((_, failure) -> failure.printStackTrace());
  private final CacheConfig config;
  private final int chunks;
  private final FakeLeases leases = new FakeLeases();
  private final MemoryStore store = new MemoryStore();

  private RestartMeasure(Path directory, long gib) {
    this.config = new CacheConfig(directory, gib << 30, true, true, Duration.ofDays(1));
    this.chunks = config.chunks();
  }

  public static void main(String[] arguments) throws IOException {
    RestartMeasure measure =
        new RestartMeasure(Path.of(arguments[1]), Long.parseLong(arguments[2]));
    switch (arguments[0]) {
      case "make" -> measure.make();
      case "open" -> measure.open();
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private void make() throws IOException {
    leases.begin("none", Set.of());
    ObjectCache.open(platform, Log.NONE, config, store, leases).abandon();
    Path files = config.directory().resolve("cache");
    try (DiskFile index = platform.disk().open(files.resolve("index"));
        DiskFile slab = platform.disk().open(files.resolve("slab"))) {
      slab.resize(IndexLayout.slabOffset(chunks));
      index.allocate(0, IndexLayout.indexSize(chunks));
      MappedBytes mapped = index.map(0, index.size());
      ChunkTable table = new ChunkTable(mapped);
      int zeros = zerosSum();
      for (int i = 0; i < chunks; i++) {
        int chunk = (int) (i * SPREAD % chunks);
        ObjectId id = object(i / CacheState.chunks(object(0)));
        int number = i % CacheState.chunks(id);
        table.assign(chunk, id, number);
        for (int block = 0; block < IndexLayout.BLOCKS_PER_CHUNK; block++) {
          table.sum(chunk, block, zeros ^ table.seed(chunk, block));
        }
        boolean dirty = isDirty(i / CacheState.chunks(id)) && number < DIRTY_CHUNKS;
        table.masks(chunk, BlockMask.of(BlockMask.ALL, dirty ? DIRTY_BLOCKS : 0, 0));
      }
    }
  }

  private void open() throws IOException {
    leases.begin(cacheId(), Set.of());
    int objects = chunks / CacheState.chunks(object(0));
    long dirtyBytes = 0;
    for (int i = 0; i < objects; i++) {
      ObjectId id = object(i);
      leases.generation(id.vdi());
      if (isDirty(i)) {
        Change change = Change.of(id.vdi(), Generation.NONE, CacheMode.DIRECT, Durability.DURABLE);
        store.create(id, Base.ZEROS, List.of(), change);
        dirtyBytes += (long) DIRTY_CHUNKS * Integer.bitCount(DIRTY_BLOCKS) * BLOCK_SIZE;
      }
    }
    store.record().clear();
    long heapBefore = heap();
    long begin = System.nanoTime();
    long cpuBegin = cpu();
    ObjectCache cache = ObjectCache.open(platform, Log.NONE, config, store, leases);
    long opened = System.nanoTime();
    long cpuOpened = cpu();
    ObjectId id = object(objects / 2 + 1);
    Access access =
        new Access(id.vdi(), leases.generation(id.vdi()), CacheMode.WRITEBACK, Patience.WAIT);
    cache.read(id, CHUNK_SIZE, ByteBuffer.allocateDirect(BLOCK_SIZE), access);
    long answered = System.nanoTime();
    System.out.printf(
        "open %d ms (%d ms of processor time), first read after %d ms, heap %d MiB, index %.2f MiB per GiB%n",
        (opened - begin) / 1_000_000,
        (cpuOpened - cpuBegin) / 1_000_000,
        (answered - begin) / 1_000_000,
        (heap() - heapBefore) >> 20,
        IndexLayout.indexSize(chunks) / (double) (1 << 20) / (config.size() >> 30));
    CacheCheck.check(cache);
    for (VdiCache vdi : cache.state().vdis()) {
      cache.flush(vdi.id);
    }
    System.out.printf(
        "dirty %d bytes, pushed %d bytes%n", dirtyBytes, store.record().bytesWritten());
    cache.abandon();
    System.exit(0);
  }

  private String cacheId() throws IOException {
    ByteBuffer slab = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    try (DiskFile file =
        platform.disk().openReadOnly(config.directory().resolve("cache").resolve("slab"))) {
      file.read(slab, 0);
    }
    HexFormat hex = HexFormat.of();
    return hex.toHexDigits(slab.getLong(8)) + hex.toHexDigits(slab.getLong(16));
  }

  private static boolean isDirty(int object) {
    return object % DIRTY_STEP == 0;
  }

  private static ObjectId object(int number) {
    return ObjectId.data(new VdiId(1 + number % VDIS), number / VDIS);
  }

  private static int zerosSum() {
    CRC32C crc = new CRC32C();
    crc.update(new byte[BLOCK_SIZE]);
    return (int) crc.getValue();
  }

  private static long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}

package dev.kelpie.micro;

import dev.kelpie.cache.CacheConfig;
import dev.kelpie.cache.ObjectCache;
import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.MemoryCoordination;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.vdi.LeaseBook;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// Reads that the object cache answers by itself: its files lie in a real directory and are in the
/// page cache, the store behind it is not asked.
@State(Scope.Benchmark)
public class CachedReads {
  private static final int BLOCK = 4096;
  private static final int BLOCKS = ObjectId.DATA_SIZE / BLOCK;
  private static final int OBJECTS = 8;
  private static final VdiId VDI = new VdiId(0x7c2b25);

  /// So many reads come before the same ones come again.
  private static final int STEPS = 1 << 12;

  private final Path directory = temporary();
  private final ObjectCache cache;
  private final Access now;
  private final ObjectId[] objects = new ObjectId[STEPS];
  private final int[] offsets = new int[STEPS];
  private final ByteBuffer into = ByteBuffer.allocateDirect(BLOCK);
  private int step;

  /// Fills a cache.
  public CachedReads() {
    try {
      MemoryStore store = new MemoryStore();
      Platform platform = JvmPlatform.open((_, failure) -> failure.printStackTrace());
      LeaseBook leases = new LeaseBook(platform, Log.NONE, new MemoryCoordination(), "node");
      CacheConfig config =
          new CacheConfig(
              directory, 2L * OBJECTS * ObjectId.DATA_SIZE, true, false, Duration.ofDays(1));
      cache = ObjectCache.open(platform, Log.NONE, config, store, leases);
      now = new Access(VDI, leases.generation(VDI), CacheMode.WRITEBACK, Patience.NOW);
      fill(store);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Random random = new Random(1);
    for (int i = 0; i < STEPS; i++) {
      objects[i] = ObjectId.data(VDI, random.nextInt(OBJECTS));
      offsets[i] = random.nextInt(BLOCKS) * BLOCK;
    }
  }

  private void fill(MemoryStore store) throws IOException {
    Change change = Change.of(VDI, now.generation(), CacheMode.DIRECT, Durability.DURABLE);
    Access patient = new Access(VDI, now.generation(), CacheMode.WRITEBACK, Patience.WAIT);
    byte[] noise = new byte[ObjectId.DATA_SIZE];
    Random random = new Random(2);
    for (int i = 0; i < OBJECTS; i++) {
      random.nextBytes(noise);
      ObjectId object = ObjectId.data(VDI, i);
      store.create(object, Base.ZEROS, List.of(new Extent(0, ByteBuffer.wrap(noise))), change);
      cache.read(object, 0, ByteBuffer.allocateDirect(ObjectId.DATA_SIZE), patient);
    }
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("kelpie-micro");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A block out of 32 MiB.
  @Benchmark
  public ByteBuffer read4KiB() throws IOException {
    int i = step++ & (STEPS - 1);
    if (cache.read(objects[i], offsets[i], into.clear(), now) != Outcome.DONE) {
      throw new IllegalStateException(objects[i] + " is not in the cache");
    }
    return into;
  }

  /// Closes the cache and removes its files.
  @TearDown
  public void end() throws IOException {
    cache.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}

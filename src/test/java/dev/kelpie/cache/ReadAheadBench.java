package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.VDI;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.DiskMap;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How fast a cold disk is read in order, with and without reading ahead, where each request to the
/// backend takes a millisecond. Prints the best of a few rounds, and judges nothing but the bytes:
/// `mvn -q test -Dtest=ReadAheadBench`.
final class ReadAheadBench {
  private static final int ROUNDS = 3;
  private static final int OBJECTS = 16;
  private static final Duration DELAY = Duration.ofMillis(1);

  @TempDir Path temp;

  private final AtomicInteger requests = new AtomicInteger();

  @Test
  void sequentialColdReads() throws IOException {
    for (int length : new int[] {4 << 10, 32 << 10, 128 << 10, 512 << 10}) {
      double off = 0;
      double on = 0;
      int requestsOff = 0;
      int requestsOn = 0;
      for (int round = 0; round < ROUNDS; round++) {
        off = Math.max(off, measure(length, false));
        requestsOff = requests.getAndSet(0);
        on = Math.max(on, measure(length, true));
        requestsOn = requests.getAndSet(0);
      }
      System.out.printf(
          "sequential cold reads of %3d KiB: %6.1f MiB/s in %d requests without, %6.1f MiB/s in %d"
              + " with reading ahead%n",
          length >> 10, off, requestsOff, on, requestsOn);
    }
  }

  /// @return MiB per second
  private double measure(int length, boolean ahead) throws IOException {
    Platform platform =
        JvmPlatform.open((thread, failure) -> {
          throw new AssertionError(thread.getName(), failure);
        });
    CacheConfig config =
        new CacheConfig(
            Files.createTempDirectory(temp, "cache"), 128L << 20, true, false, CacheRig.NEVER);
    int objects = length <= 4096 ? 2 : OBJECTS;
    ObjectCache cache = ObjectCache.open(platform, Log.NONE, config, slow(), new FakeLeases());
    if (ahead) {
      cache.warm(disk(objects));
    }
    Access access = new Access(VDI, Generation.NONE.next(), CacheMode.WRITEBACK, Patience.WAIT);
    ByteBuffer into = ByteBuffer.allocateDirect(length);
    long start = System.nanoTime();
    for (long at = 0; at < (long) objects * ObjectId.DATA_SIZE; at += length) {
      ObjectId object = ObjectId.data(VDI, (int) (at / ObjectId.DATA_SIZE));
      int offset = (int) (at % ObjectId.DATA_SIZE);
      assertEquals(Outcome.DONE, cache.read(object, offset, into.clear(), access));
      assertEquals((byte) (offset >> 12), into.get(0));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    cache.close();
    return (objects * (ObjectId.DATA_SIZE >> 20)) / seconds;
  }

  /// A store of objects that are there and patterned, each read of which takes a while.
  private ObjectStore slow() {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ReadAheadBench.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (_, method, arguments) -> {
              if (!method.getName().equals("read")) {
                return null; // flush, and nothing else, at the end
              }
              requests.incrementAndGet();
              LockSupport.parkNanos(DELAY.toNanos());
              int offset = (int) arguments[1];
              ByteBuffer into = (ByteBuffer) arguments[2];
              while (into.hasRemaining()) {
                into.put(into.position(), BLOCKS[(offset >> 12) & 0xff], 0, 4096);
                into.position(into.position() + 4096);
                offset += 4096;
              }
              return Outcome.DONE;
            });
  }

  private static final byte[][] BLOCKS = new byte[256][];

  static {
    for (int i = 0; i < BLOCKS.length; i++) {
      BLOCKS[i] = CacheRig.filled(4096, i);
    }
  }

  private static DiskMap disk(int objects) {
    return new DiskMap() {
      @Override
      public Optional<ObjectId> object(VdiId vdi, int index) {
        return index < objects ? Optional.of(ObjectId.data(vdi, index)) : Optional.empty();
      }

      @Override
      public Optional<VdiId> parent(VdiId vdi) {
        return Optional.empty();
      }

      @Override
      public boolean has(VdiId vdi) {
        return true;
      }
    };
  }
}

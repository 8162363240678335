package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/// How fast a cold disk is read in order, with and without reading ahead, where each request to the
/// backend takes a millisecond. Prints, and judges nothing but the bytes: `mvn -q test
/// -Dtest=ReadAheadBench`.
final class ReadAheadBench {
  private static final int OBJECTS = 16;
  private static final Duration DELAY = Duration.ofMillis(1);

  @Test
  void sequentialColdReads() throws IOException {
    for (int length : new int[] {4 << 10, 32 << 10, 128 << 10, 512 << 10}) {
      for (boolean ahead : new boolean[] {false, true}) {
        measure(length, ahead);
      }
    }
  }

  private static void measure(int length, boolean ahead) throws IOException {
    CacheRig source = new CacheRig();
    int objects = length <= 4096 ? 4 : OBJECTS;
    for (int i = 0; i < objects; i++) {
      source.stored(ObjectId.data(VDI, i), i);
    }
    MemoryDisk disk = new MemoryDisk();
    CacheConfig config =
        new CacheConfig(disk.directories("/c"), 128L << 20, true, false, CacheRig.NEVER);
    ObjectCache cache =
        ObjectCache.open(
            new TestPlatform(disk).platform(), Log.NONE, config, slow(source.store), source.leases);
    if (ahead) {
      cache.warm(new FakeDiskMap(source));
    }
    Access access = new Access(VDI, Generation.NONE.next(), CacheMode.WRITEBACK, Patience.WAIT);
    ByteBuffer into = ByteBuffer.allocateDirect(length);
    long start = System.nanoTime();
    for (long at = 0; at < (long) objects * ObjectId.DATA_SIZE; at += length) {
      int index = (int) (at / ObjectId.DATA_SIZE);
      int offset = (int) (at % ObjectId.DATA_SIZE);
      assertEquals(
          Outcome.DONE, cache.read(ObjectId.data(VDI, index), offset, into.clear(), access));
      assertEquals(pattern(index, offset / CacheRig.BLOCK), into.get(0));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    double mib = objects * (ObjectId.DATA_SIZE >> 20);
    System.out.printf(
        "sequential cold reads of %3d KiB, 1 ms backend, read-ahead %-3s %8.1f MiB/s, %d MiB"
            + " pulled in %d requests%n",
        length >> 10,
        ahead ? "on" : "off",
        mib / seconds,
        source.store.record().bytesRead() >> 20,
        source.store.record().calls().size());
    cache.close();
    source.stop();
  }

  /// The same store, each read of it a millisecond later.
  private static ObjectStore slow(ObjectStore store) {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ReadAheadBench.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (_, method, arguments) -> {
              if (method.getName().equals("read")) {
                LockSupport.parkNanos(DELAY.toNanos());
              }
              try {
                return method.invoke(store, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}

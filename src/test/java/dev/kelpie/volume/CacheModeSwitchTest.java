package dev.kelpie.volume;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cache.CacheConfig;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.WholeNode;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiDirectory.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A disk whose cache mode changes under its clients, all floors below them real.
@Timeout(120)
final class CacheModeSwitchTest {
  private static final VdiName NAME = new VdiName("disk");
  private static final int OBJECTS = 4;
  private static final int PIECE = 8 << 10;

  private final RandomGenerator chance = Seeds.generator("CacheModeSwitchTest");
  private final WholeNode node;
  private final VdiId vdi;
  private volatile boolean stopping;

  CacheModeSwitchTest() throws IOException {
    node = new WholeNode(new MemoryDisk(), WholeNode.Settings.by(chance));
    VdiAnswer made =
        node.catalog.create(NAME, new Shape((long) OBJECTS * ObjectId.DATA_SIZE, 0, 0, 0));
    vdi = assertInstanceOf(VdiAnswer.Found.class, made).vdi();
  }

  private void turn(CacheMode mode) throws IOException {
    VdiAnswer answer = node.catalog.cacheSettings().change(vdi, now -> now.withMode(mode));
    assertInstanceOf(VdiAnswer.Found.class, answer);
  }

  /// What the store behind the cache has.
  private byte[] behind(int index, int offset) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(PIECE);
    Access access = new Access(vdi, Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
    assertEquals(Outcome.DONE, node.store.read(ObjectId.data(vdi, index), offset, bytes, access));
    byte[] all = new byte[PIECE];
    bytes.flip().get(all);
    return all;
  }

  private static byte[] filled(int with) {
    byte[] bytes = new byte[PIECE];
    Arrays.fill(bytes, (byte) with);
    return bytes;
  }

  private static void write(BlockDevice device, int index, int offset, int with)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(filled(with));
    long at = (long) index * ObjectId.DATA_SIZE + offset;
    assertTrue(device.write(at, bytes, Durability.DEFERRED, Patience.WAIT));
  }

  @Test
  void afterTheSwitchNothingIsUnpushedAndEachWriteIsBehind_I9() throws IOException {
    try (BlockDevice device = node.open("disk", Optional.empty(), Optional.empty())) {
      for (CacheMode mode : List.of(CacheMode.WRITETHROUGH, CacheMode.DIRECT)) {
        turn(CacheMode.WRITEBACK);
        for (int i = 0; i < 40; i++) {
          write(device, i % OBJECTS, i * PIECE, i + 1);
        }
        turn(mode);
        long dirty = node.cache.usage().vdis().stream().mapToLong(use -> use.dirtyBytes()).sum();
        assertEquals(0, dirty);
        for (int i = 0; i < 40; i++) {
          assertArrayEquals(filled(i + 1), behind(i % OBJECTS, i * PIECE));
          write(device, i % OBJECTS, i * PIECE, i + 100);
          assertArrayEquals(filled(i + 100), behind(i % OBJECTS, i * PIECE));
        }
      }
    }
    node.close();
  }

  /// Each writer has a lane of its own and a mode: the disk's, which changes, or one that it chose.
  /// It reads what it wrote, whatever the mode is, and what it wrote last is what is there at the
  /// end.
  @Test
  void clientsOfAllModesSeeTheirWritesWhileTheModeChanges_I7_I19() throws Exception {
    List<Optional<CacheMode>> modes =
        List.of(
            Optional.empty(),
            Optional.empty(),
            Optional.of(CacheMode.WRITEBACK),
            Optional.of(CacheMode.WRITETHROUGH),
            Optional.of(CacheMode.DIRECT));
    List<FutureTask<Integer>> writers = new ArrayList<>();
    for (Optional<CacheMode> mode : modes) {
      writers.add(start(writers.size(), mode));
    }
    CacheMode[] all = CacheMode.values();
    for (int i = 0; i < 40; i++) {
      turn(all[chance.nextInt(all.length)]);
    }
    stopping = true;
    turn(CacheMode.WRITETHROUGH);
    for (FutureTask<Integer> writer : writers) {
      assertTrue(writer.get() > 0);
    }
    node.close();
  }

  private FutureTask<Integer> start(int lane, Optional<CacheMode> mode) {
    RandomGenerator own = Seeds.generator("writer " + lane + mode);
    FutureTask<Integer> writer =
        new FutureTask<>(() -> {
          int count = 0;
          try (BlockDevice device = node.open("disk", Optional.empty(), mode);
              BlockDevice other =
                  node.open("disk", Optional.empty(), Optional.of(CacheMode.DIRECT))) {
            while (!stopping || count == 0) {
              int index = own.nextInt(OBJECTS);
              int offset = (lane * 8 + own.nextInt(8)) * PIECE;
              write(device, index, offset, ++count);
              ByteBuffer read = ByteBuffer.allocateDirect(PIECE);
              long at = (long) index * ObjectId.DATA_SIZE + offset;
              assertTrue(other.read(at, read, Patience.WAIT));
              assertEquals((byte) count, read.get(PIECE - 1), mode + ", seed " + Seeds.seed());
            }
          }
          return count;
        });
    Thread.startVirtualThread(writer);
    return writer;
  }

  @Test
  void settingsAreThereAfterARestart() throws IOException {
    CacheSettings tuned = new CacheSettings(CacheMode.DIRECT, 2 << 20, 1 << 20);
    assertInstanceOf(VdiAnswer.Found.class, node.catalog.cacheSettings().change(vdi, _ -> tuned));
    node.close();
    WholeNode next = new WholeNode(node.disk, WholeNode.Settings.by(chance));
    assertEquals(tuned, next.catalog.cacheSettings().of(vdi).orElseThrow().settings());
    assertEquals(next.cache.reservable(), 3 * CacheConfig.SIZE_MIN / 4);
    next.close();
  }
}

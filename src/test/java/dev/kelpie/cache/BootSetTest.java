package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Locks;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The file of a boot set, and how one comes to be.
final class BootSetTest {
  private static final VdiId VDI = new VdiId(0x7c2b25);
  private static final BootSet SET =
      new BootSet(new int[] {0, 0x12345, 7}, new short[] {1, (short) 0xffff, 0x0f0});

  private final Locks locks = new TestPlatform(new MemoryDisk()).platform().locks();

  @Test
  void theFileIsAsWritten() {
    String golden =
        "4b454c50424f4f54" // magic
            + "01000000" // version
            + "252b7c00" // VDI
            + "0300000000000000" // count
            + "0000000001000000"
            + "45230100ffff0000"
            + "07000000f0000000"
            + "e8c32022";
    assertEquals(golden, HexFormat.of().formatHex(SET.encode(VDI).array()));
    assertEquals(Optional.of(SET), BootSet.decode(SET.encode(VDI), VDI));
  }

  @Test
  void aDamagedOrForeignFileIsNone() {
    byte[] sound = SET.encode(VDI).array();
    for (int i = 0; i < sound.length; i++) {
      byte[] damaged = sound.clone();
      damaged[i] ^= 4;
      assertTrue(BootSet.decode(ByteBuffer.wrap(damaged), VDI).isEmpty(), "byte " + i);
      byte[] cut = Arrays.copyOf(sound, i);
      assertTrue(BootSet.decode(ByteBuffer.wrap(cut), VDI).isEmpty(), "cut at " + i);
    }
    assertTrue(BootSet.decode(ByteBuffer.wrap(sound), new VdiId(1)).isEmpty());
  }

  @Test
  void readsAreNotedInTheirOrderAndMerged() {
    BootRecord record = new BootRecord(locks);
    record.read(5L << 30, 100);
    record.read(0, 3 * 4096);
    record.read((5L << 30) + 4096, 1);
    record.read(15 * 4096, 2 * 4096);
    record.read(0, 0);
    BootSet set = record.set();
    assertArrayEquals(new int[] {5 << 14, 0, 1}, set.chunks());
    assertArrayEquals(new short[] {3, (short) 0x8007, 1}, set.blocks());
    assertEquals(7, set.blockCount());
  }

  @Test
  void whatIsNotedIsBounded() {
    BootRecord record = new BootRecord(locks);
    for (int i = 0; i < BootSet.CHUNKS_MAX + 10; i++) {
      record.read(i * 1000L * 65536, 4096);
    }
    assertTrue(record.full());
    assertEquals(BootSet.CHUNKS_MAX, record.set().size());
    record.read(65536, 8192); // full
    record.read(1000L * 65536, 8192); // known
    assertEquals(BootSet.CHUNKS_MAX + 1, record.set().blockCount());
    assertEquals(
        BootSet.CHUNKS_MAX, BootSet.decode(record.set().encode(VDI), VDI).orElseThrow().size());
  }

  @Test
  void whatTwoSetsHaveInCommonIsCountedInBlocks() {
    BootSet other = new BootSet(new int[] {7, 1, 0}, new short[] {0x1f, 1, 3});
    assertEquals(2, SET.inCommonWith(other));
  }
}

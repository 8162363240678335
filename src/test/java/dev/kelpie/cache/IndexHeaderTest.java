package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/// The header's bytes, and that no crash leaves none.
final class IndexHeaderTest {
  private static final Path FILE = Path.of("/d/index");

  /// Makes both slots claim another version, with right checksums.
  static void rewriteVersion(MemoryDisk disk, Path index, int version) throws IOException {
    try (DiskFile file = disk.open(index)) {
      for (long slot = 0; slot <= 512; slot += 512) {
        ByteBuffer bytes = ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN);
        file.read(bytes, slot);
        bytes.putInt(8, version);
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), 0, 56);
        bytes.putInt(56, (int) crc.getValue());
        file.write(bytes.flip(), slot);
      }
    }
  }

  @Test
  void bytesAreAsTheFormatSays() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    disk.directories("/d");
    try (DiskFile file = disk.create(FILE)) {
      file.allocate(0, IndexLayout.INDEX_START);
      new IndexHeader(6, 0x0102030405060708L, 0x1112131415161718L, 0x2122232425262728L, true, 160)
          .write(file.map(0, IndexLayout.INDEX_START));
      ByteBuffer bytes = ByteBuffer.allocate(56);
      file.read(bytes, 512);
      assertEquals(
          "4b454c5043414348" // KELPCACH
              + "03000000"
              + "00000100"
              + "0700000000000000"
              + "0807060504030201"
              + "1817161514131211"
              + "2827262524232221"
              + "01000000"
              + "a0000000",
          HexFormat.of().formatHex(bytes.array()));
    }
  }

  @Test
  void crashInTheMiddleOfAChangeLeavesTheOldOrTheNewHeader() throws IOException {
    for (long step = 1; ; step++) {
      MemoryDisk disk = new MemoryDisk();
      disk.directories("/d");
      IndexHeader old = new IndexHeader(0, 1, 2, 3, true, 160);
      boolean crashed = false;
      try (DiskFile file = disk.create(FILE)) {
        file.allocate(0, IndexLayout.INDEX_START);
        var mapped = file.map(0, IndexLayout.INDEX_START);
        old = old.write(mapped);
        file.sync();
        disk.syncDirectory(Path.of("/d"));
        disk.countMappedStores();
        disk.crashAt(disk.steps() + step);
        old.withSeal(false).write(mapped);
      } catch (SimulatedCrash e) {
        crashed = true;
      }
      for (Keep keep : Keep.values()) {
        assertOldOrNew(disk.afterPowerCut(Seeds.generator("header"), keep), old);
      }
      assertOldOrNew(disk.afterProcessKill(), old);
      if (!crashed) {
        return;
      }
    }
  }

  private static void assertOldOrNew(MemoryDisk disk, IndexHeader old) throws IOException {
    try (DiskFile file = disk.open(FILE)) {
      IndexHeader found = IndexHeader.read(file.map(0, IndexLayout.INDEX_START)).orElseThrow();
      assertTrue(
          found.equals(old)
              || (found.sequence() == old.sequence() + 1 && !found.sealed() && found.idLow() == 2),
          found::toString);
    }
  }
}

package dev.kelpie.cluster.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.CoordinationContract;
import dev.kelpie.log.Log;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class EmbeddedCoordinationTest extends CoordinationContract {
  private final MemoryDisk disk = new MemoryDisk();
  private final Path directory = disk.directories("/node");
  private final Path file = directory.resolve("coordination");
  private final Platform platform = TestPlatform.real(disk);

  @Test
  void theFileIsRewrittenWhenItIsMostlyGarbage() throws IOException {
    byte[] large = new byte[100_000];
    try (Coordination records = open()) {
      for (int i = 0; i < 100; i++) {
        large[0] = (byte) i;
        assertTrue(records.commit(List.of(new Put("a", Optional.of(large), i))));
      }
    }
    try (DiskFile rewritten = disk.openReadOnly(file)) {
      assertTrue(rewritten.size() < 2_000_000, "garbage stayed");
    }
    assertFalse(disk.exists(directory.resolve("coordination.new")));
    try (Coordination records = open()) {
      Stored stored = records.read("a").orElseThrow();
      assertEquals(100, stored.version());
      assertEquals(99, stored.value()[0]);
      assertTrue(records.commit(List.of(delete("a", 100))));
    }
  }

  @Test
  void damageBeforeTheTailIsRefusedWithFileAndOffset() throws IOException {
    try (Coordination records = open()) {
      records.commit(List.of(put("a", "first", 0)));
      records.commit(List.of(put("b", "second", 0)));
    }
    disk.flip(file, (32 + 24 + 3) * 8L);
    IOException refused = assertThrows(IOException.class, this::open);
    assertTrue(
        String.valueOf(refused.getMessage()).startsWith(file + " is damaged at byte 32;"),
        refused::toString);
    disk.assertNothingOpen();
  }

  @Test
  void aDamagedLastFrameIsAnUnfinishedCommit() throws IOException {
    try (Coordination records = open()) {
      records.commit(List.of(put("a", "first", 0)));
      records.commit(List.of(put("a", "second", 1)));
    }
    disk.flip(file, (32 + 24 + 24 + 3 + 24) * 8L);
    try (Coordination records = open()) {
      assertEquals("first v1", show(records.read("a")));
      assertTrue(records.commit(List.of(put("a", "third", 1))));
    }
    try (Coordination records = open()) {
      assertEquals("third v2", show(records.read("a")));
    }
  }

  @Test
  void aForeignVersionIsRefused() throws IOException {
    open().close();
    try (DiskFile raw = disk.open(file)) {
      ByteBuffer header = ByteBuffer.allocate(32).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      raw.read(header, 0);
      header.putInt(8, 2);
      java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
      crc.update(header.slice(0, 24));
      raw.write(header.putInt(24, (int) crc.getValue()).rewind(), 0);
    }
    IOException refused = assertThrows(IOException.class, this::open);
    assertTrue(
        String.valueOf(refused.getMessage()).contains("format version 2"), refused::toString);
  }

  @Test
  void aFileOfSomethingElseIsRefused() throws IOException {
    try (DiskFile raw = disk.create(file)) {
      raw.write(ByteBuffer.wrap("hello".getBytes(UTF_8)), 0);
    }
    assertThrows(IOException.class, this::open);
  }

  @Test
  void aFailedWriteChangesNothingAndTheNextCommitWorks() throws IOException {
    try (Coordination records = open()) {
      records.commit(List.of(put("a", "1", 0)));
      try (Faults.Ended _ = disk.faults().fail(DiskCall.WRITE, file::equals, 1)) {
        IOException failed =
            assertThrows(IOException.class, () -> records.commit(List.of(put("a", "2", 1))));
        assertFalse(failed instanceof InDoubt);
      }
      assertEquals("1 v1", show(records.read("a")));
      assertTrue(records.commit(List.of(put("a", "3", 1))));
    }
    try (Coordination records = open()) {
      assertEquals("3 v2", show(records.read("a")));
    }
  }

  @Test
  void afterAFailedSyncNothingIsCommittedUntilReopening() throws IOException {
    try (Coordination records = open()) {
      try (Faults.Ended _ = disk.faults().fail(DiskCall.SYNC, file::equals, 1)) {
        assertThrows(InDoubt.class, () -> records.commit(List.of(put("a", "1", 0))));
      }
      IOException later =
          assertThrows(IOException.class, () -> records.commit(List.of(put("b", "1", 0))));
      assertFalse(later instanceof InDoubt);
    }
    try (Coordination records = open()) {
      assertEquals(Optional.empty(), records.read("b"));
      assertTrue(records.commit(List.of(put("b", "1", 0))));
    }
  }

  @Test
  void smallCommitsStillWorkOnAFullDisk() throws IOException {
    try (Coordination records = open()) {
      byte[] value = new byte[1000];
      records.commit(List.of(new Put("a", Optional.of(value), 0)));
      disk.capacity(directory, 0);
      for (int i = 0; i < 50; i++) {
        assertTrue(records.commit(List.of(new Put("a", Optional.of(value), 1 + i))));
      }
    }
    try (Coordination records = open()) {
      assertEquals(51, records.read("a").orElseThrow().version());
    }
  }

  @AfterEach
  void nothingIsLeftOpen() {
    disk.assertNothingOpen();
  }

  @Override
  protected Coordination open() throws IOException {
    return new EmbeddedCoordination(platform, Log.NONE, directory);
  }

  private static Put put(String key, String value, long expected) {
    return new Put(key, Optional.of(value.getBytes(UTF_8)), expected);
  }

  private static Put delete(String key, long expected) {
    return new Put(key, Optional.empty(), expected);
  }

  private static String show(Optional<Stored> stored) {
    return stored.map(s -> new String(s.value(), UTF_8) + " v" + s.version()).orElse("none");
  }
}

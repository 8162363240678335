package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.DATA;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.object.Outcome;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/// Files that were damaged, cut, or exchanged while the daemon was down: they are dropped or
/// refused with words, never believed, and never stop the daemon in another way (I4, I15, I16).
final class CacheDamageTest {
  private static final ObjectId NEW = ObjectId.data(VDI, 1);
  private static final ObjectId CLEAN = ObjectId.data(VDI, 2);
  private static final int HEADER_LENGTH = 60;

  /// `-Dcache.damage.rounds=` tries more.
  private static final int ROUNDS = Integer.getInteger("cache.damage.rounds", 60);

  /// Not every bit in every run; all of them where there are many rounds.
  private static final int STEP = ROUNDS > 500 ? 1 : 60;

  private final RandomGenerator chance = Seeds.generator("CacheDamageTest");

  /// A rig whose process has been killed: a dirty object, a new one, a clean one.
  private static CacheRig killed() throws IOException {
    CacheRig rig = new CacheRig();
    rig.stored(DATA, 1);
    rig.stored(CLEAN, 3);
    rig.read(CLEAN, 0, 2 * CHUNK);
    rig.write(DATA, 0, filled(2 * BLOCK, 7));
    rig.create(NEW, Base.ZEROS, CHUNK, filled(BLOCK, 6), CacheMode.WRITEBACK);
    MemoryDisk after = rig.disk.afterProcessKill();
    rig.stop();
    rig.disk = after;
    return rig;
  }

  /// What is read is the newest, or what the store has, and then the loss was reported. Nothing
  /// else ever is.
  private static void check(CacheRig rig, String what) throws IOException {
    boolean lost = !newest(rig, DATA, 0, 7, pattern(1, 0), what);
    lost |= !newest(rig, DATA, BLOCK, 7, pattern(1, 1), what);
    assertEquals(pattern(1, 2), rig.read(DATA, 2 * BLOCK, 1)[0], what);
    for (int block = 0; block < 32; block++) {
      assertEquals(pattern(3, block), rig.read(CLEAN, block * BLOCK, 1)[0], what);
    }
    ByteBuffer one = ByteBuffer.allocateDirect(1);
    try {
      boolean there = rig.tryRead(NEW, CHUNK, one, CacheMode.WRITEBACK) == Outcome.DONE;
      lost |= !there || one.get(0) != 6;
    } catch (ObjectDamaged e) {
      lost = true;
    }
    assertTrue(!lost || !rig.leases.losses().isEmpty(), what + ": a loss that nobody is told of");
    CacheCheck.check(rig.cache);
    rig.cache.drop(VDI, true);
    assertTrue(List.of((byte) 7, pattern(1, 0)).contains(rig.behind(DATA, 0, 1)[0]), what);
    assertEquals(pattern(3, 5), rig.behind(CLEAN, 5 * BLOCK, 1)[0], what);
    rig.platform.assertNoFailures();
    rig.cache.close();
  }

  private static boolean newest(
      CacheRig rig, ObjectId id, int offset, int newest, int stored, String what)
      throws IOException {
    try {
      byte found = rig.read(id, offset, 1)[0];
      assertTrue(found == newest || found == stored, what + ": " + found);
      return found == newest;
    } catch (ObjectDamaged e) {
      return false;
    }
  }

  /// Chunks that lie side by side are read at once.
  @Test
  void aDamagedBlockInTheMiddleOfALargeReadIsFetchedAlone_I15() throws IOException {
    CacheRig rig = new CacheRig();
    rig.stored(DATA, 1);
    int length = 20 * CHUNK;
    byte[] whole = rig.read(DATA, 0, length);
    for (int chunk = 0; chunk < 20; chunk++) {
      rig.store.record().clear();
      int damaged = chance.nextInt(16);
      int offset = damaged * BLOCK + chance.nextInt(BLOCK);
      rig.disk.flip(rig.file("slab"), (IndexLayout.slabOffset(chunk) + offset) * 8);
      assertArrayEquals(whole, rig.read(DATA, 0, length), "chunk " + chunk);
      assertEquals(BLOCK, rig.store.record().bytesRead(), "chunk " + chunk);
    }
    rig.platform.assertNoFailures();
    rig.cache.close();
  }

  @Test
  void everyBitOfAHeaderSlotMayBeWrong_I15() throws IOException {
    for (int bit = chance.nextInt(8); bit < HEADER_LENGTH * 8; bit += 1 + chance.nextInt(STEP)) {
      for (int slots = 1; slots <= 3; slots += 2) {
        CacheRig rig = killed();
        for (int slot = 0; slot < 2; slot++) {
          if ((slots & (1 << slot)) != 0) {
            rig.disk.flip(rig.file("index"), slot * 512 * 8 + bit);
          }
        }
        rig.start(rig.disk);
        check(rig, "bit " + bit + " of slots " + slots);
      }
    }
  }

  @Test
  void aDamagedHeaderBringsNoOldSealBack_I15() throws IOException {
    for (int slot = 0; slot < 2; slot++) {
      CacheRig rig = new CacheRig();
      rig.stored(DATA, 1);
      rig.read(DATA, 0, CHUNK);
      rig.restart();
      rig.write(DATA, 0, filled(BLOCK, 7));
      rig.cache.flush(VDI);
      MemoryDisk after = rig.disk.afterPowerCut(chance, Keep.NOTHING);
      after.flip(rig.file("index"), (slot * 512L + 30) * 8);
      rig.stop();
      rig.start(after);
      assertEquals(7, rig.read(DATA, 0, 1)[0], "slot " + slot);
      rig.cache.close();
    }
  }

  @Test
  void everyBitOfTheSlabsHeaderMayBeWrong_I15() throws IOException {
    for (int bit = 0; bit < 24 * 8; bit += 1 + chance.nextInt(STEP)) {
      CacheRig rig = killed();
      rig.disk.flip(rig.file("slab"), bit);
      rig.start(rig.disk);
      assertEquals(1, rig.leases.losses().size(), "bit " + bit);
      assertTrue(warning(rig).startsWith(rig.file("slab") + ": "), () -> warning(rig));
      check(rig, "bit " + bit);
    }
  }

  @Test
  void filesOfAnyLengthAreNoMoreThanWhatTheyHold_I15_I16() throws IOException {
    for (String name : List.of("index", "slab")) {
      long size = size(killed(), name);
      for (long length :
          new long[] {
            0,
            1,
            23,
            24,
            512,
            4095,
            4096,
            4097,
            4096 + CHUNK,
            size / 2,
            size - 1,
            size + 1,
            2 * size
          }) {
        CacheRig rig = killed();
        resize(rig, name, length);
        rig.start(rig.disk);
        check(rig, name + " of " + length + " bytes");
      }
    }
  }

  @Test
  void slabOfAnotherCacheIsDroppedAndNamed_I15() throws IOException {
    CacheRig rig = killed();
    CacheRig other = killed();
    copy(other, rig, "slab");
    rig.start(rig.disk);
    assertTrue(warning(rig).contains("another cache"), () -> warning(rig));
    assertTrue(warning(rig).startsWith(rig.file("slab") + ": "), () -> warning(rig));
    assertEquals(1, rig.leases.losses().size());
    check(rig, "another slab");
  }

  @Test
  void bothFilesOfAnotherCacheAreNobodysHere_I4_I8() throws IOException {
    CacheRig rig = killed();
    CacheRig other = killed();
    copy(other, rig, "slab");
    copy(other, rig, "index");
    rig.start(rig.disk);
    assertEquals(1, rig.leases.losses().size());
    assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
    check(rig, "another cache");
  }

  @Test
  void filesOfAnotherGeometryAreRefusedWithTheWayOut() throws IOException {
    for (int field : new int[] {8, 12}) {
      CacheRig rig = killed();
      rewrite(rig, field, 1 << 20);
      IOException refused = assertThrows(IOException.class, () -> rig.start(rig.disk));
      assertTrue(refused.toString().contains(rig.file("index").toString()), refused::toString);
      assertTrue(refused.toString().contains("remove"), refused::toString);
      rewrite(rig, field, field == 8 ? IndexHeader.VERSION : IndexLayout.CHUNK_SIZE);
      rig.start(rig.disk);
      assertEquals(7, rig.read(DATA, 0, 1)[0], "nothing was changed in it");
      check(rig, "field " + field);
    }
  }

  @Test
  void capacityOutOfRangeIsNotBelieved_I15() throws IOException {
    for (int capacity : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 28}) {
      CacheRig rig = killed();
      rewrite(rig, 52, capacity);
      rig.start(rig.disk);
      check(rig, "capacity " + capacity);
    }
  }

  /// Bits of records in use: those of the first chunks, and the first object record.
  @Test
  void damagedRecordsAreDroppedAndWhatTheyCostIsReported_I15_I16() throws IOException {
    for (int round = 0; round < ROUNDS; round++) {
      CacheRig rig = killed();
      int flips = 1 + chance.nextInt(3);
      StringBuilder what = new StringBuilder("round " + round + ": bits");
      for (int i = 0; i < flips; i++) {
        long at = chance.nextInt(4) == 0 ? IndexLayout.objectRecord(383) : IndexLayout.INDEX_START;
        int length =
            at == IndexLayout.INDEX_START
                ? 6 * IndexLayout.CHUNK_RECORD
                : IndexLayout.OBJECT_RECORD;
        long bit = at * 8 + chance.nextInt(length * 8);
        what.append(' ').append(bit);
        rig.disk.flip(rig.file("index"), bit);
      }
      rig.start(rig.disk);
      check(rig, what.toString());
    }
  }

  /// Nothing lies behind those records, so a later start, with unflushed writes, has nothing to
  /// tell.
  @Test
  void damageOfRecordsThatHaveNoChunksYetIsNoLoss_I16() throws IOException {
    CacheRig rig = new CacheRig();
    rig.stored(DATA, 1);
    rig.cache.close();
    try (DiskFile index = rig.disk.open(rig.file("index"))) {
      index.allocate(IndexLayout.segment(0), IndexLayout.SEGMENT_SIZE);
    }
    for (int chunk = 0; chunk < IndexLayout.CHUNKS_PER_SEGMENT; chunk++) {
      long masks = (IndexLayout.chunkRecord(chunk) + ChunkTable.MASKS) * 8;
      rig.disk.flip(rig.file("index"), masks + chance.nextInt(32));
    }
    rig.disk.flip(rig.file("index"), IndexLayout.objectRecord(7) * 8 + chance.nextInt(64));
    rig.start(rig.disk);
    rig.write(DATA, 0, filled(BLOCK, 7));
    rig.kill();
    assertEquals(List.of(), rig.leases.losses());
    assertEquals((byte) 7, rig.read(DATA, 0, 1)[0]);
    CacheCheck.check(rig.cache);
    rig.cache.close();
  }

  @Test
  void noiseInPlaceOfRecordsIsDropped_I15_I16() throws IOException {
    for (int round = 0; round < ROUNDS / 4; round++) {
      CacheRig rig = killed();
      byte[] noise = new byte[512];
      chance.nextBytes(noise);
      try (DiskFile index = rig.disk.open(rig.file("index"))) {
        long records = index.size() - IndexLayout.INDEX_START;
        for (int i = 0; i < 4; i++) {
          long sector = chance.nextLong(records / 512);
          index.write(ByteBuffer.wrap(noise), IndexLayout.INDEX_START + sector * 512);
        }
        index.write(ByteBuffer.wrap(noise), IndexLayout.INDEX_START + chance.nextInt(2) * 512L);
      }
      rig.start(rig.disk);
      check(rig, "round " + round);
    }
  }

  private static String warning(CacheRig rig) {
    return rig.log.messages(Level.WARN).getLast();
  }

  private static long size(CacheRig rig, String name) throws IOException {
    try (DiskFile file = rig.disk.open(rig.file(name))) {
      return file.size();
    }
  }

  private static void resize(CacheRig rig, String name, long length) throws IOException {
    try (DiskFile file = rig.disk.open(rig.file(name))) {
      file.resize(length);
    }
  }

  private static void copy(CacheRig from, CacheRig to, String name) throws IOException {
    Path path = from.file(name);
    try (DiskFile source = from.disk.open(path);
        DiskFile target = to.disk.open(path)) {
      target.resize(source.size());
      ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
      for (long at = 0; source.read(bytes.clear(), at) > 0; at += bytes.limit()) {
        target.write(bytes.flip(), at);
      }
    }
  }

  /// Changes a field of both slots, with right checksums.
  private static void rewrite(CacheRig rig, int field, int value) throws IOException {
    try (DiskFile file = rig.disk.open(rig.file("index"))) {
      for (long slot = 0; slot <= 512; slot += 512) {
        ByteBuffer bytes = ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN);
        file.read(bytes, slot);
        bytes.putInt(field, value);
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), 0, 56);
        bytes.putInt(56, (int) crc.getValue());
        file.write(bytes.flip(), slot);
      }
    }
  }
}

package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.DATA;
import static dev.kelpie.cache.CacheRig.INODE;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cache.CacheControl.Inspection;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Checks of cached blocks.
class InspectorTest {
  private static final Optional<VdiId> OURS = Optional.of(VDI);

  private CacheRig rig;

  @BeforeEach
  void open() throws IOException {
    rig = new CacheRig();
    rig.stored(DATA, 1);
  }

  @AfterEach
  void stop() throws IOException {
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  @Test
  void soundBlocksStay() throws IOException {
    rig.stored(INODE, 2);
    rig.read(DATA, 0, 2 * CHUNK + BLOCK);
    rig.read(INODE, INODE.size() - 100, 100);
    rig.write(DATA, 0, filled(BLOCK, 9));
    assertEquals(new Inspection(-1, 34, 0, 0, 0, 0), rig.cache.check(OURS, 0, false));
    assertEquals(new Inspection(-1, 34, 0, 0, 0, 0), rig.cache.check(OURS, 0, true));
    assertEquals(new Inspection(-1, 34, 0, 0, 0, 0), rig.cache.check(Optional.empty(), 0, true));
    assertEquals(
        new Inspection(-1, 0, 0, 0, 0, 0), rig.cache.check(Optional.of(new VdiId(9)), 0, true));
  }

  @Test
  void aDamagedCleanBlockIsFetchedAgain() throws IOException {
    rig.read(DATA, 0, 2 * BLOCK);
    flip();
    assertEquals(new Inspection(-1, 2, 1, 0, 0, 0), rig.cache.check(OURS, 0, false));
    assertEquals(new Inspection(-1, 1, 0, 0, 0, 0), rig.cache.check(OURS, 0, false));
    rig.store.record().clear();
    assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
    assertEquals(1, rig.store.record().calls().size());
  }

  @Test
  void aDamagedDirtyBlockIsLeftForItsBarrierToTell_I16() throws IOException {
    rig.write(DATA, 0, filled(BLOCK, 9));
    flip();
    assertEquals(new Inspection(-1, 1, 0, 1, 0, 0), rig.cache.check(OURS, 0, true));
    assertEquals(BLOCK, rig.dirtyBytes());
    assertTrue(rig.leases.losses().isEmpty());
    assertThrows(IOException.class, () -> rig.read(DATA, 0, 1));
  }

  @Test
  void aCleanBlockThatTheStoreHasOtherwiseIsDropped_I15() throws IOException {
    rig.read(DATA, 0, 3 * BLOCK);
    rig.write(DATA, 2 * BLOCK, filled(BLOCK, 9));
    behind(BLOCK, filled(2 * BLOCK, 7));
    assertEquals(new Inspection(-1, 3, 0, 0, 0, 0), rig.cache.check(OURS, 0, false));
    assertEquals(new Inspection(-1, 3, 0, 0, 1, 0), rig.cache.check(OURS, 0, true));
    assertEquals(7, rig.read(DATA, BLOCK, 1)[0]);
    assertEquals(9, rig.read(DATA, 2 * BLOCK, 1)[0]);
  }

  @Test
  void whatTheStoreCannotReadIsCountedAndStays() throws IOException {
    rig.read(DATA, 0, BLOCK);
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.READ, DATA::equals)) {
      assertEquals(new Inspection(-1, 1, 0, 0, 0, 1), rig.cache.check(OURS, 0, true));
      assertEquals(pattern(1, 0), rig.read(DATA, 0, 1)[0]);
    }
  }

  @Test
  void aBlockThatIsWrittenMeanwhileIsNoDifference() throws Exception {
    rig.read(DATA, 0, BLOCK);
    CompletableFuture<Inspection> check;
    try (Faults.Hang hang = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      check = CompletableFuture.supplyAsync(this::check, InspectorTest::start);
      hang.awaitArrived(1);
      rig.write(DATA, 0, filled(BLOCK, 9));
      rig.cache.flush(VDI);
    }
    assertEquals(new Inspection(-1, 1, 0, 0, 0, 0), check.get());
    assertEquals(9, rig.read(DATA, 0, 1)[0]);
  }

  @Test
  void blocksThatAreNotHereDoNotWaitForTheCheck() throws Exception {
    rig.read(DATA, 0, BLOCK);
    CompletableFuture<Inspection> check;
    CompletableFuture<byte[]> read;
    try (Faults.Hang hang = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      check = CompletableFuture.supplyAsync(this::check, InspectorTest::start);
      hang.awaitArrived(1);
      read = CompletableFuture.supplyAsync(() -> readBlock(1), InspectorTest::start);
      hang.awaitArrived(2);
    }
    assertEquals(pattern(1, 1), read.get()[0]);
    assertEquals(0, check.get().differing());
  }

  @Test
  void aCopyIsNotComparedWithWhatIsNotThere() throws IOException {
    ObjectId child = ObjectId.data(new VdiId(7), 0);
    rig.create(child, new Base.CopyOf(DATA), 1, filled(1, 5), CacheMode.WRITEBACK);
    Inspection found = rig.cache.check(Optional.of(new VdiId(7)), 0, true);
    assertEquals(0, found.differing() + found.unread());
  }

  @Test
  void aLargeCheckGoesInSteps() throws IOException {
    for (int i = 0; i < 2; i++) {
      rig.stored(ObjectId.data(VDI, i), i);
      rig.read(ObjectId.data(VDI, i), 0, DATA.size());
    }
    Inspection first = rig.cache.check(OURS, 0, false);
    assertEquals(1024, first.checked());
    Inspection second = rig.cache.check(OURS, first.next(), false);
    assertEquals(2048, first.checked() + second.checked());
    assertEquals(0, rig.cache.check(OURS, rig.config.chunks() * 2, false).checked());
  }

  /// Each on a thread of its own: the common pool may have only one.
  private static void start(Runnable body) {
    Thread _ = Thread.ofPlatform().start(body);
  }

  private Inspection check() {
    try {
      return rig.cache.check(OURS, 0, true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] readBlock(int block) {
    try {
      return rig.read(DATA, block * BLOCK, BLOCK);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Changes the store's copy past the cache.
  private void behind(int offset, byte[] bytes) throws IOException {
    Change change = Change.of(VDI, Generation.NONE, CacheMode.DIRECT, Durability.DURABLE);
    rig.store.write(DATA, List.of(new Extent(offset, ByteBuffer.wrap(bytes))), change);
  }

  /// A bit in block 0 of every chunk.
  private void flip() {
    for (int chunk = 0; chunk < rig.config.chunks(); chunk++) {
      if (rig.cache.state().table.owner(chunk) != 0) {
        rig.disk.flip(rig.file("slab"), IndexLayout.slabOffset(chunk) * 8);
      }
    }
  }
}

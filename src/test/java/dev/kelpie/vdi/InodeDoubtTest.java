package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.platform.Locks;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What an inode knows after a write of it failed, when nobody can tell what the store has: it must
/// not forget that while the pages of its map come and go (I5, I24).
final class InodeDoubtTest {
  private static final VdiId VDI = new VdiId(7);
  private static final Locks LOCKS = new TestPlatform(new MemoryDisk()).platform().locks();

  private final MemoryStore store = new MemoryStore();
  private final Inode inode = inode();

  InodeDoubtTest() throws IOException {}

  private Inode inode() throws IOException {
    Change change = Change.of(VDI, Generation.NONE, CacheMode.DIRECT, Durability.DURABLE);
    assertEquals(Outcome.DONE, store.create(ObjectId.inode(VDI), Base.ZEROS, List.of(), change));
    // Room for one page of the map.
    Inode.Context context =
        new Inode.Context(store, LOCKS, new PageBudget(LOCKS, 1), (_, _) -> {}, _ -> 0);
    byte[] fields = new byte[InodeLayout.FIELDS_END];
    return new Inode(
        context, VDI, Generation.NONE, fields, Inode.Standing.WORKING, context.watch(VDI));
  }

  @Test
  void entryInDoubtIsWrittenAgainBeforeItIsReliedOnThoughItsPageWasAway_I5() throws IOException {
    failedPut();
    throwPageOut();
    inode.lockEntries(3, 1);
    int entry = inode.entryToChange(3);
    inode.unlockEntries(3, 1);
    assertEquals(VDI.value(), entry);
    assertEquals(VDI.value(), durableEntry(), "relied on without being durable");
  }

  @Test
  void entryInDoubtKeepsItsObjectThoughItsPageWasAway() throws IOException {
    failedPut();
    throwPageOut();
    assertEquals(Inode.UNKNOWN, inode.entryAtHand(3));
    assertEquals(Inode.UNKNOWN, inode.peek(0)[3]);
  }

  @Test
  void doubtIsSeenAlsoWithoutThePageInMemory() throws IOException {
    failedPut();
    throwPageOut();
    inode.entry(5 * MapPage.ENTRIES);
    inode.entry(6 * MapPage.ENTRIES);
    assertEquals(Inode.UNKNOWN, inode.peek(0)[3]);
    assertTrue(inode.mustStay());
  }

  @Test
  void fieldsInDoubtAreWrittenAgainAlsoWhereMemoryHasThemAlready() throws IOException {
    store.record().clear();
    try (Faults.Ended _ = store.faults().fail(StoreCall.WRITE, ObjectId.inode(VDI)::equals)) {
      assertThrows(
          IOException.class,
          () -> inode.putFields(this::sized, CacheMode.WRITEBACK, Durability.DEFERRED));
    }
    assertTrue(inode.mustStay());
    store.record().clear();
    inode.putFields(fields -> fields, CacheMode.WRITEBACK, Durability.DEFERRED);
    assertEquals(1, store.record().count(StoreCall.WRITE));
    inode.putFields(fields -> fields, CacheMode.WRITEBACK, Durability.DEFERRED);
    assertEquals(1, store.record().count(StoreCall.WRITE), "no doubt is left");
  }

  private byte[] sized(byte[] fields) {
    fields[536] = 1;
    return fields;
  }

  /// The entry's write fails, and has reached the store without being durable.
  private void failedPut() throws IOException {
    inode.lockEntries(3, 1);
    try (Faults.Ended _ = store.faults().fail(StoreCall.WRITE, ObjectId.inode(VDI)::equals)) {
      int[] own = {VDI.value()};
      assertThrows(
          IOException.class,
          () -> inode.putEntries(3, own, CacheMode.WRITETHROUGH, Durability.DURABLE));
    } finally {
      inode.unlockEntries(3, 1);
    }
    ByteBuffer entry = ByteBuffer.wrap(new byte[] {(byte) VDI.value(), 0, 0, 0});
    Change change = Change.of(VDI, Generation.NONE, CacheMode.DIRECT, Durability.DEFERRED);
    assertEquals(
        Outcome.DONE,
        store.write(ObjectId.inode(VDI), List.of(new Extent(InodeLayout.entry(3), entry)), change));
  }

  /// Uses other pages until the one with the entry has left memory, and then that one again.
  private void throwPageOut() throws IOException {
    for (int page = 1; page < 5; page++) {
      inode.entry(page * MapPage.ENTRIES);
      inode.entry(page * MapPage.ENTRIES + 1);
    }
    assertEquals(VDI.value(), inode.entry(3), "a reader sees what the store says");
  }

  private int durableEntry() {
    byte[] bytes = store.afterPowerCut().bytes(ObjectId.inode(VDI)).orElseThrow();
    return bytes[InodeLayout.entry(3)];
  }
}

package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What an inode does after blocks of it were lost with the object cache: what is written to the
/// disk from then on must be found again after a restart (I4, I5).
final class InodeLossTest {
  private static final VdiId VDI = new VdiId(7);
  private static final int INDEX = 3;
  private static final ObjectId OBJECT = ObjectId.data(VDI, INDEX);
  private static final int PARENT = 5;
  private static final Locks LOCKS = new TestPlatform(new MemoryDisk()).platform().locks();
  private static final Change DURABLE =
      Change.of(VDI, Generation.NONE, CacheMode.DIRECT, Durability.DURABLE);

  private final MemoryStore store = new MemoryStore();
  private final AtomicInteger losses = new AtomicInteger();
  private final byte[] fields = new byte[InodeLayout.FIELDS_END];
  private final Inode.Context context =
      new Inode.Context(store, LOCKS, new PageBudget(LOCKS, 8), (_, _) -> {}, _ -> losses.get());
  private final Inode inode = inode(context.watch(VDI));

  private Inode inode(LossWatch watch) {
    return new Inode(context, VDI, Generation.NONE, fields, Inode.Standing.WORKING, watch);
  }

  @BeforeEach
  void nameTheObjectAndLoseThat() throws IOException {
    assertEquals(Outcome.DONE, store.create(ObjectId.inode(VDI), Base.ZEROS, List.of(), DURABLE));
    inode.lockEntries(INDEX, 1);
    inode.putEntries(INDEX, new int[] {VDI.value()}, CacheMode.WRITETHROUGH, Durability.DEFERRED);
    inode.unlockEntries(INDEX, 1);
    ByteBuffer entry = ByteBuffer.wrap(new byte[] {PARENT, 0, 0, 0});
    Extent lost = new Extent(InodeLayout.entry(INDEX), entry);
    assertEquals(Outcome.DONE, store.write(ObjectId.inode(VDI), List.of(lost), DURABLE));
    losses.incrementAndGet();
  }

  @Test
  void nextWriterFindsTheEntryDurableAgain() throws IOException {
    assertEquals(Outcome.DONE, store.create(OBJECT, Base.ZEROS, List.of(), DURABLE));
    inode.checkWritable();
    assertEquals(VDI.value(), inode.entry(INDEX));
    assertEquals(VDI.value(), durableEntry());
  }

  @Test
  void nextBarrierMakesTheEntryDurableAgain() throws IOException {
    assertEquals(Outcome.DONE, store.create(OBJECT, Base.ZEROS, List.of(), DURABLE));
    inode.flush();
    assertEquals(VDI.value(), durableEntry());
  }

  @Test
  void entryWhoseObjectWasLostTooIsWhatTheStoreHas() throws IOException {
    inode.checkWritable();
    assertEquals(PARENT, inode.entry(INDEX));
    assertEquals(PARENT, durableEntry());
  }

  @Test
  void nothingIsBroughtBackOnceTheVdiIsGone() throws Exception {
    inode.gate().enterAlone();
    FutureTask<Boolean> barrier =
        new FutureTask<>(() -> {
          inode.flush();
          return true;
        });
    Thread task = Thread.ofVirtual().start(barrier);
    try {
      Await.until("the barrier waits", () -> task.getState() == Thread.State.WAITING);
      inode.standing(Inode.Standing.DELETED);
    } finally {
      inode.gate().leaveAlone();
    }
    barrier.get();
    assertEquals(PARENT, durableEntry());
  }

  @Test
  void lossWhileTheFieldsAreReadCounts() {
    LossWatch watch = context.watch(VDI);
    losses.incrementAndGet();
    assertTrue(inode(watch).isBehindLoss());
  }

  @Test
  void oneLossIsLookedAtOnce() throws IOException {
    inode.checkWritable();
    store.record().clear();
    inode.checkWritable();
    assertEquals(List.of(), store.record().calls());
  }

  private int durableEntry() {
    byte[] bytes = store.afterPowerCut().bytes(ObjectId.inode(VDI)).orElseThrow();
    return bytes[InodeLayout.entry(INDEX)];
  }
}

package dev.kelpie.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The store in memory keeps what [dev.kelpie.object.ObjectStore] promises, and loses the rest.
final class MemoryStoreTest {
  private static final VdiId VDI = new VdiId(7);
  private static final ObjectId OBJECT = ObjectId.data(VDI, 3);
  private static final ObjectId OTHER = ObjectId.data(VDI, 4);

  private final MemoryStore store = new MemoryStore();

  @Test
  void whatWasWrittenIsRead() throws IOException {
    assertEquals(Outcome.NO_OBJECT, store.write(OBJECT, extents(0, "x"), change(1, 1)));
    assertEquals(Outcome.DONE, store.create(OBJECT, Base.ZEROS, extents(2, "ab"), change(1, 1)));
    assertEquals(
        Outcome.DONE, store.write(OBJECT, List.of(extent(0, "x"), extent(3, "yz")), change(1, 2)));
    assertEquals("x\0ayz\0", read(store, 0, 6));
    assertEquals(
        Outcome.DONE, store.create(OTHER, new Base.CopyOf(OBJECT), extents(1, "-"), change(1, 1)));
    assertEquals("x-ayz", text(store.bytes(OTHER).orElseThrow(), 5));
    assertEquals(List.of(OBJECT, OTHER), listed());
    assertEquals(Outcome.DONE, store.remove(OBJECT, change(1, 3)));
    assertEquals(List.of(OTHER), listed());
    assertEquals(Outcome.NO_OBJECT, store.remove(OBJECT, change(1, 4)));
    assertEquals(
        Outcome.NO_OBJECT, store.create(OTHER, new Base.CopyOf(OBJECT), List.of(), change(1, 9)));
  }

  @Test
  void changesAreAppliedInTheirOrderOnly() throws IOException {
    store.create(OBJECT, Base.ZEROS, List.of(), change(2, 5));
    assertEquals(Outcome.STALE, store.write(OBJECT, extents(0, "x"), change(2, 5)));
    assertEquals(Outcome.STALE, store.write(OBJECT, extents(0, "x"), change(1, 9)));
    assertEquals(Outcome.STALE, store.create(OBJECT, Base.ZEROS, List.of(), change(1, 9)));
    assertEquals(Outcome.STALE, store.remove(OBJECT, change(2, 4)));
    assertEquals("\0", read(store, 0, 1));
    assertEquals(Outcome.DONE, store.write(OBJECT, extents(0, "y"), change(2, 7)));
    assertEquals(Outcome.DONE, store.write(OBJECT, extents(0, "z"), change(2, Change.NEXT)));
    assertEquals(8, store.stat(OBJECT).orElseThrow().pushNumber());
    assertEquals(Outcome.DONE, store.write(OBJECT, extents(0, "a"), change(3, 1)));
    assertEquals(new Generation(3), store.stat(OBJECT).orElseThrow().generation());
    assertEquals(4096, store.stat(OBJECT).orElseThrow().allocatedBytes());
    assertEquals(Optional.empty(), store.stat(OTHER));
  }

  @Test
  void whatIsDeferredIsLostUntilItIsFlushed() throws IOException {
    store.create(OBJECT, Base.ZEROS, extents(0, "a"), deferred());
    assertEquals(List.of(), store.afterPowerCut().objects());
    assertThrows(IllegalStateException.class, () -> store.flush(VDI));
  }

  @Test
  void aFlushMakesDeferredChangesOfItsVdiDurable() throws IOException {
    store.create(OBJECT, Base.ZEROS, extents(0, "a"), deferred());
    store.flush(new VdiId(8));
    store.flush(VDI);
    store.write(OBJECT, extents(0, "b"), deferred());
    store.write(OBJECT, extents(1, "c"), durable());
    assertEquals("bc", read(store, 0, 2));
    assertEquals("ac", read(store.afterPowerCut(), 0, 2));
  }

  @Test
  void aDeferredWriteDoesNotComeBackOverALaterDurableOne() throws IOException {
    store.create(OBJECT, Base.ZEROS, extents(0, "abc"), durable());
    store.write(OBJECT, extents(0, "xy"), deferred());
    store.write(OBJECT, extents(1, "z"), durable());
    store.flush(VDI);
    assertEquals("xzc", read(store, 0, 3));
    assertEquals("xzc", read(store.afterPowerCut(), 0, 3));
  }

  @Test
  void aDeferredCreateBecomesDurableWithADurableWrite() throws IOException {
    store.create(OBJECT, Base.ZEROS, extents(0, "a"), deferred());
    store.write(OBJECT, extents(1, "b"), durable());
    assertEquals("ab", read(store.afterPowerCut(), 0, 2));
  }

  @Test
  void faultsHitTheirCallsAndEverythingIsCounted() throws IOException {
    store.create(OBJECT, Base.ZEROS, extents(0, "abc"), durable());
    try (Faults.Ended _ = store.faults().fail(StoreCall.WRITE, OBJECT::equals)) {
      assertThrows(IOException.class, () -> store.write(OBJECT, extents(0, "x"), durable()));
    }
    try (Faults.Hang _ = store.faults().hang(StoreCall.READ, OBJECT::equals)) {
      Access now = new Access(VDI, Generation.NONE, CacheMode.DIRECT, Patience.NOW);
      assertEquals(Outcome.WOULD_WAIT, store.read(OBJECT, 0, ByteBuffer.allocate(1), now));
    }
    assertEquals("ab", read(store, 0, 2));
    assertEquals(3, store.record().bytesWritten());
    assertEquals(2, store.record().bytesRead());
    assertEquals(1, store.record().count(StoreCall.WRITE));
    assertEquals(3, store.record().calls().size());
  }

  @Test
  void aFullStoreAndAWrongRangeAreRefused() throws IOException {
    store.objectsMax(1);
    assertEquals(Outcome.DONE, store.create(OBJECT, Base.ZEROS, List.of(), durable()));
    assertEquals(Outcome.NO_SPACE, store.create(OTHER, Base.ZEROS, List.of(), durable()));
    assertThrows(
        IllegalArgumentException.class,
        () -> store.write(OBJECT, extents(OBJECT.size(), "x"), durable()));
    assertThrows(
        IllegalArgumentException.class,
        () -> store.write(OBJECT, List.of(extent(1, "x"), extent(0, "y")), durable()));
    assertFalse(store.bytes(OTHER).isPresent());
    store.close();
    assertThrows(IllegalStateException.class, () -> store.stat(OBJECT));
    assertTrue(store.bytes(OBJECT).isPresent(), "a test may still look");
  }

  private List<ObjectId> listed() throws IOException {
    List<ObjectId> found = new ArrayList<>();
    store.list(VDI, found::add);
    return found;
  }

  private static String read(MemoryStore from, int offset, int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length);
    Access access = new Access(VDI, Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
    assertEquals(Outcome.DONE, from.read(OBJECT, offset, into, access));
    assertEquals(length, into.position());
    return text(into.array(), length);
  }

  private static String text(byte[] bytes, int length) {
    return new String(Arrays.copyOf(bytes, length), UTF_8);
  }

  private static List<Extent> extents(int offset, String text) {
    return List.of(extent(offset, text));
  }

  private static Extent extent(int offset, String text) {
    return new Extent(offset, ByteBuffer.wrap(text.getBytes(UTF_8)));
  }

  private static Change deferred() {
    return Change.of(VDI, Generation.NONE, CacheMode.WRITETHROUGH, Durability.DEFERRED);
  }

  private static Change durable() {
    return Change.of(VDI, Generation.NONE, CacheMode.WRITETHROUGH, Durability.DURABLE);
  }

  private static Change change(long generation, long pushNumber) {
    return new Change(
        VDI,
        new Generation(generation),
        pushNumber,
        CacheMode.WRITETHROUGH,
        Durability.DURABLE,
        Patience.WAIT);
  }
}

package dev.kelpie.object;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every [ObjectStore] does, whatever it is made of.
public abstract class ObjectStoreContract {
  private static final VdiId VDI = new VdiId(0x7c2b25);
  private static final VdiId OTHER_VDI = new VdiId(0x7c2b26);
  static final ObjectId DATA = ObjectId.data(VDI, 5);
  private static final ObjectId CHILD = ObjectId.data(OTHER_VDI, 5);
  private static final ObjectId INODE = ObjectId.inode(VDI);

  private Optional<ObjectStore> opened = Optional.empty();

  /// A new, empty store().
  protected abstract ObjectStore open() throws IOException;

  /// Called when the store was closed.
  protected void closed() throws IOException {}

  @BeforeEach
  void openIt() throws IOException {
    opened = Optional.of(open());
  }

  @AfterEach
  void closeIt() throws IOException {
    store().close();
    closed();
  }

  @Test
  void whatWasNeverCreatedIsNotThere() throws IOException {
    assertEquals(Outcome.NO_OBJECT, store().read(DATA, 0, ByteBuffer.allocate(1), access()));
    assertEquals(Outcome.NO_OBJECT, store().write(DATA, extents(0, 1), next()));
    assertEquals(Outcome.NO_OBJECT, store().remove(DATA, next()));
    assertEquals(Optional.empty(), store().stat(DATA));
    assertEquals(Set.of(), listed(VDI));
    store().flush(VDI);
  }

  @Test
  void aNewObjectIsZerosButForItsExtents() throws IOException {
    for (ObjectId object : List.of(DATA, INODE, ObjectId.attribute(VDI, 3))) {
      byte[] expected = new byte[object.size()];
      List<Extent> extents =
          put(expected, object, 0, 1, 4096, 8192, 60_000, 1000, object.size() - 5, 5);
      assertEquals(Outcome.DONE, store().create(object, Base.ZEROS, extents, next()));
      assertArrayEquals(expected, read(object));
    }
  }

  @Test
  void aWriteChangesItsBytesAndNoOthers() throws IOException {
    for (ObjectId object : List.of(DATA, INODE)) {
      byte[] expected = new byte[object.size()];
      create(object, put(expected, object, 0, 100_000, object.size() - 9000, 9000));
      int[][] ranges = {
        {0, 1},
        {4095, 2},
        {4096, 4096},
        {8192, 200_000},
        {511, 513},
        {300_001, 70_001},
        {object.size() - 1, 1},
        {object.size() - 4097, 4097},
        {1 << 20, 1 << 20},
        {77, 0}
      };
      for (int[] range : ranges) {
        write(object, put(expected, object, range[0], range[1]));
        assertArrayEquals(expected, read(object));
      }
    }
  }

  @Test
  void oneWriteHasManyExtents() throws IOException {
    byte[] expected = new byte[DATA.size()];
    create(DATA, put(expected, DATA, 0, 20_000));
    write(DATA, put(expected, DATA, 5, 10, 15, 10, 100, 4000, 9000, 9000, 500_000, 1));
    assertArrayEquals(expected, read(DATA));
    write(DATA, put(expected, DATA, 10, 300_000, 310_010, 5, 1_000_000, 300_000, 4_000_000, 1));
    assertArrayEquals(expected, read(DATA));
  }

  @Test
  void aReplacedObjectShowsNothingOfTheOldOne() throws IOException {
    create(DATA, put(new byte[DATA.size()], DATA, 0, DATA.size()));
    byte[] expected = new byte[DATA.size()];
    create(DATA, put(expected, DATA, 70_000, 10));
    assertArrayEquals(expected, read(DATA));
    write(DATA, put(expected, DATA, 70_005, 100));
    assertArrayEquals(expected, read(DATA));
  }

  @Test
  void aCopyHoldsTheParentsBytesWhereNoExtentSaysOtherwise() throws IOException {
    byte[] expected = new byte[DATA.size()];
    create(DATA, put(expected, DATA, 10_000, 100_000, 3_000_000, 1_000_000));
    write(DATA, put(expected, DATA, 20_000, 10));
    List<Extent> extents = put(expected, CHILD, 0, 5, 50_000, 8192, 3_500_001, 100);
    assertEquals(Outcome.DONE, store().create(CHILD, new Base.CopyOf(DATA), extents, next()));
    assertArrayEquals(expected, read(CHILD));
    write(DATA, put(new byte[DATA.size()], DATA, 0, 200_000));
    assertArrayEquals(expected, read(CHILD), "the parent's later changes are its own");
    assertEquals(Outcome.DONE, store().remove(DATA, next()));
    assertArrayEquals(expected, read(CHILD));
  }

  @Test
  void aCopyOfWhatIsNotThereIsRefused() throws IOException {
    assertEquals(
        Outcome.NO_OBJECT, store().create(CHILD, new Base.CopyOf(DATA), List.of(), next()));
    assertEquals(Optional.empty(), store().stat(CHILD));
  }

  @Test
  void aRemovedObjectIsGoneAndCanBeCreatedAgain() throws IOException {
    create(DATA, put(new byte[DATA.size()], DATA, 0, 100_000));
    write(DATA, put(new byte[DATA.size()], DATA, 0, 100));
    assertEquals(Outcome.DONE, store().remove(DATA, next()));
    assertEquals(Outcome.NO_OBJECT, store().read(DATA, 0, ByteBuffer.allocate(1), access()));
    assertEquals(Outcome.NO_OBJECT, store().write(DATA, extents(0, 1), next()));
    assertEquals(Outcome.NO_OBJECT, store().remove(DATA, next()));
    byte[] expected = new byte[DATA.size()];
    create(DATA, put(expected, DATA, 50, 50));
    assertArrayEquals(expected, read(DATA));
  }

  @Test
  void whatIsDeferredIsSeenAtOnceAndSurvivesItsFlush() throws IOException {
    byte[] expected = new byte[DATA.size()];
    assertEquals(
        Outcome.DONE, store().create(DATA, Base.ZEROS, put(expected, DATA, 0, 100), deferred()));
    for (int[] range : new int[][] {{5, 10}, {4000, 300_000}, {100, 5000}, {1 << 20, 1 << 20}}) {
      List<Extent> extents = put(expected, DATA, range[0], range[1]);
      assertEquals(Outcome.DONE, store().write(DATA, extents, deferred()));
      assertArrayEquals(expected, read(DATA));
    }
    store().flush(VDI);
    assertArrayEquals(expected, read(DATA));
    assertEquals(Outcome.DONE, store().remove(DATA, deferred()));
    store().flush(VDI);
    assertEquals(Optional.empty(), store().stat(DATA));
  }

  @Test
  void listNamesEveryObjectOfItsVdi() throws IOException {
    Set<ObjectId> mine = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      mine.add(ObjectId.data(VDI, i * 77_777_777));
    }
    mine.add(INODE);
    mine.add(ObjectId.vmState(VDI, 1));
    mine.add(ObjectId.attribute(VDI, 2));
    for (ObjectId object : mine) {
      create(object, List.of());
    }
    create(CHILD, List.of());
    assertEquals(mine, listed(VDI));
    assertEquals(Set.of(CHILD), listed(OTHER_VDI));
    assertEquals(Outcome.DONE, store().remove(INODE, next()));
    mine.remove(INODE);
    assertEquals(mine, listed(VDI));
  }

  @Test
  void buffersOfEveryKindAreTakenAndOnlyReadsMoveThem() throws IOException {
    create(DATA, List.of());
    byte[] bytes = pattern(DATA, 100, 20_000);
    ByteBuffer direct = ByteBuffer.allocateDirect(30_000).position(77).put(bytes);
    direct.flip().position(77);
    ByteBuffer readOnly = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    ByteBuffer piece = ByteBuffer.allocate(30_000).position(5).put(bytes).slice(5, 20_000);
    for (ByteBuffer from : List.of(direct, readOnly, piece)) {
      int position = from.position();
      create(DATA, List.of());
      assertEquals(Outcome.DONE, store().write(DATA, List.of(new Extent(100, from)), next()));
      assertEquals(position, from.position());
      for (ByteBuffer into :
          List.of(ByteBuffer.allocate(20_000), ByteBuffer.allocateDirect(20_010).position(10))) {
        int start = into.position();
        assertEquals(Outcome.DONE, store().read(DATA, 100, into, access()));
        assertEquals(start + 20_000, into.position());
        byte[] got = new byte[20_000];
        into.get(start, got);
        assertArrayEquals(bytes, got);
      }
    }
    ByteBuffer unmoved = ByteBuffer.allocate(100).position(7);
    assertEquals(Outcome.NO_OBJECT, store().read(CHILD, 0, unmoved, access()));
    assertEquals(7, unmoved.position());
  }

  @Test
  void aReadOfNothingIsDone() throws IOException {
    create(DATA, List.of());
    for (int offset : new int[] {0, 5, DATA.size()}) {
      assertEquals(Outcome.DONE, store().read(DATA, offset, ByteBuffer.allocate(0), access()));
    }
  }

  @Test
  void aRangeOutsideTheObjectIsTheCallersError() throws IOException {
    create(DATA, List.of());
    int end = DATA.size();
    List<List<Extent>> wrong =
        List.of(
            extents(end, 1),
            extents(end - 1, 2),
            extents(-1, 1),
            List.of(extents(10, 10).getFirst(), extents(19, 10).getFirst()),
            List.of(extents(100, 10).getFirst(), extents(0, 10).getFirst()));
    for (List<Extent> extents : wrong) {
      assertThrows(IllegalArgumentException.class, () -> store().write(DATA, extents, next()));
      assertThrows(
          IllegalArgumentException.class, () -> store().create(DATA, Base.ZEROS, extents, next()));
    }
    for (int offset : new int[] {-1, end}) {
      ByteBuffer one = ByteBuffer.allocate(1);
      assertThrows(IllegalArgumentException.class, () -> store().read(DATA, offset, one, access()));
    }
    assertArrayEquals(new byte[DATA.size()], read(DATA));
  }

  @Test
  void whoDoesNotWaitGetsItNowOrNotAtAll() throws IOException {
    byte[] expected = new byte[DATA.size()];
    create(DATA, put(expected, DATA, 0, 100));
    ByteBuffer into = ByteBuffer.allocate(100);
    Access now = new Access(VDI, Generation.NONE, CacheMode.DIRECT, Patience.NOW);
    if (store().read(DATA, 0, into, now) == Outcome.DONE) {
      assertArrayEquals(Arrays.copyOf(expected, 100), into.array());
    } else {
      assertEquals(0, into.position());
    }
    Change quick =
        new Change(VDI, Generation.NONE, 0, CacheMode.DIRECT, Durability.DURABLE, Patience.NOW);
    byte[] changed = expected.clone();
    Outcome outcome = store().write(DATA, put(changed, DATA, 50, 100), quick);
    assertArrayEquals(outcome == Outcome.DONE ? changed : expected, read(DATA));
    assertTrue(outcome == Outcome.DONE || outcome == Outcome.WOULD_WAIT, "not " + outcome);
    Outcome removed = store().remove(DATA, quick);
    assertEquals(removed == Outcome.DONE, store().stat(DATA).isEmpty());
  }

  @Test
  void writersOfOneObjectDoNotDisturbEachOther() throws Exception {
    create(DATA, List.of());
    int writers = 4;
    List<Future<?>> done = new ArrayList<>();
    CountDownLatch start = new CountDownLatch(1);
    try (ExecutorService tasks = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int writer = 0; writer < writers; writer++) {
        int own = writer;
        done.add(
            tasks.submit(() -> {
              start.await();
              for (int i = 0; i < 60; i++) {
                writeSector(own + writers * (i % 20), i, i % 3 == 0 ? next() : deferred());
              }
              return own;
            }));
      }
      done.add(
          tasks.submit(() -> {
            start.await();
            for (int i = 0; i < 200; i++) {
              checkSectors();
            }
            return 0;
          }));
      start.countDown();
      for (Future<?> one : done) {
        one.get();
      }
    }
    store().flush(VDI);
    checkSectors();
    byte[] last = read(DATA);
    for (int sector = 0; sector < writers * 20; sector++) {
      int expected = 40 + sector / writers;
      assertEquals(expected, last[sector * 512], "the last write of sector " + sector);
    }
  }

  ObjectStore store() {
    return opened.orElseThrow();
  }

  private void writeSector(int sector, int value, Change change) throws IOException {
    byte[] bytes = new byte[512];
    Arrays.fill(bytes, (byte) value);
    Extent extent = new Extent(sector * 512, ByteBuffer.wrap(bytes));
    assertEquals(Outcome.DONE, store().write(DATA, List.of(extent), change));
  }

  private void checkSectors() throws IOException {
    ByteBuffer into = ByteBuffer.allocate(80 * 512);
    assertEquals(Outcome.DONE, store().read(DATA, 0, into, access()));
    for (int i = 0; i < into.capacity(); i++) {
      assertEquals(into.get(i / 512 * 512), into.get(i), "sector " + i / 512 + " is whole");
    }
  }

  void create(ObjectId object, List<Extent> extents) throws IOException {
    assertEquals(Outcome.DONE, store().create(object, Base.ZEROS, extents, next()));
  }

  void write(ObjectId object, List<Extent> extents) throws IOException {
    assertEquals(Outcome.DONE, store().write(object, extents, next()));
  }

  byte[] read(ObjectId object) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(object.size());
    assertEquals(Outcome.DONE, store().read(object, 0, into, access()));
    assertEquals(object.size(), into.position());
    return into.array();
  }

  private Set<ObjectId> listed(VdiId vdi) throws IOException {
    Set<ObjectId> found = new HashSet<>();
    store().list(vdi, object -> assertTrue(found.add(object), object + " is named twice"));
    return found;
  }

  static Access access() {
    return new Access(VDI, Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
  }

  static Change next() {
    return Change.of(VDI, Generation.NONE, CacheMode.DIRECT, Durability.DURABLE);
  }

  private static Change deferred() {
    return Change.of(VDI, Generation.NONE, CacheMode.DIRECT, Durability.DEFERRED);
  }

  static List<Extent> extents(int offset, int length) {
    return List.of(new Extent(offset, ByteBuffer.allocate(length)));
  }

  /// Extents of new bytes, which are put into `expected` too.
  ///
  /// @param ranges offset and length of each
  static List<Extent> put(byte[] expected, ObjectId object, int... ranges) {
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < ranges.length; i += 2) {
      byte[] bytes = pattern(object, ranges[i], ranges[i + 1]);
      for (int k = 0; k < bytes.length; k++) {
        bytes[k] += expected[ranges[i] + k];
      }
      System.arraycopy(bytes, 0, expected, ranges[i], bytes.length);
      extents.add(new Extent(ranges[i], ByteBuffer.wrap(bytes)));
    }
    return extents;
  }

  private static byte[] pattern(ObjectId object, int offset, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] =
          (byte) (1 + Long.hashCode(object.value()) + (offset + i) * 31 + (offset + i) / 512);
    }
    return bytes;
  }
}

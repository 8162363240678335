package dev.kelpie.vdi;

import static dev.kelpie.vdi.TestNode.found;
import static dev.kelpie.vdi.TestNode.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryCluster.Fate;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.volume.BlockDevice;
import dev.kelpie.volume.Exports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Who may use a VDI of several nodes (I8).
final class LeasesOfManyTest {
  private static final int SIZE = 4096;

  private final TestCluster cluster;
  private final TestCluster.Node a;
  private final TestCluster.Node b;
  private final VdiId vdi;

  LeasesOfManyTest() throws IOException {
    cluster = new TestCluster(2, Duration.ofMillis(100));
    a = cluster.nodes.get(0);
    b = cluster.nodes.get(1);
    vdi = found(a.create("vm1"));
  }

  @AfterEach
  void end() throws IOException {
    cluster.close();
  }

  @Test
  void whatIsAttachedOnOneNodeNoOtherCanHave() throws IOException {
    try (BlockDevice device = a.open("vm1")) {
      write(device, 1);
      Exports.Answer.Refused answer =
          assertInstanceOf(Exports.Answer.Refused.class, b.attach("vm1"));
      assertTrue(answer.toString().contains("VDI vm1"), answer::toString);
      assertTrue(answer.toString().contains("in use on node n0"), answer::toString);
      assertEquals(Reason.VDI_LOCKED, refused(b.delete("vm1", 0)));
      assertEquals(Reason.VDI_LOCKED, refused(b.snapshot("vm1")));
      assertEquals(Reason.VDI_LOCKED, refused(b.catalog.alterCopies(vdi, 2)));
      ByteBuffer data = ByteBuffer.allocate(SIZE);
      ObjectId object = ObjectId.data(vdi, 0);
      IOException byId =
          assertThrows(
              IOException.class,
              () ->
                  b.catalog
                      .clientObjects()
                      .read(object, 0, data, CacheMode.WRITEBACK, Patience.WAIT));
      assertTrue(byId.toString().contains("n0"), byId::toString);
      assertThrows(LeaseElsewhere.class, () -> b.catalog.clientObjects().opened(vdi));
      write(device, 2);
      assertEquals(2, read(device));
    }
    assertEquals(List.of(), cluster.records.list(Keys.WANTED));
  }

  @Test
  void aLeaseGoesToWhoOpensTheVdiNextWithEverythingWritten_I8() throws IOException {
    Generation before = generation();
    try (BlockDevice device = a.open("vm1")) {
      write(device, 1);
    }
    try (BlockDevice device = b.open("vm1")) {
      assertEquals(1, read(device));
      write(device, 2);
      assertInstanceOf(Exports.Answer.Refused.class, a.attach("vm1"));
    }
    assertTrue(generation().compareTo(before) > 0);
    assertEquals(List.of(vdi), a.tuning.letGone());
    try (BlockDevice device = a.open("vm1")) {
      assertEquals(2, read(device));
    }
    assertFalse(b.leases.has(vdi));
  }

  @Test
  void snapshotsGoFromNodeToNodeToo() throws IOException {
    try (BlockDevice device = a.open("vm1")) {
      write(device, 1);
    }
    VdiId second = found(b.snapshot("vm1"));
    try (BlockDevice device = b.open("vm1")) {
      assertEquals(1, read(device));
      write(device, 2);
    }
    VdiId third = found(a.snapshot("vm1"));
    try (BlockDevice device = a.open("vm1")) {
      assertEquals(2, read(device));
    }
    assertEquals(List.of(vdi, second, third), sorted(b));
    assertTrue(b.header(second).snapTime() != 0);
    assertEquals(3, a.header(third).snapId());
    found(b.delete("vm1", 1));
    assertEquals(a.states(), b.states());
  }

  @Test
  void whoLooksTakesNoLease() throws IOException {
    found(a.snapshot("vm1"));
    try (BlockDevice device = a.open("vm1")) {
      write(device, 1);
      List<Long> before = versions();
      long commits = b.handle.commits();
      for (VdiDirectory.State state : b.states()) {
        InodeHeader header = b.header(state.vdi());
        assertEquals("vm1", header.name());
        assertEquals(TestNode.MIB, header.size());
        assertEquals(state.snapshot(), header.snapTime() != 0);
        assertEquals(a.header(state.vdi()), header);
      }
      b.catalog.snapshots(new VdiName("vm1"));
      b.catalog.lookup(new VdiName("vm1"), "no-such-tag", 0);
      assertEquals(before, versions());
      assertEquals(commits, b.handle.commits());
      assertEquals(List.of(), b.leases.all());
    }
  }

  @Test
  void whoReadsAWholeInodeGetsWhatItsLastUserWrote() throws IOException {
    try (BlockDevice device = a.open("vm1")) {
      write(device, 1);
    }
    ByteBuffer whole = ByteBuffer.allocate(InodeLayout.entry(1));
    ObjectId inode = ObjectId.inode(vdi);
    b.catalog.clientObjects().read(inode, 0, whole, CacheMode.WRITEBACK, Patience.WAIT);
    assertEquals(Integer.reverseBytes(vdi.value()), whole.getInt(InodeLayout.entry(0)));
    assertTrue(b.leases.has(vdi));
  }

  /// A list of all disks looks at their maps, and must not move them about.
  @Test
  void whoLooksAtAPartOfAMapMovesNoLease() throws IOException {
    try (BlockDevice device = a.open("vm1")) {
      write(device, 1);
      device.flush();
      ByteBuffer entry = ByteBuffer.allocate(InodeLayout.ENTRY_SIZE);
      ObjectId inode = ObjectId.inode(vdi);
      int offset = InodeLayout.entry(0);
      b.catalog.clientObjects().read(inode, offset, entry, CacheMode.WRITEBACK, Patience.WAIT);
      assertEquals(Integer.reverseBytes(vdi.value()), entry.getInt(0));
      assertFalse(b.leases.has(vdi));
      assertTrue(a.leases.has(vdi));
    }
  }

  @Test
  void aClientByRequestIsWaitedForUntilItIsSilent() throws Exception {
    writeById(a, 1);
    CompletableFuture<Integer> read = CompletableFuture.supplyAsync(() -> readById(b));
    Await.until("the lease is wanted", () -> !cluster.records.list(Keys.WANTED).isEmpty());
    writeById(a, 2);
    assertTrue(a.leases.has(vdi));
    cluster.clock.advance(Duration.ofMillis(101));
    assertEquals(2, read.get(20, TimeUnit.SECONDS));
    assertFalse(a.leases.has(vdi));
  }

  @Test
  void aClientThatHasClosedIsNotWaitedFor() throws IOException {
    writeById(a, 1);
    a.catalog.clientObjects().closed(vdi);
    assertEquals(1, readById(b));
  }

  @Test
  void theLeaseOfADeadNodeIsTakenWithItsLoss_I8() throws IOException {
    BlockDevice device = a.open("vm1");
    write(device, 1);
    a.leases.markUnflushed(vdi);
    Generation before = generation();
    a.handle.die();
    try (BlockDevice next = b.open("vm1")) {
      assertTrue(generation().compareTo(before) > 0);
      assertTrue(b.alerts.toString().contains("VDI vm1"), b.alerts::toString);
      assertThrows(IOException.class, next::flush, "no fsync lies");
      next.flush();
    }
  }

  @Test
  void aNodeThatWasTakenForDeadStopsUsingTheVdi() throws IOException {
    try (BlockDevice zombie = a.open("vm1")) {
      write(zombie, 1);
      cluster.takeForDead("n0");
      try (BlockDevice device = b.open("vm1")) {
        write(device, 2);
        Await.until("the old owner knows", () -> !a.leases.has(vdi));
        assertThrows(IOException.class, () -> write(zombie, 3));
        assertThrows(IOException.class, () -> read(zombie));
        assertEquals(2, read(device));
        Await.until("its cache is empty", () -> a.tuning.forgotten().contains(vdi));
      }
      assertInstanceOf(Exports.Answer.Refused.class, a.attach("vm1"), "while the old one is there");
    }
    try (BlockDevice device = a.open("vm1")) {
      assertEquals(2, read(device));
    }
  }

  @Test
  void aDoubtAboutAHandOverLosesNobodyTheVdi() throws IOException {
    for (Fate fate : List.of(Fate.MADE_IN_DOUBT, Fate.LOST_IN_DOUBT, Fate.FAILED)) {
      boolean[] met = new boolean[1];
      a.open("vm1").close();
      a.handle.fates(changes -> {
        boolean lease = changes.stream().allMatch(put -> put.key().startsWith("lease/"));
        boolean now = lease && !met[0];
        met[0] |= lease;
        return now ? fate : Fate.ANSWERED;
      });
      b.open("vm1").close();
      assertTrue(met[0]);
      a.handle.fates(_ -> Fate.ANSWERED);
    }
  }

  @Test
  void aNodeThatComesBackHasWhatNobodyTook() throws IOException {
    found(a.create("vm2"));
    a.handle.die();
    b.open("vm1").close();
    a.close();
    TestCluster.Node again = cluster.start("n0");
    assertEquals(1, again.leases.all().size());
    again.open("vm2").close();
    again.open("vm1").close();
  }

  @Test
  void oneNodeAloneWritesNoRecordToAttachAndDetach() throws IOException {
    a.open("vm1").close();
    long commits = a.handle.commits();
    for (int i = 0; i < 10; i++) {
      a.open("vm1").close();
    }
    assertEquals(commits, a.handle.commits());
  }

  private List<VdiId> sorted(TestCluster.Node node) throws IOException {
    return node.states().stream().map(VdiDirectory.State::vdi).sorted().toList();
  }

  private List<Long> versions() {
    return cluster.records.list(Keys.LEASE).stream().map(Stored::version).toList();
  }

  private Generation generation() throws IOException {
    byte[] value = cluster.records.list(Keys.lease(vdi)).getFirst().value();
    return LeaseRecord.decode(vdi, value).generation();
  }

  private static void write(BlockDevice device, int value) throws IOException {
    byte[] bytes = new byte[SIZE];
    Arrays.fill(bytes, (byte) value);
    device.write(0, ByteBuffer.wrap(bytes), Durability.DEFERRED, Patience.WAIT);
  }

  private static int read(BlockDevice device) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SIZE);
    device.read(0, bytes, Patience.WAIT);
    return bytes.get(SIZE - 1);
  }

  private void writeById(TestCluster.Node node, int value) throws IOException {
    ClientObjects objects = node.catalog.clientObjects();
    ObjectId object = ObjectId.data(vdi, 0);
    ByteBuffer data = ByteBuffer.allocate(SIZE).put(0, (byte) value);
    assertEquals(
        Outcome.DONE,
        objects.create(object, Base.ZEROS, 0, data, CacheMode.WRITEBACK, Durability.DEFERRED));
  }

  private int readById(TestCluster.Node node) {
    ByteBuffer data = ByteBuffer.allocate(1);
    try {
      ObjectId object = ObjectId.data(vdi, 0);
      Outcome outcome =
          node.catalog.clientObjects().read(object, 0, data, CacheMode.WRITEBACK, Patience.WAIT);
      return outcome == Outcome.DONE ? data.get(0) : -1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.TestCertificates;
import dev.kelpie.testing.TestTls;
import dev.kelpie.tls.TlsPolicy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A cluster on real sockets.
final class LoopbackClusterTest {
  private static final VdiId VDI = new VdiId(0x7c2b25);
  private static final int OBJECTS = 40;

  private static Change change(Durability durability) {
    return Change.of(VDI, Generation.NONE, CacheMode.DIRECT, durability);
  }

  private static byte[] read(ObjectStore store, ObjectId object, int offset, int length)
      throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length);
    Access access = new Access(VDI, Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
    assertEquals(Outcome.DONE, store.read(object, offset, into, access));
    assertEquals(0, into.remaining());
    return into.array();
  }

  private static void create(ObjectStore store, ObjectId object, byte... bytes) throws IOException {
    List<Extent> extents = List.of(new Extent(1000, ByteBuffer.wrap(bytes)));
    assertEquals(
        Outcome.DONE, store.create(object, Base.ZEROS, extents, change(Durability.DURABLE)));
  }

  @Test
  void whatIsWrittenThroughOneNodeIsReadAndListedThroughAll() throws IOException {
    try (LoopbackCluster cluster =
        new LoopbackCluster(3, 2, dev.kelpie.stream.Access.OPEN, Optional.empty())) {
      writtenAndReadThroughAll(cluster);
    }
  }

  @Test
  void nodesComeEncryptedWhereThatIsRequired(@TempDir Path directory) throws IOException {
    Path good = new TestCertificates(directory).good();
    dev.kelpie.stream.Access access =
        new dev.kelpie.stream.Access(
            _ -> true, Optional.of(new TlsPolicy(TestTls.server(good), true)));
    try (LoopbackCluster cluster =
        new LoopbackCluster(3, 2, access, Optional.of(TestTls.client(good)))) {
      writtenAndReadThroughAll(cluster);
    }
    try (LoopbackCluster plain = new LoopbackCluster(2, 2, access, Optional.empty())) {
      Copies other = plain.nodes().getFirst().peers().copies(plain.nodes().getLast().name());
      IOException refused = assertThrows(IOException.class, () -> other.prepare(new Claim(0, 1)));
      assertTrue(
          String.valueOf(refused.getMessage()).contains(plain.nodes().getLast().name()),
          refused::toString);
    }
  }

  private static void writtenAndReadThroughAll(LoopbackCluster cluster) throws IOException {
    Set<ObjectId> all = new HashSet<>();
    ObjectStore first = cluster.nodes().getFirst().store();
    for (int i = 0; i < OBJECTS; i++) {
      ObjectId object = ObjectId.data(VDI, i);
      create(first, object, (byte) i, (byte) (i + 1));
      all.add(object);
    }
    first.flush(VDI);
    for (LoopbackCluster.Node node : cluster.nodes()) {
      for (int i = 0; i < OBJECTS; i++) {
        byte[] expected = {0, (byte) i, (byte) (i + 1), 0};
        assertArrayEquals(expected, read(node.store(), ObjectId.data(VDI, i), 999, 4));
      }
      Set<ObjectId> listed = new HashSet<>();
      node.store().list(VDI, listed::add);
      assertEquals(all, listed);
    }
    int copies = 0;
    for (LoopbackCluster.Node node : cluster.nodes()) {
      for (ObjectId object : all) {
        copies += node.copies().stat(object).isPresent() ? 1 : 0;
      }
    }
    assertEquals(2 * OBJECTS, copies);
  }

  @Test
  void manyClientsWriteAndReadAtOnce() throws Exception {
    try (LoopbackCluster cluster =
            new LoopbackCluster(3, 3, dev.kelpie.stream.Access.OPEN, Optional.empty());
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Boolean>> ends = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        int number = i;
        ObjectStore store = cluster.nodes().get(i % 3).store();
        Callable<Boolean> client = () -> work(store, ObjectId.data(VDI, number));
        ends.add(clients.submit(client));
      }
      for (Future<Boolean> end : ends) {
        assertTrue(end.get());
      }
    }
  }

  /// Writes anywhere in an object and compares all of it, from time to time.
  private static boolean work(ObjectStore store, ObjectId object) throws IOException {
    RandomGenerator chance = Seeds.generator("LoopbackClusterTest " + object);
    byte[] expected = new byte[object.size()];
    create(store, object);
    for (int i = 1; i <= 60; i++) {
      int length = 1 + chance.nextInt(chance.nextInt(8) == 0 ? 600_000 : 9000);
      int offset = chance.nextInt(object.size() - length);
      byte[] bytes = new byte[length];
      chance.nextBytes(bytes);
      System.arraycopy(bytes, 0, expected, offset, length);
      Durability durability = i % 5 == 0 ? Durability.DURABLE : Durability.DEFERRED;
      List<Extent> extents = List.of(new Extent(offset, ByteBuffer.wrap(bytes)));
      assertEquals(Outcome.DONE, store.write(object, extents, change(durability)));
      if (i % 20 == 0) {
        store.flush(VDI);
        assertArrayEquals(expected, read(store, object, 0, object.size()));
      }
    }
    return true;
  }

  @Test
  void copyOfAnObjectOnOtherNodesIsMadeWithoutItsZeros() throws IOException {
    try (LoopbackCluster cluster =
        new LoopbackCluster(3, 1, dev.kelpie.stream.Access.OPEN, Optional.empty())) {
      ObjectStore store = cluster.nodes().getFirst().store();
      for (int i = 0; i < 12; i++) {
        ObjectId parent = ObjectId.data(VDI, i);
        ObjectId child = ObjectId.data(new VdiId(9), i);
        create(store, parent, (byte) 7);
        List<Extent> extents = List.of(new Extent(999, ByteBuffer.wrap(new byte[] {1})));
        Change change = change(Durability.DURABLE);
        assertEquals(Outcome.DONE, store.create(child, new Base.CopyOf(parent), extents, change));
        assertArrayEquals(new byte[] {0, 1, 7, 0}, read(store, child, 998, 4));
        assertTrue(store.stat(child).orElseThrow().allocatedBytes() < 1 << 20);
      }
    }
  }
}

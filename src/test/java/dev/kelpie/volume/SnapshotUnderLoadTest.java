package dev.kelpie.volume;

import static dev.kelpie.vdi.TestNode.OBJECT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.vdi.ClientObjects;
import dev.kelpie.vdi.ClientObjects.ReadOnlyVdi;
import dev.kelpie.vdi.TestNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;

/// Snapshots of a disk that is being written. Every place of the disk has one writer, which writes
/// 1, 2, 3 and so on to it; so a value says which writes came before.
final class SnapshotUnderLoadTest {
  private static final int SNAPSHOTS = 25;
  private static final int WRITERS = 3;
  private static final int PLACES_EACH = 3;
  private static final int PLACES = (WRITERS + 1) * PLACES_EACH;

  private final AtomicLongArray begun = new AtomicLongArray(PLACES);
  private final AtomicLongArray answered = new AtomicLongArray(PLACES);
  private final AtomicBoolean stop = new AtomicBoolean();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  @Test
  void i10EveryWriteAnsweredBeforeIsInTheSnapshotAndNoneIsLost() throws Exception {
    TestNode node = TestNode.start();
    node.create("vm", PLACES * OBJECT);
    BlockDevice device = node.open("vm");
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      int first = i * PLACES_EACH;
      threads.add(start(() -> writeToDevice(device, first)));
    }
    threads.add(start(() -> new IdClient(node).run(WRITERS * PLACES_EACH)));
    List<long[]> least = new ArrayList<>();
    List<long[]> most = new ArrayList<>();
    for (int i = 0; i < SNAPSHOTS && failures.isEmpty(); i++) {
      awaitProgress();
      least.add(values(answered));
      node.snapshot("vm");
      most.add(values(begun));
    }
    stop.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), List.copyOf(failures));
    checkSnapshots(node, least, most);
    assertEquals(List.of(), differences(read(node, Optional.empty()), answered));
    List<String> before = all(node);
    device.close();
    try (TestNode after = node.afterPowerCut(Seeds.generator("SnapshotUnderLoadTest"))) {
      assertEquals(before, all(after), "after a power cut");
    }
  }

  @Test
  void i10AFailedFlushFailsTheSnapshotAndTheDiskGoesOn() throws IOException {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = node.create("vm", OBJECT);
      try (BlockDevice device = node.open("vm")) {
        put(device, 0, 1);
        try (Faults.Ended _ = node.store.faults().fail(StoreCall.FLUSH, _ -> true, 1)) {
          assertThrows(IOException.class, () -> node.snapshot("vm"));
        }
        put(device, 0, 2);
        assertEquals(vdi, node.working("vm"));
        node.snapshot("vm");
        put(device, 0, 3);
      }
      assertEquals(2, read(node, Optional.of("1"))[0]);
      assertEquals(3, read(node, Optional.empty())[0]);
    }
  }

  @Test
  void i20ASnapshotThatIsFlushingKeepsOnlyWritersOfItsVdiWaiting() throws Exception {
    try (TestNode node = TestNode.start()) {
      VdiId vdi = node.create("vm", OBJECT);
      node.create("other", OBJECT);
      try (BlockDevice device = node.open("vm");
          BlockDevice other = node.open("other")) {
        put(device, 0, 1);
        Faults.Hang hang = node.store.faults().hang(StoreCall.FLUSH, ObjectId.inode(vdi)::equals);
        Thread snapshot = start(() -> node.snapshot("vm"));
        hang.awaitArrived(1);
        ByteBuffer bytes = ByteBuffer.allocate(8);
        assertTrue(!device.write(0, bytes, Durability.DEFERRED, Patience.NOW));
        Thread writer = start(() -> put(device, 0, 2));
        assertTrue(device.read(0, bytes, Patience.WAIT));
        assertEquals(1, bytes.order(ByteOrder.LITTLE_ENDIAN).getLong(0));
        put(other, 0, 5);
        node.snapshot("other");
        node.create("third", OBJECT);
        hang.close();
        snapshot.join();
        writer.join();
      }
      assertEquals(List.of(), List.copyOf(failures));
      assertEquals(1, read(node, Optional.of("1"))[0]);
      assertEquals(2, read(node, Optional.empty())[0]);
    }
  }

  private void checkSnapshots(TestNode node, List<long[]> least, List<long[]> most)
      throws IOException {
    for (int i = 0; i < least.size(); i++) {
      long[] found = read(node, Optional.of(Integer.toString(i + 1)));
      for (int place = 0; place < PLACES; place++) {
        long value = found[place];
        String where = "snapshot " + (i + 1) + ", place " + place + ": " + value;
        assertTrue(value >= least.get(i)[place], () -> where + " is too old");
        assertTrue(value <= most.get(i)[place], () -> where + " comes from later");
      }
    }
  }

  private void writeToDevice(BlockDevice device, int first) throws IOException {
    for (long value = 1; !stop.get(); value++) {
      for (int place = first; place < first + PLACES_EACH; place++) {
        begun.set(place, value);
        put(device, place, value);
        answered.set(place, value);
      }
      if (value % 16 == 0) {
        device.flush();
      }
    }
  }

  /// A client that keeps the map itself, and learns of a snapshot by being refused.
  private final class IdClient {
    private final ClientObjects objects;
    private final TestNode node;
    private final int[] entries = new int[PLACES];
    private VdiId vdi;

    IdClient(TestNode node) throws IOException {
      this.objects = node.catalog.clientObjects();
      this.node = node;
      this.vdi = node.working("vm");
    }

    void run(int first) throws IOException {
      for (long value = 1; !stop.get(); value++) {
        for (int place = first; place < PLACES; place++) {
          begun.set(place, value);
          write(place, value);
          answered.set(place, value);
        }
      }
    }

    private void write(int place, long value) throws IOException {
      while (true) {
        try {
          Outcome outcome = tryWrite(place, bytes(value));
          assertEquals(Outcome.DONE, outcome);
          return;
        } catch (ReadOnlyVdi frozen) {
          vdi = node.working("vm");
        }
      }
    }

    private Outcome tryWrite(int place, ByteBuffer bytes) throws IOException {
      ObjectId own = ObjectId.data(vdi, place);
      if (entries[place] == vdi.value()) {
        return objects.write(
            own, 0, bytes, CacheMode.WRITEBACK, Durability.DEFERRED, Patience.WAIT);
      }
      Base base =
          entries[place] == 0
              ? Base.ZEROS
              : new Base.CopyOf(ObjectId.data(new VdiId(entries[place]), place));
      assertEquals(
          Outcome.DONE,
          objects.create(own, base, 0, bytes, CacheMode.WRITEBACK, Durability.DEFERRED));
      entries[place] = vdi.value();
      return putEntry(place);
    }

    /// The entry goes to whichever VDI is the working one by then.
    private Outcome putEntry(int place) throws IOException {
      ByteBuffer entry =
          ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, entries[place]);
      while (true) {
        try {
          return objects.write(
              ObjectId.inode(vdi),
              4664 + 4 * place,
              entry,
              CacheMode.WRITEBACK,
              Durability.DEFERRED,
              Patience.WAIT);
        } catch (ReadOnlyVdi frozen) {
          vdi = node.working("vm");
        }
      }
    }
  }

  private void awaitProgress() {
    long[] now = values(answered);
    Await.until(
        "every place was written anew",
        () -> {
          for (int place = 0; place < PLACES; place++) {
            if (answered.get(place) == now[place] && failures.isEmpty()) {
              return false;
            }
          }
          return true;
        });
  }

  private Thread start(Work work) {
    return Thread.startVirtualThread(() -> {
      try {
        work.run();
      } catch (Throwable e) {
        failures.add(e);
      }
    });
  }

  private static List<String> differences(long[] found, AtomicLongArray right) {
    List<String> all = new ArrayList<>();
    for (int place = 0; place < PLACES; place++) {
      if (found[place] != right.get(place)) {
        all.add(place + ": " + found[place] + ", not " + right.get(place));
      }
    }
    return all;
  }

  private static List<String> all(TestNode node) throws IOException {
    List<String> all = new ArrayList<>();
    for (int i = 1; i <= SNAPSHOTS; i++) {
      all.add(Arrays.toString(read(node, Optional.of(Integer.toString(i)))));
    }
    return all;
  }

  private static long[] read(TestNode node, Optional<String> snapshot) throws IOException {
    try (BlockDevice device = node.open("vm", snapshot, CacheMode.WRITEBACK)) {
      long[] values = new long[(int) (device.size() / OBJECT)];
      for (int place = 0; place < values.length; place++) {
        ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        assertTrue(device.read(place * OBJECT, bytes, Patience.WAIT));
        values[place] = bytes.getLong(0);
      }
      return values;
    }
  }

  private static void put(BlockDevice device, int place, long value) throws IOException {
    assertTrue(device.write(place * OBJECT, bytes(value), Durability.DEFERRED, Patience.WAIT));
  }

  private static ByteBuffer bytes(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value);
  }

  private static long[] values(AtomicLongArray of) {
    long[] values = new long[PLACES];
    for (int place = 0; place < PLACES; place++) {
      values[place] = of.get(place);
    }
    return values;
  }

  private interface Work {
    void run() throws Exception;
  }
}

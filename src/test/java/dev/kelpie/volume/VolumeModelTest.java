package dev.kelpie.volume;

import static dev.kelpie.vdi.TestNode.OBJECT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Seeds;
import dev.kelpie.vdi.TestNode;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiDirectory.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/// Random requests, snapshots, clones, rollbacks, resizes, restarts and power cuts, compared with
/// arrays of bytes.
final class VolumeModelTest {
  private static final int STEPS = 150;
  private static final int OBJECTS_MAX = 3;
  private static final int SNAPSHOTS_MAX = 3;
  private static final int LENGTH_MAX = (int) OBJECT + 5000;

  private final List<Model> disks = new ArrayList<>();
  private final List<String> history = new ArrayList<>();
  private RandomGenerator chance = Seeds.generator("VolumeModelTest");
  private TestNode node = TestNode.start();

  VolumeModelTest() throws IOException {}

  /// What a disk has, and what of it a power cut may take.
  private static final class Model {
    final String name;
    final TreeMap<Integer, byte[]> snapshots = new TreeMap<>();
    byte[] now;
    byte[] durable;
    Optional<BlockDevice> device = Optional.empty();

    /// Since the last flush, in order; changes that were durable at once among them.
    final List<Changed> since = new ArrayList<>();

    Model(String name, byte[] content) {
      this.name = name;
      now = content.clone();
      durable = content.clone();
    }

    void starts(byte[] content) {
      now = content.clone();
      flushed();
    }

    byte[] snapshot(int snapId) {
      return Objects.requireNonNull(snapshots.get(snapId));
    }

    void change(int offset, byte[] bytes, boolean isDurable) {
      System.arraycopy(bytes, 0, now, offset, bytes.length);
      since.add(new Changed(offset, bytes, isDurable));
    }

    void flushed() {
      durable = now.clone();
      since.clear();
    }

    void grow(int size) {
      now = Arrays.copyOf(now, size);
      durable = Arrays.copyOf(durable, size);
    }

    /// Whether a byte may have this value after a power cut.
    boolean allows(int at, byte value) {
      for (Changed changed : since.reversed()) {
        int index = at - changed.offset;
        if (index >= 0 && index < changed.bytes.length) {
          if (changed.bytes[index] == value) {
            return true;
          } else if (changed.isDurable) {
            return false;
          }
        }
      }
      return durable[at] == value;
    }
  }

  private record Changed(int offset, byte[] bytes, boolean isDurable) {}

  @RepeatedTest(8)
  void disksAreArraysOfBytes(RepetitionInfo info) throws IOException {
    chance = Seeds.generator("VolumeModelTest " + info.getCurrentRepetition());
    create("a");
    for (int i = 0; i < STEPS; i++) {
      step(i);
    }
    checkAll();
    closeDevices();
    deleteAll();
    node.close();
  }

  private void step(int number) throws IOException {
    Model disk = disks.get(chance.nextInt(disks.size()));
    int what = chance.nextInt(100);
    history.add(number + ": " + disk.name + " " + what);
    if (what < 40) {
      write(disk);
    } else if (what < 60) {
      read(disk);
    } else if (what < 70) {
      clear(disk);
    } else if (what < 76) {
      device(disk).flush();
      disk.flushed();
    } else if (what < 82) {
      snapshot(disk);
    } else if (what < 85) {
      closeDevice(disk);
    } else if (what < 87) {
      rollback(disk);
    } else if (what < 89 && disks.size() < 3) {
      cloneOf(disk, "c" + number);
    } else if (what < 91) {
      deleteSnapshot(disk);
    } else if (what < 94) {
      resize(disk);
    } else if (what < 96) {
      checkStatus(disk);
      checkChanges(disk);
    } else if (what < 98) {
      restart();
    } else {
      cutPower();
    }
  }

  private void write(Model disk) throws IOException {
    int size = disk.now.length;
    int offset = place(size);
    byte[] bytes = new byte[Math.min(size - offset, length())];
    chance.nextBytes(bytes);
    boolean durable = chance.nextInt(6) == 0;
    ByteBuffer from = ByteBuffer.wrap(bytes);
    BlockDevice device = device(disk);
    Durability durability = durable ? Durability.DURABLE : Durability.DEFERRED;
    if (!device.write(offset, from, durability, Patience.NOW)) {
      assertEquals(0, from.position(), this::story);
      assertTrue(device.write(offset, from, durability, Patience.WAIT), this::story);
    }
    assertEquals(bytes.length, from.position(), this::story);
    disk.change(offset, bytes, durable);
  }

  private void read(Model disk) throws IOException {
    byte[] now = disk.now;
    int offset = place(now.length);
    int length = Math.min(now.length - offset, length());
    byte[] right = Arrays.copyOfRange(now, offset, offset + length);
    compare(right, bytes(device(disk), offset, length), disk.name + " at " + offset);
  }

  private void clear(Model disk) throws IOException {
    int size = disk.now.length;
    int offset = place(size);
    int length = Math.min(size - offset, chance.nextBoolean() ? 2 * (int) OBJECT : length());
    if (chance.nextBoolean()) {
      device(disk).trim(offset, length, Durability.DEFERRED);
    } else {
      device(disk).zero(offset, length, chance.nextBoolean(), Durability.DEFERRED);
    }
    disk.change(offset, new byte[length], false);
  }

  private void snapshot(Model disk) throws IOException {
    if (disk.snapshots.size() == SNAPSHOTS_MAX) {
      deleteSnapshot(disk);
    }
    int snapId = snapIdOf(node.working(disk.name));
    node.snapshot(disk.name);
    disk.snapshots.put(snapId, disk.now.clone());
    disk.flushed();
  }

  private void rollback(Model disk) throws IOException {
    Optional<Integer> to = anySnapshot(disk);
    if (to.isEmpty()) {
      return;
    }
    closeDevice(disk);
    byte[] content = disk.snapshot(to.get());
    Shape shape = new Shape(content.length, 0, 0, 0);
    VdiId base = node.snapshot(disk.name, to.get());
    VdiName name = new VdiName(disk.name);
    if (chance.nextBoolean()) {
      found(node.catalog.rollback(name, base, shape));
    } else {
      int snapId = snapIdOf(node.working(disk.name));
      found(node.catalog.snapshot(name, base, shape));
      disk.snapshots.put(snapId, disk.now.clone());
    }
    disk.starts(content);
  }

  private void cloneOf(Model disk, String as) throws IOException {
    Optional<Integer> of = anySnapshot(disk);
    if (of.isPresent()) {
      byte[] content = disk.snapshot(of.get());
      node.clone(as, node.snapshot(disk.name, of.get()), content.length);
      disks.add(new Model(as, content));
    }
  }

  private void deleteSnapshot(Model disk) throws IOException {
    Optional<Integer> which = anySnapshot(disk);
    if (which.isPresent()) {
      node.delete(disk.name, which.get());
      disk.snapshots.remove(which.get());
    }
  }

  private void resize(Model disk) throws IOException {
    int size = disk.now.length;
    int larger = Math.min(OBJECTS_MAX * (int) OBJECT, size + chance.nextInt((int) OBJECT));
    ByteBuffer field = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, larger);
    Outcome outcome =
        node.catalog
            .clientObjects()
            .write(
                ObjectId.inode(node.working(disk.name)),
                536,
                field,
                CacheMode.WRITETHROUGH,
                Durability.DURABLE,
                Patience.WAIT);
    assertEquals(Outcome.DONE, outcome, this::story);
    disk.grow(larger);
    assertEquals(larger, device(disk).size(), this::story);
  }

  /// What is told to be the same as in a snapshot is, in the disk and in another snapshot of it.
  private void checkChanges(Model disk) throws IOException {
    Optional<Integer> since = anySnapshot(disk);
    Optional<Integer> other = anySnapshot(disk);
    if (since.isEmpty() || other.isEmpty()) {
      return;
    }
    byte[] before = disk.snapshot(since.get());
    checkChanges(device(disk), disk.now, since.get(), before);
    try (BlockDevice snapshot =
        node.open(disk.name, Optional.of("" + other.get()), CacheMode.WRITEBACK)) {
      checkChanges(snapshot, disk.snapshot(other.get()), since.get(), before);
    }
  }

  private void checkChanges(BlockDevice device, byte[] now, int since, byte[] before)
      throws IOException {
    byte[] extended = Arrays.copyOf(before, Math.max(before.length, now.length));
    int[] at = {0};
    try (BlockDevice.Changes changes = device.changesSince("" + since).orElseThrow()) {
      changes.runs(
          0,
          now.length,
          (length, changed) -> {
            int end = at[0] + (int) length;
            assertTrue(
                changed == 1 || Arrays.equals(now, at[0], end, extended, at[0], end),
                () -> "told to be as in snapshot " + since + " from " + at[0] + "; " + story());
            at[0] = end;
            return true;
          });
    }
    assertEquals(now.length, at[0], this::story);
  }

  private void checkStatus(Model disk) throws IOException {
    byte[] now = disk.now;
    int offset = place(now.length);
    int[] at = {offset};
    device(disk)
        .status(
            offset,
            now.length - offset,
            (length, allocated) -> {
              for (int i = at[0]; !allocated && i < at[0] + length; i++) {
                assertEquals(0, now[i], this::story);
              }
              at[0] += (int) length;
              return true;
            });
    assertEquals(now.length, at[0], this::story);
  }

  private void restart() throws IOException {
    closeDevices();
    node = node.restarted();
    checkAll();
  }

  private void cutPower() throws IOException {
    node = node.afterPowerCut(chance);
    for (Model disk : disks) {
      disk.device = Optional.empty();
      byte[] found = node.bytes(disk.name, Optional.empty());
      assertEquals(disk.now.length, found.length, this::story);
      for (int i = 0; i < found.length; i++) {
        if (found[i] != disk.now[i]) {
          int at = i;
          assertTrue(disk.allows(i, found[i]), () -> disk.name + " byte " + at + ": " + story());
        }
      }
      disk.starts(found);
    }
    checkAll();
  }

  private void checkAll() throws IOException {
    for (Model disk : disks) {
      compare(disk.now, bytes(device(disk), 0, disk.now.length), disk.name);
      for (int snapId : disk.snapshots.keySet()) {
        Optional<String> id = Optional.of(Integer.toString(snapId));
        compare(disk.snapshot(snapId), node.bytes(disk.name, id), disk.name + " " + id);
      }
    }
  }

  private void deleteAll() throws IOException {
    for (Model disk : disks) {
      node.delete(disk.name);
      for (int snapId : disk.snapshots.keySet()) {
        node.delete(disk.name, snapId);
      }
    }
    node.awaitFreed();
    assertEquals(List.of(), node.store.objects(), this::story);
  }

  private void create(String name) throws IOException {
    int size = (int) OBJECT + chance.nextInt((int) OBJECT);
    node.create(name, size);
    disks.add(new Model(name, new byte[size]));
  }

  private BlockDevice device(Model disk) throws IOException {
    if (disk.device.isEmpty()) {
      CacheMode[] modes = CacheMode.values();
      CacheMode mode = modes[chance.nextInt(modes.length)];
      disk.device = Optional.of(node.open(disk.name, Optional.empty(), mode));
    }
    return disk.device.get();
  }

  private void closeDevice(Model disk) throws IOException {
    if (disk.device.isPresent()) {
      disk.device.get().close();
      disk.device = Optional.empty();
      disk.flushed();
    }
  }

  private void closeDevices() throws IOException {
    for (Model disk : disks) {
      closeDevice(disk);
    }
  }

  private Optional<Integer> anySnapshot(Model disk) {
    List<Integer> ids = List.copyOf(disk.snapshots.keySet());
    return ids.isEmpty() ? Optional.empty() : Optional.of(ids.get(chance.nextInt(ids.size())));
  }

  private int snapIdOf(VdiId vdi) throws IOException {
    return node.catalog.state(vdi).orElseThrow().snapId();
  }

  /// Often near the border of an object.
  private int place(int size) {
    if (chance.nextBoolean()) {
      return chance.nextInt(size);
    }
    int border = chance.nextInt(size / (int) OBJECT + 1) * (int) OBJECT;
    return Math.clamp(border + chance.nextInt(-600, 600), 0, size - 1);
  }

  private int length() {
    return switch (chance.nextInt(10)) {
      case 0 -> chance.nextInt(LENGTH_MAX);
      case 1, 2, 3 -> 4096;
      case 4, 5, 6 -> chance.nextInt(200_000);
      default -> chance.nextInt(2000);
    };
  }

  private void compare(byte[] right, byte[] found, String what) {
    int at = Arrays.mismatch(right, found);
    assertEquals(-1, at, () -> what + " differs: " + story());
  }

  private String story() {
    return String.join(", ", history);
  }

  private static byte[] bytes(BlockDevice device, int offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    assertTrue(device.read(offset, bytes, Patience.WAIT));
    return bytes.array();
  }

  private static void found(VdiAnswer answer) {
    assertInstanceOf(VdiAnswer.Found.class, answer);
  }
}

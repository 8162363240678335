package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.placement.Slots;
import dev.kelpie.testing.Seeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.zip.InflaterInputStream;
import org.junit.jupiter.api.Test;

/// Configurations as bytes.
final class SlotShardTest {
  private static final SlotConfig TWO =
      new SlotConfig(
          300,
          List.of(new Acting("10.0.0.1:7000", true), new Acting("10.0.0.2:7000", false)),
          Optional.of("10.0.0.2:7000"),
          3);
  private static final SlotConfig NONE =
      new SlotConfig(9, List.of(new Acting("10.0.0.3:7000", false)), Optional.empty(), 9);
  private static final SlotConfig NOBODY = new SlotConfig(5, List.of(), Optional.empty(), 5);

  /// What ZooKeeper's servers take in one request, less 1 % (`cluster.zookeeper.Committer`).
  private static final int REQUEST_MAX = 1_040_000;

  /// What each change in a request takes beside its value and path.
  private static final int CHANGE = 150;

  private static SlotShard shard() {
    List<SlotConfig> all = new ArrayList<>(List.of(TWO, NONE, NOBODY));
    all.addAll(Collections.nCopies(SlotShard.SLOTS - 3, TWO));
    return new SlotShard(0x102, all);
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    assertEquals(shard(), SlotShard.decode(shard().encode()));
    SlotConfig last = new SlotConfig(Long.MAX_VALUE, TWO.acting(), TWO.primary(), 1);
    SlotShard changed = shard().with(SlotShard.SLOTS + 2, last, 7);
    assertEquals(last, changed.configs().get(2));
    assertEquals(7, changed.map());
    assertEquals(changed, SlotShard.decode(changed.encode()));
  }

  @Test
  void theFormatStays() throws IOException {
    byte[] value = shard().encode();
    assertEquals(1, value[0]);
    byte[] plain =
        new InflaterInputStream(new ByteArrayInputStream(value, 1, value.length - 1))
            .readAllBytes();
    String names =
        "0000000000000102"
            + "0003"
            + "000d31302e302e302e313a37303030"
            + "000d31302e302e302e323a37303030"
            + "000d31302e302e302e333a37303030";
    String ballots = "ac02" + "09" + "05" + "ac02".repeat(SlotShard.SLOTS - 3);
    String ages = "a902" + "00" + "00" + "a902".repeat(SlotShard.SLOTS - 3);
    String acting = "02020102" + "010004" + "0000" + "02020102".repeat(SlotShard.SLOTS - 3);
    assertEquals(names + ballots + ages + acting, HexFormat.of().formatHex(plain));
  }

  @Test
  void everySlotHasARecord() {
    assertEquals(Slots.COUNT, SlotShard.COUNT * SlotShard.SLOTS);
    assertEquals("slots/00", SlotShard.key(0));
    assertEquals("slots/3f", SlotShard.key(SlotShard.of(Slots.COUNT - 1)));
    assertThrows(IllegalArgumentException.class, () -> new SlotShard(1, List.of(TWO)));
  }

  /// All records and the largest map go in one commit, in a long life of a large cluster: acting
  /// nodes are anywhere, each slot has had another number of changes.
  @Test
  void allRecordsHaveRoomInOneCommit() {
    RandomGenerator chance = Seeds.generator("SlotShardTest");
    for (int copies = 3; copies <= 8; copies++) {
      requireRoom(200, copies, 100_000, chance);
      requireRoom(1000, copies, 10_000, chance);
    }
    requireRoom(100, 31, 100_000, chance);
  }

  private static void requireRoom(int nodes, int copies, int ballots, RandomGenerator chance) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < nodes; i++) {
      names.add("10." + chance.nextInt(4) + "." + chance.nextInt(256) + "." + i % 256 + ":7000");
    }
    long size = Coordination.VALUE_MAX / 2;
    for (int i = 0; i < SlotShard.COUNT; i++) {
      size += random(names, copies, ballots, chance).encode().length + CHANGE;
    }
    System.out.printf("%d nodes, %d copies: %d bytes%n", nodes, copies, size);
    assertTrue(size < REQUEST_MAX, nodes + " nodes, " + copies + " copies: " + size);
  }

  private static SlotShard random(
      List<String> names, int copies, int ballots, RandomGenerator chance) {
    List<SlotConfig> configs = new ArrayList<>();
    for (int i = 0; i < SlotShard.SLOTS; i++) {
      List<Acting> acting = new ArrayList<>();
      for (int j = 0; j < copies; j++) {
        acting.add(new Acting(names.get(chance.nextInt(names.size())), chance.nextInt(4) > 0));
      }
      long ballot = 1L + chance.nextInt(ballots);
      Optional<String> primary = Optional.of(acting.get(chance.nextInt(copies)).node());
      configs.add(new SlotConfig(ballot, acting, primary, 1 + chance.nextLong(ballot)));
    }
    return new SlotShard(chance.nextLong(1L << 31), configs);
  }

  @Test
  void damageIsSeen() {
    byte[] value = shard().encode();
    for (int length = 0; length < value.length; length++) {
      byte[] shorter = Arrays.copyOf(value, length);
      assertThrows(IOException.class, () -> SlotShard.decode(shorter), "of " + length);
    }
    byte[] longer = Arrays.copyOf(value, value.length + 1);
    assertThrows(IOException.class, () -> SlotShard.decode(longer));
    for (int bit = 0; bit < value.length * Byte.SIZE; bit++) {
      byte[] flipped = value.clone();
      flipped[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
      assertEquals(shard(), decodedOrSame(flipped), "bit " + bit);
    }
  }

  /// Some bits mean nothing.
  private static SlotShard decodedOrSame(byte[] value) {
    try {
      return SlotShard.decode(value);
    } catch (IOException _) {
      return shard();
    }
  }
}

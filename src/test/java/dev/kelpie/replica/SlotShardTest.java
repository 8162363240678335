package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.placement.Slots;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Configurations as bytes.
final class SlotShardTest {
  private static final SlotConfig TWO =
      new SlotConfig(
          7,
          List.of(new Acting("10.0.0.1:7000", true), new Acting("10.0.0.2:7000", false)),
          Optional.of("10.0.0.2:7000"),
          3);
  private static final SlotConfig NONE =
      new SlotConfig(9, List.of(new Acting("10.0.0.3:7000", false)), Optional.empty(), 9);

  private static List<SlotConfig> configs() {
    List<SlotConfig> all = new ArrayList<>();
    for (int i = 0; i < SlotShard.SLOTS; i++) {
      all.add(i % 2 == 0 ? TWO : NONE);
    }
    return all;
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    assertEquals(configs(), SlotShard.decode(SlotShard.encode(configs())));
  }

  @Test
  void theFormatStays() {
    byte[] value = SlotShard.encode(configs());
    byte[] start = Arrays.copyOf(value, 3 + 3 * 15 + 26 + 23);
    String expected =
        "010003"
            + "000d31302e302e302e313a37303030"
            + "000d31302e302e302e323a37303030"
            + "000d31302e302e302e333a37303030"
            + "00000000000000070000000000000003"
            + "00020002000101000200"
            + "00000000000000090000000000000009"
            + "00000001000300";
    assertEquals(expected, HexFormat.of().formatHex(start));
  }

  @Test
  void everySlotHasARecord() {
    assertEquals(Slots.COUNT, SlotShard.COUNT * SlotShard.SLOTS);
    assertEquals("slots/00", SlotShard.key(0));
    assertEquals("slots/3f", SlotShard.key(SlotShard.COUNT - 1));
  }

  @Test
  void recordOfManyCopiesHasRoom() {
    List<Acting> many = new ArrayList<>();
    for (int i = 0; i < 31; i++) {
      many.add(new Acting("10.0.0." + i + ":7000", true));
    }
    SlotConfig config = new SlotConfig(1, many, Optional.of("10.0.0.0:7000"), 1);
    int length = SlotShard.encode(java.util.Collections.nCopies(SlotShard.SLOTS, config)).length;
    assertTrue(length < 32 << 10, () -> "as long as " + length);
  }

  @Test
  void damageIsSeen() {
    byte[] value = SlotShard.encode(configs());
    byte[] other = value.clone();
    other[0] = 2;
    assertThrows(IOException.class, () -> SlotShard.decode(other));
    byte[] shorter = Arrays.copyOf(value, value.length - 1);
    assertThrows(IOException.class, () -> SlotShard.decode(shorter));
    byte[] longer = Arrays.copyOf(value, value.length + 1);
    assertThrows(IOException.class, () -> SlotShard.decode(longer));
    byte[] unknown = value.clone();
    unknown[3 + 3 * 15 + 17] = 4;
    assertThrows(IOException.class, () -> SlotShard.decode(unknown));
  }
}

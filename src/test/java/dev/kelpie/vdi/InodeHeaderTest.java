package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.vdi.VdiRecord.Standing;
import java.io.IOException;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class InodeHeaderTest {
  /// Bytes 512-571 of an inode, worked out by hand from the layout in the specification.
  private static final String NUMBERS =
      "40f9180c aabbcc69" // create_time
          + "e8030000 abbbcc69" // snap_ctime
          + "0807060504030201" // vm_clock_nsec
          + "0000001000000000" // vdi_size
          + "0200000000000000" // vm_state_size
          + "22 00 03 16" // copy_policy, store_policy, nr_copies, block_size_shift
          + "07000000" // snap_id
          + "252b7c00" // vdi_id
          + "0b220600" // parent_vdi_id
          + "00000000"; // btree_counter

  private static final InodeHeader HEADER =
      new InodeHeader(
          "vm",
          "Tag",
          0x69ccbbaa_0c18f940L,
          0x69ccbbab_000003e8L,
          0x0102030405060708L,
          0x10000000,
          2,
          0x22,
          0,
          3,
          22,
          7,
          0x7c2b25,
          0x06220b);

  @Test
  void theFieldsLieWhereTheyLieInTheOriginal() {
    byte[] bytes = HEADER.encode();
    byte[] right = new byte[InodeLayout.FIELDS_END];
    right[0] = 'v';
    right[1] = 'm';
    right[256] = 'T';
    right[257] = 'a';
    right[258] = 'g';
    byte[] numbers = HexFormat.of().parseHex(NUMBERS.replace(" ", ""));
    System.arraycopy(numbers, 0, right, 512, numbers.length);
    assertArrayEquals(right, bytes);
    assertEquals(HEADER, InodeHeader.decode(bytes));
  }

  @Test
  void theMapAndTheEndLieWhereTheyLieInTheOriginal() {
    assertEquals(4664, InodeLayout.entry(0));
    assertEquals(4664 + 4 * 1_048_575, InodeLayout.entry(1_048_575));
    assertEquals(4_198_968, InodeLayout.ENTRIES_END);
    assertEquals(4L << 40, InodeLayout.SIZE_MAX);
  }

  @Test
  void timesAreSecondsAndMicroseconds() {
    Instant moment = Instant.ofEpochSecond(0x69ccbbaaL, 123_456_789);
    assertEquals(0x69ccbbaaL << 32 | 123_456_000, InodeHeader.time(moment));
  }

  @Test
  void recordsAreReadAsTheyWereWritten() throws IOException {
    VdiId vdi = new VdiId(0x7c2b25);
    VdiName name = new VdiName("t\u00e4st");
    VdiRecord record =
        new VdiRecord(
            vdi,
            name,
            Standing.SNAPSHOT,
            3,
            0x22,
            7,
            5,
            4,
            HEADER.createTime(),
            9,
            CacheSettings.DEFAULT);
    assertEquals(record, VdiRecord.decode(vdi, record.encode()));
    assertEquals(
        "01010322"
            + "07000000"
            + "05000000"
            + "04000000"
            + "40f9180caabbcc69"
            + "0900000000000000"
            + "74e47374",
        HexFormat.of().formatHex(record.encode()));
  }
}

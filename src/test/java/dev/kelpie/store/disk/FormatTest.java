package dev.kelpie.store.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.store.disk.LogRecord.Kind;
import dev.kelpie.store.disk.LogRecord.Stamp;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Every structure of docs/disk-format.md, byte by byte. The expected bytes were made from that
/// text by another program, with a CRC of its own.
final class FormatTest {
  private static final UUID DISK = new UUID(0x0011223344556677L, 0x8899aabbccddeeffL);
  private static final UUID STORE = new UUID(0x0123456789abcdefL, 0x1032547698badcfeL);
  private static final ObjectId OBJECT = ObjectId.attribute(new VdiId(0x7c2b25), 9);
  private static final long INCARNATION = 0xfedcba9876543210L;
  private static final long SEED = Checksum.seed(OBJECT, INCARNATION);

  @Test
  void theIdentityHasTwoCopies() throws Exception {
    String golden =
        "4b454c504449534b010000002e0671887766554433221100ffeeddccbbaa9988"
            + "efcdab8967452301fedcba987654321003";
    ByteBuffer bytes = new Identity(DISK, STORE, 3).encode();
    assertStartsWith(golden, bytes.slice(0, 512));
    assertStartsWith(golden, bytes.slice(4096, 512));
    assertEquals(4608, bytes.capacity());
  }

  @Test
  void aSegmentHeaderHasTwoCopies() throws Exception {
    String golden =
        "4b454c504c4f4700010000008ad9cfd17766554433221100ffeeddccbbaa9988" + "0700000006";
    LapHeader header = new LapHeader(DISK, 7, 6);
    ByteBuffer bytes = header.encode();
    assertStartsWith(golden, bytes.slice(0, 512));
    assertStartsWith(golden, bytes.slice(4096, 512));
    assertEquals(header, LapHeader.decode(bytes));
  }

  @Test
  void ofTwoSegmentHeadersTheNewerOneCounts() throws Exception {
    ByteBuffer bytes = new LapHeader(DISK, 7, 6).encode();
    bytes.put(4096, new LapHeader(DISK, 9, 8).encode(), 0, 512);
    assertEquals(9, LapHeader.decode(bytes).lap());
    bytes.put(4100, (byte) 0);
    assertEquals(7, LapHeader.decode(bytes).lap());
    bytes.put(4, (byte) 0);
    assertThrows(BadFormat.class, () -> LapHeader.decode(bytes));
  }

  @Test
  void aTrailerIsAHeaderAndATable() throws Exception {
    String golden =
        "4b454c504f424a00010000009899ab3b09000000252b7c201032547698badcfe"
            + "100301000010000005000000000000004d";
    int[] table = new int[17];
    table[0] = Checksum.LOST;
    table[3] = 0x11223344;
    table[16] = 0xdeadbeef;
    ByteBuffer bytes = new Trailer(INCARNATION, new Order(5, 77), table).encode(OBJECT);
    assertEquals(1024, bytes.remaining());
    assertStartsWith(golden, bytes.slice(0, 512));
    ByteBuffer sector = bytes.slice(512, 512).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 127; i++) {
      assertEquals(i < 17 ? table[i] : 0, sector.getInt(4 * i));
    }
    assertEquals(0xf9eb9bc6, sector.getInt(508));
    Trailer read = Trailer.decode(OBJECT, bytes);
    assertEquals(new Order(5, 77), read.order());
    assertEquals(INCARNATION, read.incarnation());
    assertArrayEquals(table, read.table());
  }

  @Test
  void trailersOfLargerObjectsHaveMoreSectors() throws Exception {
    for (ObjectId object :
        new ObjectId[] {ObjectId.data(new VdiId(1), 0), ObjectId.inode(new VdiId(1))}) {
      int blocks = Blocks.count(object);
      int[] table = IntStream.range(0, blocks).map(i -> i * 7 + 2).toArray();
      ByteBuffer bytes = new Trailer(1, Order.NONE, table).encode(object);
      assertEquals(512 + 512 * ((blocks + 126) / 127), bytes.remaining());
      assertEquals(0, Trailer.position(object) % 4096);
      assertTrue(Trailer.position(object) >= object.size());
      assertArrayEquals(table, Trailer.decode(object, bytes).table());
    }
  }

  @Test
  void theChecksumOfABlockDependsOnItsPlace() {
    ByteBuffer bytes = ByteBuffer.allocate(4096);
    assertEquals(0x585dff9f, Checksum.of(SEED, 0, bytes));
    IntStream.range(0, 4096).forEach(i -> bytes.put(i, (byte) (i % 251)));
    assertEquals(0xcdd87628, Checksum.of(SEED, 3, bytes));
    assertEquals(0, bytes.position());
  }

  @Test
  void aDataRecordCarriesItsBlocks() throws Exception {
    String golden =
        "4b52454347d06ed60020000007000000000001000600000009000000252b7c20"
            + "1032547698badcfe05000000000000004e000000000000000500000000000000"
            + "4d00000000000000010000000200000000000100000000000300000044332211"
            + "10000000efbeadde";
    LogRecord record =
        new LogRecord(
            Kind.DATA,
            OBJECT,
            INCARNATION,
            new Order(5, 78),
            new Order(5, 77),
            new int[] {3, 16},
            new int[] {0x11223344, 0xdeadbeef});
    assertEquals(512 + 8192, record.length());
    assertHead(golden, record, new Stamp(Lap.place(7, 8192), Lap.place(6, 65536), 65536));
  }

  @Test
  void anIntentRecordAnnouncesThem() throws Exception {
    String golden =
        "4b52454384360cc90024000007000000002400000700000009000000252b7c20"
            + "1032547698badcfe060000000000000001000000000000000500000000000000"
            + "4e00000000000000020000001100000000000100000000000000000002000000"
            + "01000000ea03000002000000d207000003000000ba0b000004000000a20f0000"
            + "050000008a1300000600000072170000070000005a1b000008000000421f0000"
            + "090000002a2300000a000000122700000b000000fa2a00000c000000e22e0000"
            + "0d000000ca3200000e000000b23600000f0000009a3a000010000000823e";
    LogRecord record =
        new LogRecord(
            Kind.INTENT,
            OBJECT,
            INCARNATION,
            new Order(6, 1),
            new Order(5, 78),
            IntStream.range(0, 17).toArray(),
            IntStream.range(0, 17).map(i -> i * 1000 + 2).toArray());
    assertEquals(512, record.length());
    assertHead(golden, record, new Stamp(Lap.place(7, 9216), Lap.place(7, 9216), 65536));
  }

  @Test
  void noFlippedBitGoesUnseen() {
    ByteBuffer identity = new Identity(DISK, STORE, 3).encode().slice(0, 512);
    everyFlippedBit(identity, bytes -> Header.check(bytes, "KELPDISK"));
    ByteBuffer lap = new LapHeader(DISK, 7, 6).encode().slice(0, 512);
    everyFlippedBit(lap, bytes -> Header.check(bytes, "KELPLOG"));
    ByteBuffer trailer = Trailer.ofHoles(OBJECT, INCARNATION, Order.NONE).encode(OBJECT);
    everyFlippedBit(
        trailer,
        bytes -> {
          if (Trailer.decode(OBJECT, bytes).table()[0] == Checksum.LOST) {
            throw new BadFormat("the table is damaged");
          }
        });
    LogRecord record =
        new LogRecord(Kind.INTENT, OBJECT, 1, Order.NONE, Order.NONE, new int[] {1}, new int[] {2});
    ByteBuffer head = ByteBuffer.allocate(512);
    record.encodeHead(head, new Stamp(1, 2, 3), DISK);
    everyFlippedBit(head, bytes -> LogRecord.decodeHead(bytes, DISK));
  }

  @Test
  void aRecordOfAnotherDiskIsNone() {
    LogRecord record =
        new LogRecord(Kind.INTENT, OBJECT, 1, Order.NONE, Order.NONE, new int[] {1}, new int[] {2});
    ByteBuffer head = ByteBuffer.allocate(512);
    record.encodeHead(head, new Stamp(1, 2, 3), STORE);
    assertThrows(BadFormat.class, () -> LogRecord.decodeHead(head, DISK));
  }

  @Test
  void theTrailerOfAnotherObjectIsRefused() {
    ByteBuffer bytes = Trailer.ofHoles(OBJECT, INCARNATION, Order.NONE).encode(OBJECT);
    ObjectId other = ObjectId.attribute(new VdiId(0x7c2b25), 10);
    BadFormat refused = assertThrows(BadFormat.class, () -> Trailer.decode(other, bytes));
    assertTrue(refused.what().contains(OBJECT.toString()), refused.what());
  }

  @Test
  void anotherVersionIsNamed() {
    ByteBuffer newer = Header.begin("KELPOBJ").order(ByteOrder.LITTLE_ENDIAN).putInt(8, 2);
    Header.seal(newer);
    BadFormat refused = assertThrows(BadFormat.class, () -> Header.check(newer, "KELPOBJ"));
    assertTrue(refused.what().contains("version 2"), refused.what());
  }

  private interface Reader {
    void read(ByteBuffer bytes) throws BadFormat;
  }

  private static void everyFlippedBit(ByteBuffer good, Reader reader) {
    for (int bit = 0; bit < good.remaining() * 8; bit++) {
      ByteBuffer bad = ByteBuffer.allocate(good.remaining()).put(good.duplicate()).flip();
      bad.put(bit / 8, (byte) (bad.get(bit / 8) ^ 1 << bit % 8));
      assertThrows(BadFormat.class, () -> reader.read(bad), "bit " + bit);
    }
  }

  private static void assertHead(String golden, LogRecord record, Stamp stamp) throws BadFormat {
    ByteBuffer head = ByteBuffer.allocate(512);
    record.encodeHead(head, stamp, DISK);
    assertStartsWith(golden, head);
    LogRecord.Stamped read = LogRecord.decodeHead(head, DISK);
    assertEquals(stamp, read.stamp());
    assertEquals(record.kind(), read.record().kind());
    assertEquals(record.object(), read.record().object());
    assertEquals(record.incarnation(), read.record().incarnation());
    assertEquals(record.order(), read.record().order());
    assertEquals(record.previous(), read.record().previous());
    assertArrayEquals(record.blocks(), read.record().blocks());
    assertArrayEquals(record.sums(), read.record().sums());
  }

  /// The bytes are these, and zeros behind them.
  private static void assertStartsWith(String golden, ByteBuffer bytes) {
    byte[] found = new byte[bytes.remaining()];
    bytes.get(bytes.position(), found);
    String hex = HexFormat.of().formatHex(found);
    assertEquals(golden + "0".repeat(hex.length() - golden.length()), hex);
  }
}

package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/// One change of one object in the log, without its data (docs/disk-format.md §3).
///
/// @param kind whether the new blocks follow in the log or go straight to the file
/// @param order of the object after the change
/// @param previous of the object before it
/// @param blocks that change, ascending
/// @param sums their new checksums
record LogRecord(
    Kind kind,
    ObjectId object,
    long incarnation,
    Order order,
    Order previous,
    int[] blocks,
    int[] sums) {
  /// How the bytes of a change travel.
  enum Kind {
    /// The record carries whole blocks.
    DATA(1),
    /// The record announces that the blocks are written in place.
    INTENT(2);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    private static Kind of(int code) throws BadFormat {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new BadFormat("a record has the unknown kind " + code);
    }
  }

  private static final int MAGIC = 'K' | 'R' << 8 | 'E' << 16 | 'C' << 24;
  private static final int CRC_AT = 4;
  private static final int COUNT_AT = 76;
  private static final int FIXED = 88;

  /// The most blocks that any object has, for a check of what was read.
  private static final int BLOCKS_MAX = (ObjectId.INODE_SIZE + Blocks.SIZE - 1) / Blocks.SIZE;

  /// Where a record stands in the log.
  ///
  /// @param place of its first byte
  /// @param durable the place below which the log was synced when the record was made
  /// @param previousEnd the byte at which the lap before ended in its segment
  record Stamp(long place, long durable, int previousEnd) {}

  /// A record that was read.
  record Stamped(LogRecord record, Stamp stamp) {}

  /// Length of the head of a record for so many blocks.
  static int headLength(int blocks) {
    return Blocks.roundUp(FIXED + blocks * 2 * Integer.BYTES, Blocks.SECTOR);
  }

  /// Length of the head.
  int headLength() {
    return headLength(blocks.length);
  }

  /// Length of the whole record.
  int length() {
    return headLength() + dataLength();
  }

  /// Length of the blocks that follow the head.
  int dataLength() {
    return switch (kind) {
      case DATA -> Blocks.start(blocks.length);
      case INTENT -> 0;
    };
  }

  /// Writes the head to the start of `into`, whose position stays.
  void encodeHead(ByteBuffer into, Stamp stamp, UUID disk) {
    ByteBuffer head = into.slice(into.position(), headLength()).order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(MAGIC).putInt(0);
    head.putLong(stamp.place()).putLong(stamp.durable());
    head.putLong(object.value()).putLong(incarnation);
    head.putLong(order.generation()).putLong(order.number());
    head.putLong(previous.generation()).putLong(previous.number());
    head.putInt(kind.code).putInt(blocks.length);
    head.putInt(stamp.previousEnd()).putInt(0);
    for (int i = 0; i < blocks.length; i++) {
      head.putInt(blocks[i]).putInt(sums[i]);
    }
    head.clear().putInt(CRC_AT, crc(head, disk));
  }

  /// How long the head would be that starts at the buffer's position; 0 where none does.
  static int headLengthAt(ByteBuffer from) {
    ByteBuffer fixed = from.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (fixed.remaining() < FIXED || fixed.getInt(0) != MAGIC) {
      return 0;
    }
    int count = fixed.getInt(COUNT_AT);
    return count >= 0 && count <= BLOCKS_MAX ? headLength(count) : 0;
  }

  /// Reads the head that starts at the buffer's position.
  ///
  /// @throws BadFormat where it is not whole
  static Stamped decodeHead(ByteBuffer from, UUID disk) throws BadFormat {
    int length = headLengthAt(from);
    if (length == 0 || length > from.remaining()) {
      throw new BadFormat("no record");
    }
    ByteBuffer head = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    head.put(from.slice(from.position(), length)).clear();
    int crc = head.getInt(CRC_AT);
    if (crc != crc(head.putInt(CRC_AT, 0), disk)) {
      throw new BadFormat("the head of a record does not match its checksum");
    }
    head.position(2 * Integer.BYTES);
    long place = head.getLong();
    long durable = head.getLong();
    ObjectId object = new ObjectId(head.getLong());
    long incarnation = head.getLong();
    Order order = new Order(head.getLong(), head.getLong());
    Order previous = new Order(head.getLong(), head.getLong());
    Kind kind = Kind.of(head.getInt());
    int[] blocks = new int[head.getInt()];
    Stamp stamp = new Stamp(place, durable, head.getInt());
    head.position(FIXED);
    int[] sums = new int[blocks.length];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = head.getInt();
      sums[i] = head.getInt();
      if (blocks[i] < 0 || blocks[i] >= Blocks.count(object)) {
        throw new BadFormat("a record names block " + blocks[i] + " of object " + object);
      }
    }
    return new Stamped(
        new LogRecord(kind, object, incarnation, order, previous, blocks, sums), stamp);
  }

  private static int crc(ByteBuffer head, UUID disk) {
    ByteBuffer id = ByteBuffer.allocate(2 * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    Identity.put(id, disk);
    return Checksum.crc(id.flip(), head);
  }
}

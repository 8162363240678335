package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// What stands behind the data in an object file (docs/disk-format.md §2).
///
/// @param table the checksum of each block
record Trailer(long incarnation, Order order, int[] table) {
  private static final String MAGIC = "KELPOBJ";
  private static final int PER_SECTOR = Blocks.SECTOR / Integer.BYTES - 1;

  /// The trailer of an object of holes.
  static Trailer ofHoles(ObjectId object, long incarnation, Order order) {
    return new Trailer(incarnation, order, new int[Blocks.count(object)]);
  }

  /// Where it starts in the file.
  static int position(ObjectId object) {
    return Blocks.roundUp(object.size(), Blocks.SIZE);
  }

  /// Its length in bytes.
  static int length(ObjectId object) {
    return Blocks.SECTOR * (1 + sectors(Blocks.count(object)));
  }

  /// The bytes, ready to be written.
  ByteBuffer encode(ObjectId object) {
    ByteBuffer bytes = ByteBuffer.allocate(length(object)).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer header = Header.begin(MAGIC);
    header.putLong(object.value()).putLong(incarnation);
    header.putInt(object.size()).putInt(Blocks.SIZE);
    header.putLong(order.generation()).putLong(order.number());
    bytes.put(Header.seal(header));
    long seed = Checksum.seed(object, incarnation);
    for (int sector = 0; sector < sectors(table.length); sector++) {
      int start = bytes.position();
      for (int i = sector * PER_SECTOR;
          i < Math.min((sector + 1) * PER_SECTOR, table.length);
          i++) {
        bytes.putInt(table[i]);
      }
      ByteBuffer entries = bytes.slice(start, PER_SECTOR * Integer.BYTES);
      bytes.position(start + entries.remaining());
      bytes.putInt(Checksum.of(seed, Checksum.TABLE + sector, entries));
    }
    return bytes.flip();
  }

  /// Reads a trailer. The blocks of a damaged sector of the table are lost in the result.
  ///
  /// @throws BadFormat where the header is damaged, or another object's
  static Trailer decode(ObjectId object, ByteBuffer from) throws BadFormat {
    ByteBuffer header = Header.check(from, MAGIC);
    ObjectId found = new ObjectId(header.getLong());
    if (!found.equals(object)) {
      throw new BadFormat("its header is that of object " + found);
    }
    long incarnation = header.getLong();
    int size = header.getInt();
    int block = header.getInt();
    if (size != object.size() || block != Blocks.SIZE) {
      throw new BadFormat("its header says " + size + " bytes in blocks of " + block);
    }
    Order order = new Order(header.getLong(), header.getLong());
    ByteBuffer sectors =
        from.slice(from.position() + Blocks.SECTOR, length(object) - Blocks.SECTOR)
            .order(ByteOrder.LITTLE_ENDIAN);
    return new Trailer(
        incarnation, order, decodeTable(object, Checksum.seed(object, incarnation), sectors));
  }

  private static int[] decodeTable(ObjectId object, long seed, ByteBuffer sectors) {
    int[] table = new int[Blocks.count(object)];
    for (int sector = 0; sector < sectors(table.length); sector++) {
      int first = sector * PER_SECTOR;
      int count = Math.min(PER_SECTOR, table.length - first);
      ByteBuffer entries =
          sectors
              .slice(sector * Blocks.SECTOR, PER_SECTOR * Integer.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN);
      int sum = sectors.getInt(sector * Blocks.SECTOR + entries.remaining());
      if (sum == Checksum.of(seed, Checksum.TABLE + sector, entries)) {
        entries.asIntBuffer().get(table, first, count);
      } else {
        Arrays.fill(table, first, first + count, Checksum.LOST);
      }
    }
    return table;
  }

  private static int sectors(int blocks) {
    return (blocks + PER_SECTOR - 1) / PER_SECTOR;
  }
}

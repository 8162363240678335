package dev.kelpie.peer;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Extent;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Version;
import dev.kelpie.wire.MalformedPayload;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads the fields of a body, one after the other. What cannot be is a [MalformedPayload].
final class BodyReader {
  /// Bytes of the place and the length of an extent.
  static final int EXTENT_SIZE = 8;

  private final ByteBuffer in;

  /// @param in little-endian, from position to limit
  BodyReader(ByteBuffer in) {
    this.in = in;
  }

  int u8() throws MalformedPayload {
    require(Byte.BYTES);
    return in.get() & 0xff;
  }

  int i32() throws MalformedPayload {
    require(Integer.BYTES);
    return in.getInt();
  }

  long i64() throws MalformedPayload {
    require(Long.BYTES);
    return in.getLong();
  }

  /// One of [Choices].
  <E> E choice(List<E> values) throws MalformedPayload {
    int place = u8();
    if (place >= values.size()) {
      throw new MalformedPayload("choice " + place + " of " + values.size());
    }
    return values.get(place);
  }

  Claim claim() throws MalformedPayload {
    int slot = i32();
    long ballot = i64();
    try {
      return new Claim(slot, ballot);
    } catch (IllegalArgumentException e) {
      throw malformed(e);
    }
  }

  /// An object of the slot in whose name something is asked.
  ObjectId objectOf(Claim claim) throws MalformedPayload {
    ObjectId object = object();
    if (!claim.covers(object)) {
      throw new MalformedPayload("object " + object + " is not one of slot " + claim.slot());
    }
    return object;
  }

  ObjectId object() throws MalformedPayload {
    ObjectId object = new ObjectId(i64());
    if (object.vdiBits() == 0) {
      throw new MalformedPayload("object " + object + " belongs to no VDI");
    }
    return object;
  }

  VdiId vdi() throws MalformedPayload {
    try {
      return new VdiId(i32());
    } catch (IllegalArgumentException e) {
      throw malformed(e);
    }
  }

  Version version() throws MalformedPayload {
    return new Version(i64(), i64());
  }

  /// How many entries follow.
  ///
  /// @param size of each
  int count(int size) throws MalformedPayload {
    int count = i32();
    if (count < 0 || count > in.remaining() / size) {
      throw new MalformedPayload(
          count + " entries of " + size + " bytes in " + in.remaining() + " bytes");
    }
    return count;
  }

  /// A range of an object's size.
  ///
  /// @return offset and length
  int[] range(int size) throws MalformedPayload {
    int[] range = {i32(), i32()};
    if (range[0] < 0 || range[1] < 0 || range[1] > size - range[0]) {
      throw new MalformedPayload(range[1] + " bytes at " + range[0] + " of " + size);
    }
    return range;
  }

  /// Bytes for places of something of this size: the last field. They are views of the body.
  List<Extent> extents(int size) throws MalformedPayload {
    int[][] table = extentTable(size);
    List<Extent> extents = new ArrayList<>(table.length);
    for (int[] place : table) {
      require(place[1]);
      extents.add(new Extent(place[0], in.slice(in.position(), place[1])));
      in.position(in.position() + place[1]);
    }
    return extents;
  }

  /// Only the places and lengths, in ascending order, without one beside the thing's end.
  int[][] extentTable(int size) throws MalformedPayload {
    int[][] table = new int[count(EXTENT_SIZE)][];
    int end = 0;
    for (int i = 0; i < table.length; i++) {
      table[i] = range(size);
      if (table[i][0] < end) {
        throw new MalformedPayload("extents are not in order at " + table[i][0]);
      }
      end = table[i][0] + table[i][1];
    }
    return table;
  }

  /// The rest as a text.
  String text() {
    String text = StandardCharsets.UTF_8.decode(in).toString();
    return text.replaceAll("\\p{Cntrl}", " ");
  }

  /// Looks whether everything was read.
  void end() throws MalformedPayload {
    if (in.hasRemaining()) {
      throw new MalformedPayload(in.remaining() + " bytes behind the content");
    }
  }

  private void require(int bytes) throws MalformedPayload {
    if (in.remaining() < bytes) {
      throw new MalformedPayload(bytes + " bytes are wanted, there are " + in.remaining());
    }
  }

  private static MalformedPayload malformed(IllegalArgumentException e) {
    return new MalformedPayload(Optional.ofNullable(e.getMessage()).orElse("no sense"));
  }
}

package dev.kelpie.peer;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Extent;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Version;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Writes the fields of a body, one after the other. Bytes of objects come last, and are not
/// copied.
final class BodyWriter {
  /// More than all fields that are no list.
  private static final int FIELDS_MAX = 128;

  private final List<ByteBuffer> payload = new ArrayList<>();
  private ByteBuffer fields = ByteBuffer.allocate(FIELDS_MAX).order(ByteOrder.LITTLE_ENDIAN);

  BodyWriter u8(int value) {
    fields.put((byte) value);
    return this;
  }

  /// One of [Choices].
  <E> BodyWriter choice(List<E> values, E value) {
    int place = values.indexOf(value);
    if (place < 0) {
      throw new IllegalArgumentException(value + " is not among " + values);
    }
    return u8(place);
  }

  BodyWriter i32(int value) {
    fields.putInt(value);
    return this;
  }

  BodyWriter i64(long value) {
    fields.putLong(value);
    return this;
  }

  BodyWriter claim(Claim claim) {
    return i32(claim.slot()).i64(claim.ballot());
  }

  BodyWriter object(ObjectId object) {
    return i64(object.value());
  }

  BodyWriter vdi(VdiId vdi) {
    return i32(vdi.value());
  }

  BodyWriter version(Version version) {
    return i64(version.ballot()).i64(version.count());
  }

  BodyWriter bytes(byte[] bytes) {
    room((long) bytes.length);
    fields.put(bytes);
    return this;
  }

  /// Makes room for a list.
  BodyWriter room(long size) {
    if (fields.remaining() < size) {
      long all = fields.position() + size + FIELDS_MAX;
      if (all > Frame.BODY_MAX) {
        throw new IllegalArgumentException("a list of " + size + " bytes has no room in a frame");
      }
      fields = ByteBuffer.allocate((int) all).order(ByteOrder.LITTLE_ENDIAN).put(fields.flip());
    }
    return this;
  }

  /// Places and lengths, and then the bytes: the last field.
  BodyWriter extents(List<Extent> extents) {
    room(Integer.BYTES + (long) extents.size() * BodyReader.EXTENT_SIZE);
    i32(extents.size());
    for (Extent extent : extents) {
      i32(extent.offset()).i32(extent.length());
      payload.add(extent.bytes());
    }
    return this;
  }

  /// The whole body. Nothing may be written afterwards.
  List<ByteBuffer> parts() {
    List<ByteBuffer> parts = new ArrayList<>(payload.size() + 1);
    parts.add(fields.flip());
    parts.addAll(payload);
    return parts;
  }

  /// The bytes of a body.
  static long size(List<ByteBuffer> parts) {
    long size = 0;
    for (ByteBuffer part : parts) {
      size += part.remaining();
    }
    return size;
  }
}

package dev.kelpie.cluster.embedded;

import dev.kelpie.cluster.Coordination.Stored;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a commit does to one record, as the log stores it.
///
/// A list of updates is: count (4 bytes), then for each: key length (2), key (UTF-8), version (8),
/// value length (4; -1 where the record is deleted), value. Little-endian.
///
/// @param version of the record afterwards; of no meaning where it is deleted
/// @param value empty where the record is deleted
record Update(String key, long version, Optional<byte[]> value) {
  private static final int DELETED = -1;

  static Update of(Stored stored) {
    return new Update(stored.key(), stored.version(), Optional.of(stored.value()));
  }

  /// The record afterwards; empty where it is deleted.
  Optional<Stored> stored() {
    return value.map(bytes -> new Stored(key, bytes, version));
  }

  /// The bytes that [#encode] needs for this one.
  int size() {
    int bytes = key.getBytes(StandardCharsets.UTF_8).length;
    return Short.BYTES + bytes + Long.BYTES + Integer.BYTES + value.map(v -> v.length).orElse(0);
  }

  static ByteBuffer encode(List<Update> updates) {
    int size = Integer.BYTES + updates.stream().mapToInt(Update::size).sum();
    ByteBuffer to = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    to.putInt(updates.size());
    updates.forEach(update -> update.put(to));
    return to.flip();
  }

  /// The updates of a payload whose checksum was right.
  ///
  /// @throws IllegalArgumentException where the payload was not made by [#encode]
  static List<Update> decode(ByteBuffer payload) {
    ByteBuffer from = payload.order(ByteOrder.LITTLE_ENDIAN);
    try {
      int count = from.getInt();
      List<Update> updates = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        updates.add(get(from));
      }
      return updates;
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      throw new IllegalArgumentException("a list of updates ends too early", e);
    }
  }

  private void put(ByteBuffer to) {
    byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
    to.putShort((short) keyBytes.length).put(keyBytes).putLong(version);
    to.putInt(value.map(bytes -> bytes.length).orElse(DELETED));
    value.ifPresent(to::put);
  }

  private static Update get(ByteBuffer from) {
    String key = new String(bytes(from, from.getShort()), StandardCharsets.UTF_8);
    long version = from.getLong();
    int length = from.getInt();
    Optional<byte[]> value =
        length == DELETED ? Optional.empty() : Optional.of(bytes(from, length));
    return new Update(key, version, value);
  }

  private static byte[] bytes(ByteBuffer from, int length) {
    if (length > from.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    from.get(bytes);
    return bytes;
  }
}

package dev.kelpie.cluster.journal;

import dev.kelpie.cluster.Coordination.Stored;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a commit does to one record, as the file stores it.
///
/// A list of updates is: count (4 bytes), then for each: key length (2; its highest bit set where a
/// session follows), key (UTF-8), the session's length (2) and name (UTF-8) if there is one,
/// version (8), value length (4; -1 where the record is deleted), value. Little-endian.
///
/// @param version of the record afterwards; of no meaning where it is deleted
/// @param value empty where the record is deleted
/// @param session whose end is the record's end; empty for a record that stays
public record Update(String key, long version, Optional<byte[]> value, Optional<String> session) {
  private static final int DELETED = -1;
  private static final int WITH_SESSION = 0x8000;

  /// An update of a record that stays.
  public Update(String key, long version, Optional<byte[]> value) {
    this(key, version, value, Optional.empty());
  }

  /// The end of a record.
  static Update deletion(String key) {
    return new Update(key, 0, Optional.empty());
  }

  /// The record afterwards; empty where it is deleted.
  public Optional<Stored> stored() {
    return value.map(bytes -> new Stored(key, bytes, version));
  }

  /// The bytes that it takes in a frame.
  public int size() {
    int texts = bytes(key).length + session.map(name -> Short.BYTES + bytes(name).length).orElse(0);
    return Short.BYTES + texts + Long.BYTES + Integer.BYTES + value.map(v -> v.length).orElse(0);
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
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("a list of updates ends too early", e);
    }
  }

  private void put(ByteBuffer to) {
    byte[] keyBytes = bytes(key);
    to.putShort((short) (keyBytes.length | (session.isPresent() ? WITH_SESSION : 0))).put(keyBytes);
    session.ifPresent(name -> to.putShort((short) bytes(name).length).put(bytes(name)));
    to.putLong(version);
    to.putInt(value.map(v -> v.length).orElse(DELETED));
    value.ifPresent(to::put);
  }

  private static Update get(ByteBuffer from) {
    int keyLength = Short.toUnsignedInt(from.getShort());
    String key = text(from, keyLength & ~WITH_SESSION);
    Optional<String> session =
        (keyLength & WITH_SESSION) == 0
            ? Optional.empty()
            : Optional.of(text(from, Short.toUnsignedInt(from.getShort())));
    long version = from.getLong();
    int length = from.getInt();
    Optional<byte[]> value = length == DELETED ? Optional.empty() : Optional.of(take(from, length));
    return new Update(key, version, value, session);
  }

  private static String text(ByteBuffer from, int length) {
    return new String(take(from, length), StandardCharsets.UTF_8);
  }

  private static byte[] take(ByteBuffer from, int length) {
    if (length < 0 || length > from.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    from.get(bytes);
    return bytes;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

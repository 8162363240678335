package dev.kelpie.replica;

import dev.kelpie.placement.Slots;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The configurations of neighbouring slots as the value of one record, so that a change of one
/// slot rewrites a few kilobytes. Big-endian: a format version (1 byte, 1), the number of nodes
/// (2), the name of each (text: 2 bytes of length, UTF-8); then for each slot: ballot (8), safe
/// (8), primary (2: the place of its name, from 1; 0 for none), number of acting nodes (2), and for
/// each of them the place of its name (2, from 1) and whether it is intact (1).
final class SlotShard {
  /// How many slots share a record.
  static final int SLOTS = 256;

  /// How many records there are.
  static final int COUNT = Slots.COUNT / SLOTS;

  private static final String PREFIX = "slots/";
  private static final int VERSION = 1;

  private SlotShard() {}

  /// The key of a record; the slots in it are those whose numbers divided by [#SLOTS] give `shard`.
  static String key(int shard) {
    return String.format("%s%02x", PREFIX, shard);
  }

  /// The value of a record.
  ///
  /// @param configs of its slots, in their order
  static byte[] encode(List<SlotConfig> configs) {
    requireAll(configs.size());
    Map<String, Integer> places = new LinkedHashMap<>();
    for (SlotConfig config : configs) {
      config.nodes().forEach(node -> places.putIfAbsent(node, places.size() + 1));
      config.primary().ifPresent(node -> places.putIfAbsent(node, places.size() + 1));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      to.writeByte(VERSION);
      to.writeShort(places.size());
      for (String name : places.keySet()) {
        to.writeUTF(name);
      }
      for (SlotConfig config : configs) {
        encode(config, places, to);
      }
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
    return bytes.toByteArray();
  }

  private static void encode(SlotConfig config, Map<String, Integer> places, DataOutputStream to)
      throws IOException {
    to.writeLong(config.ballot());
    to.writeLong(config.safe());
    to.writeShort(config.primary().map(places::get).orElse(0));
    to.writeShort(config.acting().size());
    for (Acting acting : config.acting()) {
      to.writeShort(places.getOrDefault(acting.node(), 0));
      to.writeBoolean(acting.intact());
    }
  }

  /// Reads a value.
  ///
  /// @return the configurations of its slots, in their order
  /// @throws IOException where this release does not know the format, or the value is damaged
  static List<SlotConfig> decode(byte[] value) throws IOException {
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(value))) {
      int version = from.readUnsignedByte();
      if (version != VERSION) {
        throw new IOException(
            "a record of slots has format " + version + ", this release knows " + VERSION);
      }
      List<String> names = new ArrayList<>();
      int count = from.readUnsignedShort();
      for (int i = 0; i < count; i++) {
        names.add(from.readUTF());
      }
      List<SlotConfig> configs = new ArrayList<>(SLOTS);
      for (int i = 0; i < SLOTS; i++) {
        configs.add(decode(from, names));
      }
      if (from.read() >= 0) {
        throw new IOException("a record of slots is longer than its content");
      }
      return configs;
    }
  }

  private static SlotConfig decode(DataInputStream from, List<String> names) throws IOException {
    long ballot = from.readLong();
    long safe = from.readLong();
    int primary = from.readUnsignedShort();
    int count = from.readUnsignedShort();
    List<Acting> acting = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String node = name(names, from.readUnsignedShort());
      acting.add(new Acting(node, from.readBoolean()));
    }
    Optional<String> first = primary == 0 ? Optional.empty() : Optional.of(name(names, primary));
    return new SlotConfig(ballot, acting, first, safe);
  }

  private static String name(List<String> names, int place) throws IOException {
    if (place < 1 || place > names.size()) {
      throw new IOException("a record of slots names a node that it does not list: " + place);
    }
    return names.get(place - 1);
  }

  private static void requireAll(int configs) {
    if (configs != SLOTS) {
      throw new IllegalArgumentException("a record has " + SLOTS + " slots, not " + configs);
    }
  }
}

package dev.kelpie.replica;

import dev.kelpie.placement.Slots;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/// The configurations of neighbouring slots as the value of one record, so that a change of one
/// slot rewrites a few kilobytes, and the change of all 64 records fits in one commit.
///
/// First a format version (1 byte, 1); all after it is compressed (zlib), big-endian: version of
/// the cluster's record that the configurations go by (8), number of nodes (2), the name of each,
/// in their order (text: 2 bytes of length, UTF-8); the ballots of all slots (number); for all
/// slots how many ballots ago they were last safe (number); then for each slot: number of acting
/// nodes (1), which of them is the primary (1, from 1; 0 for none), and for each of them twice the
/// place of its name, from 0, and one more where it is intact (number). A number has seven bits in
/// each byte, the lowest first, and the highest bit set in all but the last one.
///
/// @param map the version of the cluster's record that these were committed by. Who knows an older
///   one knows less than what they mean
/// @param configs of its slots, in their order
record SlotShard(long map, List<SlotConfig> configs) {
  /// How many slots share a record.
  static final int SLOTS = 256;

  /// How many records there are.
  static final int COUNT = Slots.COUNT / SLOTS;

  /// What the keys of all records begin with.
  static final String PREFIX = "slots/";

  private static final int VERSION = 1;

  /// The most bytes before compression: some times what the longest names of many nodes take.
  private static final int PLAIN_MAX = 4 << 20;

  private static final int NUMBER_BITS = 7;
  private static final int MORE = 1 << NUMBER_BITS;

  SlotShard {
    configs = List.copyOf(configs);
    if (configs.size() != SLOTS) {
      throw new IllegalArgumentException("a record has " + SLOTS + " slots, not " + configs.size());
    }
  }

  /// The key of a record; the slots in it are those whose numbers divided by [#SLOTS] give `shard`.
  static String key(int shard) {
    return String.format("%s%02x", PREFIX, shard);
  }

  /// The record of a slot.
  static int of(int slot) {
    return slot / SLOTS;
  }

  /// The same with another configuration of one slot.
  ///
  /// @param map the version of the cluster's record that it is committed by
  SlotShard with(int slot, SlotConfig config, long map) {
    List<SlotConfig> next = new ArrayList<>(configs);
    next.set(slot % SLOTS, config);
    return new SlotShard(map, next);
  }

  /// The value of a record.
  byte[] encode() {
    ByteArrayOutputStream plain = new ByteArrayOutputStream();
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    value.write(VERSION);
    // Compressed in one piece: the compressor is slow with single bytes.
    try (DataOutputStream to = new DataOutputStream(plain);
        DeflaterOutputStream compressed = new DeflaterOutputStream(value)) {
      encode(to);
      plain.writeTo(compressed);
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
    return value.toByteArray();
  }

  private void encode(DataOutputStream to) throws IOException {
    to.writeLong(map);
    Map<String, Integer> places = new HashMap<>();
    TreeSet<String> names = new TreeSet<>();
    configs.forEach(config -> names.addAll(config.nodes()));
    to.writeShort(names.size());
    for (String name : names) {
      places.put(name, places.size());
      to.writeUTF(name);
    }
    for (SlotConfig config : configs) {
      writeNumber(config.ballot(), to);
    }
    for (SlotConfig config : configs) {
      writeNumber(config.ballot() - config.safe(), to);
    }
    for (SlotConfig config : configs) {
      to.writeByte(config.acting().size());
      to.writeByte(primary(config));
      for (Acting acting : config.acting()) {
        int place = places.getOrDefault(acting.node(), 0);
        writeNumber(2L * place + (acting.intact() ? 1 : 0), to);
      }
    }
  }

  /// Which of the acting nodes is the primary, from 1; 0 for none.
  private static int primary(SlotConfig config) {
    for (int i = 0; i < config.acting().size(); i++) {
      if (config.isPrimary(config.acting().get(i).node())) {
        return i + 1;
      }
    }
    return 0;
  }

  private static void writeNumber(long number, DataOutputStream to) throws IOException {
    long left = number;
    while (left >>> NUMBER_BITS != 0) {
      to.writeByte((int) left | MORE);
      left >>>= NUMBER_BITS;
    }
    to.writeByte((int) left);
  }

  /// Reads a value.
  ///
  /// @throws IOException where this release does not know the format, or the value is damaged
  static SlotShard decode(byte[] value) throws IOException {
    if (value.length == 0 || value[0] != VERSION) {
      throw new IOException(
          "a record of slots has format "
              + (value.length == 0 ? "0" : "" + value[0])
              + ", this release knows "
              + VERSION
              + ": start the release that wrote it");
    }
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(plain(value)))) {
      SlotShard shard = decode(from);
      if (from.read() >= 0) {
        throw new IOException("a record of slots is longer than its content");
      }
      return shard;
    }
  }

  private static byte[] plain(byte[] value) throws IOException {
    ByteArrayInputStream compressed = new ByteArrayInputStream(value, 1, value.length - 1);
    Inflater inflater = new Inflater();
    try (InflaterInputStream from = new InflaterInputStream(compressed, inflater)) {
      byte[] plain = from.readNBytes(PLAIN_MAX);
      if (from.read() >= 0 || inflater.getRemaining() > 0 || compressed.available() > 0) {
        throw new IOException("a record of slots is longer than it can be");
      }
      return plain;
    } finally {
      inflater.end();
    }
  }

  private static SlotShard decode(DataInputStream from) throws IOException {
    long map = from.readLong();
    List<String> names = new ArrayList<>();
    int count = from.readUnsignedShort();
    for (int i = 0; i < count; i++) {
      names.add(from.readUTF());
    }
    long[] ballots = readNumbers(from);
    long[] ages = readNumbers(from);
    List<SlotConfig> configs = new ArrayList<>(SLOTS);
    for (int i = 0; i < SLOTS; i++) {
      int acting = from.readUnsignedByte();
      int primary = from.readUnsignedByte();
      List<Acting> nodes = new ArrayList<>(acting);
      for (int j = 0; j < acting; j++) {
        long number = readNumber(from);
        nodes.add(new Acting(one(names, number / 2), number % 2 == 1));
      }
      Optional<String> first =
          primary == 0 ? Optional.empty() : Optional.of(one(nodes, primary - 1L).node());
      configs.add(new SlotConfig(ballots[i], nodes, first, ballots[i] - ages[i]));
    }
    return new SlotShard(map, configs);
  }

  private static long[] readNumbers(DataInputStream from) throws IOException {
    long[] numbers = new long[SLOTS];
    for (int i = 0; i < SLOTS; i++) {
      numbers[i] = readNumber(from);
    }
    return numbers;
  }

  private static long readNumber(DataInputStream from) throws IOException {
    long number = 0;
    for (int shift = 0; shift < Long.SIZE; shift += NUMBER_BITS) {
      int part = from.readUnsignedByte();
      number |= (long) (part & MORE - 1) << shift;
      if (part < MORE) {
        return number;
      }
    }
    throw new IOException("a record of slots has a number that does not end");
  }

  private static <T> T one(List<T> list, long place) throws IOException {
    if (place < 0 || place >= list.size()) {
      throw new IOException("a record of slots names a node that it does not list: " + place);
    }
    return list.get((int) place);
  }
}

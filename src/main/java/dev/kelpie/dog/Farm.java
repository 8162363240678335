package dev.kelpie.dog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/// A directory of cluster snapshots, as the original lays it out (spec/cli.md §6.7): a list of
/// them, and data under its SHA-1, so that what several snapshots share is there once.
/// Little-endian.
final class Farm {
  private static final int MAGIC = 0xfee1c001;
  private static final int VERSION = 1;
  private static final int HEADER_SIZE = 32;
  private static final int RECORD_SIZE = 296;
  private static final int TAG_SIZE = 256;
  private static final int TIME = 264;
  private static final int TRUNK = 272;
  private static final int DIGEST_SIZE = 20;

  private final Path list;
  private final Path objects;

  private Farm(Path directory) {
    list = directory.resolve("user_snap");
    objects = directory.resolve("objects");
  }

  /// How the cluster kept its objects.
  record Kept(int copies, int policy) {}

  /// A snapshot of the cluster.
  ///
  /// @param time in seconds since 1970
  /// @param trunk under which the list of its objects lies
  record Entry(int index, String tag, long time, Digest trunk) {}

  /// A SHA-1.
  record Digest(String hex) {
    static Digest read(ByteBuffer from) {
      byte[] bytes = new byte[DIGEST_SIZE];
      from.get(bytes);
      return new Digest(HexFormat.of().formatHex(bytes));
    }

    static Digest of(ByteBuffer data) {
      try {
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        sha1.update(data.duplicate());
        return new Digest(HexFormat.of().formatHex(sha1.digest()));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has SHA-1", e);
      }
    }

    byte[] bytes() {
      return HexFormat.of().parseHex(hex);
    }
  }

  /// The one in a directory, which is made where it is missing.
  static Farm create(String name) throws Failure {
    Path directory = path(name);
    try {
      Files.createDirectories(directory);
      for (int i = 0; i <= 0xff; i++) {
        Files.createDirectories(
            directory.resolve("objects").resolve(HexFormat.of().toHexDigits((byte) i)));
      }
    } catch (IOException e) {
      throw broken("Fail to create directory: " + SystemText.of(e), "Fail to init farm.");
    }
    return new Farm(directory);
  }

  /// The one in a directory, which must be there.
  static Farm open(String name) throws Failure {
    Path directory = path(name);
    if (!Files.isDirectory(directory)) {
      throw broken("Path is not a directory: " + name, "Fail to init farm.");
    }
    return new Farm(directory);
  }

  private static Path path(String name) throws Failure {
    return LocalFiles.path(name, ExitStatus.SYSTEM, "Fail to create directory");
  }

  /// How the cluster kept its objects when the first snapshot was saved; empty where there is none.
  Optional<Kept> kept() throws Failure {
    ByteBuffer all = readList();
    return all.hasRemaining()
        ? Optional.of(new Kept(all.get(8) & 0xff, all.get(9) & 0xff))
        : Optional.empty();
  }

  /// All snapshots, oldest first.
  List<Entry> entries() throws Failure {
    ByteBuffer all = readList();
    List<Entry> entries = new ArrayList<>();
    for (int at = HEADER_SIZE; at + RECORD_SIZE <= all.limit(); at += RECORD_SIZE) {
      entries.add(
          new Entry(
              all.getInt(at),
              text(all, at + Integer.BYTES),
              all.getLong(at + TIME),
              Digest.read(all.duplicate().position(at + TRUNK))));
    }
    return entries;
  }

  /// The snapshot of a tag, or of an index where the word is a number.
  Entry find(String word) throws Failure {
    for (Entry entry : entries()) {
      if (entry.tag().equals(word) || Integer.toUnsignedString(entry.index()).equals(word)) {
        return entry;
      }
    }
    throw broken("Snapshot index or tag does not exist.");
  }

  /// Adds a snapshot.
  ///
  /// @param kept for the header, where this is the first
  void add(Entry entry, Kept kept) throws Failure {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_SIZE + RECORD_SIZE);
    bytes.order(ByteOrder.LITTLE_ENDIAN).putInt(MAGIC).putInt(VERSION);
    bytes.put((byte) kept.copies()).put((byte) kept.policy()).position(HEADER_SIZE);
    bytes.putInt(entry.index()).put(entry.tag().getBytes(StandardCharsets.ISO_8859_1));
    bytes.putLong(HEADER_SIZE + TIME, entry.time());
    bytes.put(HEADER_SIZE + TRUNK, entry.trunk().bytes());
    int from = readList().hasRemaining() ? HEADER_SIZE : 0;
    try {
      Files.write(
          list,
          Arrays.copyOfRange(bytes.array(), from, bytes.capacity()),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw broken("cannot write " + list + ": " + SystemText.of(e));
    }
  }

  /// Stores data under its SHA-1; nothing is to do where it is there.
  Digest put(ByteBuffer data) throws Failure {
    Digest digest = Digest.of(data);
    Path file = file(digest);
    if (Files.exists(file)) {
      return digest;
    }
    byte[] bytes = new byte[data.remaining()];
    data.duplicate().get(bytes);
    Path unfinished = file.resolveSibling(file.getFileName() + ".tmp");
    try {
      Files.write(unfinished, bytes);
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw broken("cannot write " + file + ": " + SystemText.of(e));
    }
    return digest;
  }

  /// The data of a SHA-1, which it has to have.
  ByteBuffer get(Digest digest) throws Failure {
    Path file = file(digest);
    ByteBuffer data;
    try {
      data = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw broken("cannot read " + file + ": " + SystemText.of(e));
    }
    if (!Digest.of(data).equals(digest)) {
      throw broken(file + " is damaged: its SHA-1 is not its name");
    }
    return data;
  }

  private Path file(Digest digest) {
    return objects.resolve(digest.hex().substring(0, 2)).resolve(digest.hex().substring(2));
  }

  /// The list of snapshots, with its header; empty where there is none.
  private ByteBuffer readList() throws Failure {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(list);
    } catch (NoSuchFileException e) {
      return ByteBuffer.allocate(0);
    } catch (IOException e) {
      throw broken("cannot read " + list + ": " + SystemText.of(e));
    }
    ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length > 0 && (bytes.length < HEADER_SIZE || all.getInt(0) != MAGIC)) {
      throw broken("magic number mismatch");
    }
    return all;
  }

  private static String text(ByteBuffer from, int at) {
    int length = 0;
    while (length < TAG_SIZE && from.get(at + length) != 0) {
      length++;
    }
    byte[] bytes = new byte[length];
    from.get(at, bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  static Failure broken(String... lines) {
    return new Failure(ExitStatus.SYSTEM, lines);
  }
}

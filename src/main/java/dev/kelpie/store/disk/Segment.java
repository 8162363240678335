package dev.kelpie.store.disk;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.UUID;

/// One of the two files of a disk's log.
final class Segment implements Closeable {
  /// Where the records start.
  static final int START = 8192;

  /// How large a segment is made: room for the largest record. It grows when it is needed.
  static final int FIRST_LENGTH = 256 << 10;

  /// By how much a segment grows: large enough that growing is rare, small enough that writing the
  /// zeros does not hold up who needs the room.
  private static final int STEP = 1 << 20;

  private final Path path;
  private final DiskFile file;
  private final UUID disk;
  private final int lengthMax;
  private int length;

  private Segment(Path path, DiskFile file, UUID disk, int lengthMax) throws IOException {
    this.path = path;
    this.file = file;
    this.disk = disk;
    this.lengthMax = lengthMax;
    this.length = (int) Math.min(file.size(), lengthMax);
  }

  /// Makes the file of a segment, synced.
  static void create(Disk disk, Path path, LapHeader header) throws IOException {
    try (DiskFile file = disk.create(path)) {
      file.write(ByteBuffer.allocate(FIRST_LENGTH), 0);
      file.write(header.encode(), 0);
      file.sync();
    }
  }

  /// @param lengthMax to which it may grow
  static Segment open(Disk disk, Path path, UUID id, int lengthMax) throws IOException {
    DiskFile file = disk.open(path);
    try {
      return new Segment(path, file, id, lengthMax);
    } catch (IOException failure) {
      try (file) {
        throw failure;
      }
    }
  }

  Path path() {
    return path;
  }

  /// How far records may reach now.
  int length() {
    return length;
  }

  /// The length of the file, which is more than [#length] where the bound was larger before.
  int fileLength() throws IOException {
    return (int) Math.min(file.size(), Integer.MAX_VALUE);
  }

  /// Reads the header.
  ///
  /// @throws BadFormat where it is damaged, or another disk's
  LapHeader header() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LapHeader.LENGTH);
    file.read(bytes, 0);
    LapHeader header = LapHeader.decode(bytes.clear());
    if (!header.disk().equals(disk)) {
      throw new BadFormat("it belongs to the disk with the id " + header.disk());
    }
    return header;
  }

  /// Writes the header and makes it durable.
  void begin(int lap, int first) throws IOException {
    file.write(new LapHeader(disk, lap, first).encode(), 0);
    file.sync();
  }

  /// Grows the segment, if need be and if possible, so that records reach up to `end`.
  ///
  /// @return whether they can
  boolean reach(int end) throws IOException {
    while (end > length && length < lengthMax) {
      int step = Math.min(STEP, lengthMax - length);
      try {
        file.write(ByteBuffer.allocate(step), length);
      } catch (Disk.NoSpace _) {
        return false;
      }
      length += step;
    }
    return end <= length;
  }

  void write(ByteBuffer from, int at) throws IOException {
    file.write(from, at);
  }

  /// Reads `into.remaining()` bytes, less only at the end of the file.
  void read(ByteBuffer into, int at) throws IOException {
    file.read(into, at);
  }

  void sync() throws IOException {
    file.sync();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}

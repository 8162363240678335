package dev.kelpie.cluster.embedded;

import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/// The file of an [EmbeddedCoordination]: a header, then one frame for each group of commits.
/// Little-endian.
///
/// | header | size | what |
/// |---:|---:|---|
/// | 0 | 8 | magic `KELPCOOR` |
/// | 8 | 4 | format version, 1 |
/// | 12 | 4 | 0 |
/// | 16 | 8 | salt: a random number, new with each file |
/// | 24 | 4 | CRC32C of bytes 0-23 |
/// | 28 | 4 | 0 |
///
/// | frame | size | what |
/// |---:|---:|---|
/// | 0 | 4 | magic `KFRM` |
/// | 4 | 4 | length of the payload |
/// | 8 | 8 | number of the frame, from 1 without gaps |
/// | 16 | 4 | CRC32C of salt, bytes 4-15 and payload |
/// | 20 | 4 | 0 |
/// | 24 | | payload ([Update#encode]), padded with zeros to a multiple of 8 |
///
/// Behind the last frame the file is zeros to its end, allocated ahead of need, so that commits
/// that free space still work on a full disk.
///
/// **Crash argument.** A frame is written and synced before the next one begins, so a crash can
/// leave only the last frame incomplete, and none of its commits was answered: a frame that does
/// not check and has no whole frame behind it is dropped. One that has a whole frame behind it was
/// durable once and is damaged: the file is refused. (Damage of the very last frame cannot be told
/// from a torn one.) A new file is complete and durable before it gets its name, and the directory
/// is durable before the next commit is answered. A start makes both durable before it reads.
final class CommitLog implements Closeable {
  /// The file's name in the node's directory.
  static final String FILE = "coordination";

  private static final String NEW_FILE = FILE + ".new";
  private static final long MAGIC = 0x524f4f43_504c454bL;
  private static final int VERSION = 1;
  private static final int HEADER_SIZE = 32;
  private static final int FRAME_MAGIC = 0x4d52464b;
  private static final int FRAME_HEADER_SIZE = 24;

  /// How much is allocated ahead: some hundred commits, little on any disk.
  private static final int ALLOCATE_STEP = 256 << 10;

  /// A new file is written in frames of about this size, to bound the buffer.
  private static final int REWRITE_FRAME_SIZE = 1 << 20;

  private final Platform platform;
  private final Path directory;
  private DiskFile file;
  private long salt;
  private long nextFrame = 1;
  private long end = HEADER_SIZE;
  private long allocated;

  private CommitLog(Platform platform, Path directory, DiskFile file) {
    this.platform = platform;
    this.directory = directory;
    this.file = file;
  }

  /// Opens the log of a directory, creating it where there is none, and hands every update in it to
  /// `sink`, oldest first.
  ///
  /// @throws IOException where the file is of another format version or damaged
  static CommitLog open(Platform platform, Log log, Path directory, Consumer<Update> sink)
      throws IOException {
    Disk disk = platform.disk();
    Path path = directory.resolve(FILE);
    if (disk.exists(directory.resolve(NEW_FILE))) {
      disk.delete(directory.resolve(NEW_FILE));
    }
    if (!disk.exists(path)) {
      return create(platform, directory, List.of());
    }
    CommitLog opened = new CommitLog(platform, directory, disk.open(path));
    try {
      opened.settle();
      return opened.load(log, sink);
    } catch (IOException | RuntimeException e) {
      opened.file.close();
      throw e;
    }
  }

  /// Appends one frame and makes it durable.
  ///
  /// @throws InDoubt where it is not known whether the frame is durable, or where the file cannot
  ///   be written any more; otherwise an [IOException] says that nothing has changed
  void append(List<Update> updates) throws IOException {
    ByteBuffer frame = frame(nextFrame, updates);
    int size = frame.remaining();
    try {
      allocateAhead(size);
      file.write(frame, end);
    } catch (IOException e) {
      takeBack(size, e);
      throw e;
    }
    try {
      file.sync();
    } catch (IOException e) {
      throw inDoubt(path(), e);
    }
    nextFrame++;
    end += size;
  }

  /// Replaces the file by one that holds just these updates.
  ///
  /// @throws InDoubt where it is not known which of the files is there; otherwise an [IOException]
  ///   says that the old one is still in use
  void rewrite(List<Update> updates) throws IOException {
    CommitLog fresh = create(platform, directory, updates);
    DiskFile old = file;
    file = fresh.file;
    salt = fresh.salt;
    nextFrame = fresh.nextFrame;
    end = fresh.end;
    allocated = fresh.allocated;
    old.close();
  }

  /// Bytes from the start of the file to the end of the last frame.
  long size() {
    return end;
  }

  Path path() {
    return directory.resolve(FILE);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private static CommitLog create(Platform platform, Path directory, List<Update> updates)
      throws IOException {
    Disk disk = platform.disk();
    Path path = directory.resolve(NEW_FILE);
    CommitLog log = new CommitLog(platform, directory, disk.create(path));
    try {
      log.fill(updates);
    } catch (IOException | RuntimeException e) {
      log.file.close();
      disk.delete(path);
      throw e;
    }
    try {
      disk.rename(path, log.path());
      disk.syncDirectory(directory);
    } catch (IOException e) {
      log.file.close();
      throw inDoubt(log.path(), e);
    }
    return log;
  }

  private void fill(List<Update> updates) throws IOException {
    salt = platform.chance().nextLong();
    file.write(header(salt), 0);
    List<Update> group = new ArrayList<>();
    int groupSize = 0;
    for (Update update : updates) {
      group.add(update);
      groupSize += update.size();
      if (groupSize >= REWRITE_FRAME_SIZE) {
        writeFrame(group);
        group.clear();
        groupSize = 0;
      }
    }
    if (!group.isEmpty()) {
      writeFrame(group);
    }
    allocateAhead(0);
    file.sync();
  }

  private void writeFrame(List<Update> updates) throws IOException {
    ByteBuffer frame = frame(nextFrame++, updates);
    int size = frame.remaining();
    file.write(frame, end);
    end += size;
    allocated = end;
  }

  private void allocateAhead(int size) throws IOException {
    if (end + size + ALLOCATE_STEP / 2 <= allocated) {
      return;
    }
    long from = Math.max(allocated, end);
    long length = end + size + ALLOCATE_STEP - from;
    try {
      file.allocate(from, length);
      allocated = from + length;
    } catch (Disk.NoSpace e) {
      if (end + size > allocated) {
        throw e;
      }
    }
  }

  /// After a failed write: nothing of the frame may stay, or a later crash could bring it back.
  private void takeBack(int size, IOException cause) throws IOException {
    try {
      if (file.size() > end) {
        long written = Math.min(size, file.size() - end);
        file.write(ByteBuffer.allocate((int) written), end);
      }
      file.sync();
    } catch (IOException e) {
      cause.addSuppressed(e);
      throw inDoubt(path(), cause);
    }
  }

  /// A process that was killed may have left a frame, or the file's name, in the kernel only. Who
  /// reads on has to find them after a power cut too.
  private void settle() throws IOException {
    file.sync();
    platform.disk().syncDirectory(directory);
  }

  private CommitLog load(Log log, Consumer<Update> sink) throws IOException {
    ByteBuffer all = readAll();
    readHeader(all);
    List<Update> updates = new ArrayList<>();
    while (isFrame(all, (int) end, nextFrame)) {
      List<Update> frame = decode(all, (int) end);
      updates.addAll(frame);
      end += frameSize(all.getInt((int) end + 4));
      nextFrame++;
    }
    updates.forEach(sink);
    allocated = all.limit();
    long tail = lastByte(all);
    if (tail > end) {
      refuseIfDamaged(all);
      log.warn(path() + ": dropped an unfinished commit of " + (tail - end) + " bytes at " + end);
      clear(tail);
    }
    return this;
  }

  private ByteBuffer readAll() throws IOException {
    long size = file.size();
    if (size > Integer.MAX_VALUE) {
      throw new IOException(path() + " has " + size + " bytes, more than a log can have");
    }
    ByteBuffer all = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    file.read(all, 0);
    return all.flip();
  }

  private void readHeader(ByteBuffer all) throws IOException {
    if (all.limit() < HEADER_SIZE || all.getLong(0) != MAGIC) {
      throw new IOException(
          path() + " is not a coordination log: byte 0 is wrong; restore it from a backup");
    }
    if (all.getInt(24) != checksum(all.slice(0, 24))) {
      throw damagedAt(24);
    }
    if (all.getInt(8) != VERSION) {
      throw new IOException(
          path()
              + " has format version "
              + all.getInt(8)
              + ", this sheep knows "
              + VERSION
              + "; start it with the release that wrote the directory");
    }
    salt = all.getLong(16);
  }

  private boolean isFrame(ByteBuffer all, int at, long number) {
    if (all.limit() - at < FRAME_HEADER_SIZE
        || all.getInt(at) != FRAME_MAGIC
        || all.getLong(at + 8) != number) {
      return false;
    }
    int length = all.getInt(at + 4);
    return length >= 0
        && length <= all.limit() - at - FRAME_HEADER_SIZE
        && all.getInt(at + 16) == frameChecksum(all, at, length);
  }

  private List<Update> decode(ByteBuffer all, int at) throws IOException {
    try {
      return Update.decode(all.slice(at + FRAME_HEADER_SIZE, all.getInt(at + 4)));
    } catch (IllegalArgumentException e) {
      throw new IOException(path() + ": the frame at byte " + at + " cannot be read", e);
    }
  }

  /// Refuses the file if a whole frame follows the one that does not check.
  private void refuseIfDamaged(ByteBuffer all) throws IOException {
    for (int at = (int) end + Long.BYTES; at <= all.limit() - FRAME_HEADER_SIZE; at += Long.BYTES) {
      if (all.getInt(at) == FRAME_MAGIC
          && all.getLong(at + 8) > nextFrame
          && isFrame(all, at, all.getLong(at + 8))) {
        throw damagedAt(end);
      }
    }
  }

  private IOException damagedAt(long at) {
    return new IOException(
        path() + " is damaged at byte " + at + "; restore the file from a backup of the directory");
  }

  private long lastByte(ByteBuffer all) {
    int last = all.limit();
    while (last > end && all.get(last - 1) == 0) {
      last--;
    }
    return last;
  }

  /// Zeros the remains of an unfinished frame.
  private void clear(long tail) throws IOException {
    file.write(ByteBuffer.allocate((int) (tail - end)), end);
    file.sync();
  }

  private static ByteBuffer header(long salt) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(0, MAGIC).putInt(8, VERSION).putLong(16, salt);
    return header.putInt(24, checksum(header.slice(0, 24)));
  }

  private ByteBuffer frame(long number, List<Update> updates) {
    ByteBuffer payload = Update.encode(updates);
    int length = payload.remaining();
    ByteBuffer frame = ByteBuffer.allocate(frameSize(length)).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(0, FRAME_MAGIC).putInt(4, length).putLong(8, number);
    frame.put(FRAME_HEADER_SIZE, payload, 0, length);
    return frame.putInt(16, frameChecksum(frame, 0, length));
  }

  private static int frameSize(int length) {
    return FRAME_HEADER_SIZE + (length + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
  }

  private int frameChecksum(ByteBuffer in, int at, int length) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(0, salt));
    crc.update(in.slice(at + 4, 12));
    crc.update(in.slice(at + FRAME_HEADER_SIZE, length));
    return (int) crc.getValue();
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static InDoubt inDoubt(Path path, IOException cause) {
    return new InDoubt(path + " cannot be used; restart sheep when its disk works again", cause);
  }
}

package dev.kelpie.cluster.journal;

import static dev.kelpie.cluster.journal.FrameFormat.littleEndian;

import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// A file of coordination records, in [FrameFormat].
///
/// Holds no position: who uses the file says where. May be used by many threads, as long as one of
/// them at a time, over all processes, writes.
public final class FrameFile implements Closeable {
  /// How much is allocated ahead: some hundred commits, little on any disk.
  private static final int ALLOCATE_STEP = 256 << 10;

  /// A new file is written in frames of about this size, to bound the buffer.
  private static final int FILL_FRAME_SIZE = 1 << 20;

  private final DiskFile file;
  private final FrameFormat format;

  private FrameFile(DiskFile file, FrameFormat format) {
    this.file = file;
    this.format = format;
  }

  /// What stands behind the frames that were read.
  public enum Behind {
    /// Zeros.
    NOTHING,
    /// A frame that is not settled, whole or not.
    UNSETTLED,
    /// A settled frame.
    SETTLED,
    /// The mark of [#markMoved].
    MOVED
  }

  /// All that a file holds.
  ///
  /// @param end where the next frame goes
  /// @param torn how many bytes of something that is no frame lie there
  public record Content(List<Frame> frames, Place end, int torn) {
    public Content {
      frames = List.copyOf(frames);
    }
  }

  /// Creates a file, empty, for [#fill].
  ///
  /// @param name that it is going to have, for messages
  public static FrameFile create(Platform platform, Path at, Path name) throws IOException {
    FrameFormat format = new FrameFormat(name, platform.chance().nextLong());
    return new FrameFile(platform.disk().create(at), format);
  }

  /// Opens a file.
  ///
  /// @throws IOException where it is of another format version or its header is damaged
  public static FrameFile open(Disk disk, Path path) throws IOException {
    DiskFile file = disk.open(path);
    try {
      return new FrameFile(file, readFormat(file, path));
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /// Whether this is the file that has the name now.
  public boolean isAt(Disk disk, Path name) throws IOException {
    try (DiskFile there = disk.openReadOnly(name)) {
      return readFormat(there, name).salt() == format.salt();
    }
  }

  private static FrameFormat readFormat(DiskFile file, Path path) throws IOException {
    ByteBuffer header = littleEndian(FrameFormat.HEADER_SIZE);
    file.read(header, 0);
    return FrameFormat.of(path, header);
  }

  /// Its name, for messages.
  public Path path() {
    return format.path();
  }

  /// Writes header and records into an empty file, allocates ahead, and makes its bytes durable.
  ///
  /// @param settled what the frames are to say of themselves; they are durable once this returns
  /// @return where the next frame goes
  public Place fill(Collection<Update> updates, boolean settled) throws IOException {
    file.write(format.header(), 0);
    Place end = Place.FIRST;
    List<Update> group = new ArrayList<>();
    int groupSize = 0;
    for (Update update : updates) {
      group.add(update);
      groupSize += update.size();
      if (groupSize >= FILL_FRAME_SIZE) {
        end = fillFrame(end, group, settled);
        group.clear();
        groupSize = 0;
      }
    }
    if (!group.isEmpty()) {
      end = fillFrame(end, group, settled);
    }
    allocateAhead(end.offset(), 0);
    file.sync();
    return end;
  }

  private Place fillFrame(Place at, List<Update> updates, boolean settled) throws IOException {
    ByteBuffer frame = format.frame(at, updates);
    int size = frame.remaining();
    file.write(frame.putInt(FrameFormat.SETTLED_AT, settled ? 1 : 0), at.offset());
    return at.after(size);
  }

  /// Appends one frame. It is not durable, and not settled.
  ///
  /// @return where the next one goes
  /// @throws InDoubt where part of the frame may still be there, and may come back; any other
  ///   [IOException] says that nothing has changed
  public Place write(Place at, List<Update> updates) throws IOException {
    ByteBuffer frame = format.frame(at, updates);
    int size = frame.remaining();
    try {
      allocateAhead(at.offset(), size);
      file.write(frame, at.offset());
    } catch (IOException e) {
      takeBack(at.offset(), size, e);
      throw e;
    }
    return at.after(size);
  }

  /// Lets a frame say that it is durable, which it is.
  public void settle(Place at) throws IOException {
    file.write(word(1), at.offset() + FrameFormat.SETTLED_AT);
  }

  /// Says behind the last frame that another file is about to take this one's name.
  public void markMoved(Place end) throws IOException {
    file.write(word(FrameFormat.MOVED_MAGIC), end.offset());
  }

  /// Makes what was written durable.
  public void sync() throws IOException {
    file.sync();
  }

  /// Turns what lies behind the last frame into zeros, durably.
  public void erase(Place end, int length) throws IOException {
    file.write(ByteBuffer.allocate(length), end.offset());
    file.sync();
  }

  /// What begins at a place. Any process may look, whoever writes meanwhile.
  public Behind behind(Place end) throws IOException {
    return FrameFormat.behind(frameHeader(end), end);
  }

  /// The settled frame that begins at a place. Any process may read it, whoever writes meanwhile.
  ///
  /// @throws IOException also where the frame is damaged
  public Frame readSettled(Place at) throws IOException {
    int length = frameHeader(at).getInt(4);
    if (length < 0 || length > file.size() - at.offset() - FrameFormat.FRAME_HEADER_SIZE) {
      throw format.damagedAt(at.offset());
    }
    ByteBuffer bytes = littleEndian(FrameFormat.FRAME_HEADER_SIZE + length);
    file.read(bytes, at.offset());
    Optional<Frame> frame = format.frameIn(bytes.flip(), 0, at);
    return frame.orElseThrow(() -> format.damagedAt(at.offset()));
  }

  /// Reads the file from its start. Nobody may write meanwhile.
  ///
  /// @throws IOException also where a frame before the last is damaged
  public Content readAll() throws IOException {
    ByteBuffer all = allBytes();
    List<Frame> frames = new ArrayList<>();
    Place end = Place.FIRST;
    Optional<Frame> next = format.frameIn(all, FrameFormat.HEADER_SIZE, end);
    while (next.isPresent()) {
      frames.add(next.get());
      end = next.get().next();
      next = format.frameIn(all, (int) end.offset(), end);
    }
    int torn = lastByte(all, (int) end.offset()) - (int) end.offset();
    if (torn > 0) {
      format.refuseIfDamaged(all, end);
    }
    return new Content(frames, end, torn);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  /// What a caller is told where the file cannot be used any more.
  public static InDoubt inDoubt(Path path, IOException cause) {
    return new InDoubt(path + " cannot be used; restart sheep when its disk works again", cause);
  }

  private void allocateAhead(long end, int size) throws IOException {
    long allocated = file.size();
    if (end + size + ALLOCATE_STEP / 2 <= allocated) {
      return;
    }
    long from = Math.max(allocated, end);
    try {
      file.allocate(from, end + size + ALLOCATE_STEP - from);
    } catch (Disk.NoSpace e) {
      if (end + size > allocated) {
        throw e;
      }
    }
  }

  /// After a failed write: nothing of the frame may stay, or a later crash could bring it back.
  private void takeBack(long end, int size, IOException cause) throws IOException {
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

  private ByteBuffer frameHeader(Place at) throws IOException {
    ByteBuffer header = littleEndian(FrameFormat.FRAME_HEADER_SIZE);
    file.read(header, at.offset());
    return header;
  }

  private ByteBuffer allBytes() throws IOException {
    long size = file.size();
    if (size > Integer.MAX_VALUE) {
      throw new IOException(path() + " has " + size + " bytes, more than a log can have");
    }
    ByteBuffer all = littleEndian((int) size);
    file.read(all, 0);
    return all.flip();
  }

  private static int lastByte(ByteBuffer all, int end) {
    int last = all.limit();
    while (last > end && all.get(last - 1) == 0) {
      last--;
    }
    return last;
  }

  private static ByteBuffer word(int value) {
    return littleEndian(Integer.BYTES).putInt(0, value);
  }
}

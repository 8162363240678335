package dev.kelpie.cluster.embedded;

import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.journal.FrameFile;
import dev.kelpie.cluster.journal.Place;
import dev.kelpie.cluster.journal.Update;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/// The [FrameFile] of an [EmbeddedCoordination], which nobody else uses.
///
/// **Crash argument.** A frame is written and synced before the next one begins, so a crash can
/// leave only the last frame incomplete, and none of its commits was answered: a frame that does
/// not check and has no whole frame behind it is dropped. One that has a whole frame behind it was
/// durable once and is damaged: the file is refused. (Damage of the very last frame cannot be told
/// from a torn one, since no frame is settled here.) A new file is complete and durable before it
/// gets its name, and the directory is durable before the next commit is answered. A start makes
/// both durable before it reads.
final class CommitLog implements Closeable {
  /// The file's name in the node's directory.
  static final String FILE = "coordination";

  private static final String NEW_FILE = FILE + ".new";

  private final Platform platform;
  private final Path directory;
  private FrameFile file;
  private Place end;

  private CommitLog(Platform platform, Path directory, FrameFile file, Place end) {
    this.platform = platform;
    this.directory = directory;
    this.file = file;
    this.end = end;
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
    FrameFile file = FrameFile.open(disk, path);
    try {
      settle(disk, directory, file);
      return new CommitLog(platform, directory, file, load(file, log, sink));
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /// Appends one frame and makes it durable.
  ///
  /// @throws InDoubt where it is not known whether the frame is durable, or where the file cannot
  ///   be written any more; otherwise an [IOException] says that nothing has changed
  void append(List<Update> updates) throws IOException {
    Place next = file.write(end, updates);
    try {
      file.sync();
    } catch (IOException e) {
      throw FrameFile.inDoubt(path(), e);
    }
    end = next;
  }

  /// Replaces the file by one that holds just these updates.
  ///
  /// @throws InDoubt where it is not known which of the files is there; otherwise an [IOException]
  ///   says that the old one is still in use
  void rewrite(Collection<Update> updates) throws IOException {
    CommitLog fresh = create(platform, directory, updates);
    FrameFile old = file;
    file = fresh.file;
    end = fresh.end;
    old.close();
  }

  /// Bytes from the start of the file to the end of the last frame.
  long size() {
    return end.offset();
  }

  Path path() {
    return directory.resolve(FILE);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private static CommitLog create(Platform platform, Path directory, Collection<Update> updates)
      throws IOException {
    Disk disk = platform.disk();
    Path fresh = directory.resolve(NEW_FILE);
    Path path = directory.resolve(FILE);
    FrameFile file = FrameFile.create(platform, fresh, path);
    Place end;
    try {
      end = file.fill(updates, false);
    } catch (IOException | RuntimeException e) {
      file.close();
      disk.delete(fresh);
      throw e;
    }
    try {
      disk.rename(fresh, path);
      disk.syncDirectory(directory);
    } catch (IOException e) {
      file.close();
      throw FrameFile.inDoubt(path, e);
    }
    return new CommitLog(platform, directory, file, end);
  }

  /// A process that was killed may have left a frame, or the file's name, in the kernel only. Who
  /// reads on has to find them after a power cut too.
  private static void settle(Disk disk, Path directory, FrameFile file) throws IOException {
    file.sync();
    disk.syncDirectory(directory);
  }

  private static Place load(FrameFile file, Log log, Consumer<Update> sink) throws IOException {
    FrameFile.Content content = file.readAll();
    content.frames().forEach(frame -> frame.updates().forEach(sink));
    Place end = content.end();
    if (content.torn() > 0) {
      log.warn(
          file.path()
              + ": dropped an unfinished commit of "
              + content.torn()
              + " bytes at "
              + end.offset());
      file.erase(end, content.torn());
    }
    return end;
  }
}

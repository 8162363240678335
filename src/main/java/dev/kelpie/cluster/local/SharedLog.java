package dev.kelpie.cluster.local;

import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.journal.Frame;
import dev.kelpie.cluster.journal.FrameFile;
import dev.kelpie.cluster.journal.FrameFile.Behind;
import dev.kelpie.cluster.journal.Place;
import dev.kelpie.cluster.journal.Update;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// The [FrameFile] that several processes read and append to, and how far this one has read.
///
/// **Writing** needs the directory's lock. A frame is written, synced, then *settled*; only then
/// are its commits answered. To rewrite the file, a new one is filled and synced under another
/// name, its frames settled; the old one is marked as moved; the new one gets the name; the
/// directory is synced.
///
/// **Reading** needs no lock: a look at the place behind the last known frame tells all. A settled
/// frame there is whole, durable and news. The mark of a moved file sends the reader to the file
/// that has the name now. Anything else means that no commit was answered that the reader does not
/// know, because a commit is answered only after its frame was settled at this very place, or in a
/// file that got its name after this one was marked. That is why reads are linearizable, and a look
/// cheap: one read of 24 bytes.
///
/// **Crash argument.** A process that is killed in its turn leaves one of these, and the next one
/// that has the lock deals with it before it writes: a whole frame that is not settled, which is
/// synced and settled; a torn one, which is erased (nobody was answered in either case); the mark
/// on a file that still has its name, which is erased; a new file without the name, which is
/// deleted. If a rename was not made durable, both files hold the same records, and no process
/// answers a commit of the new one before it has synced the directory. After a power cut nobody has
/// the directory open, and who opens it first looks through the whole file. Damage before the tail
/// is refused with its place.
///
/// Guarded by who has it: its fields change only in [#follow] and [#enter]; what writes works on an
/// [Append] and may run meanwhile, as only a holder of the directory's lock moves the file.
final class SharedLog implements Closeable {
  private static final String FILE = "coordination";
  private static final String NEW_FILE = FILE + ".new";

  private final Platform platform;
  private final Log log;
  private final Path directory;
  private FrameFile file;
  private Place end = Place.FIRST;

  /// The file whose name this process knows to be durable. Used by who has the directory's lock.
  private Optional<FrameFile> named = Optional.empty();

  private SharedLog(Platform platform, Log log, Path directory, FrameFile file) {
    this.platform = platform;
    this.log = log;
    this.directory = directory;
    this.file = file;
  }

  /// Where the next frame goes: in which file, and at which place of it.
  record Append(FrameFile file, Place at) {}

  /// Opens the file of a directory whose lock the caller has, creating it where there is none.
  /// Everything in it is news yet.
  static SharedLog open(Platform platform, Log log, Path directory) throws IOException {
    Path path = directory.resolve(FILE);
    deleteUnnamed(platform.disk(), directory);
    if (!platform.disk().exists(path)) {
      replace(platform, directory, List.of(), Optional.empty());
    }
    FrameFile file = FrameFile.open(platform.disk(), path);
    try {
      SharedLog opened = new SharedLog(platform, log, directory, file);
      opened.mend();
      return opened;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  Path path() {
    return directory.resolve(FILE);
  }

  /// Bytes from the start of the file to the end of the last frame.
  long size() {
    return end.offset();
  }

  Append append() {
    return new Append(file, end);
  }

  /// Reads what is new, without the directory's lock.
  ///
  /// @throws IOException where the file cannot be read or is damaged; what was new stays new
  News follow() throws IOException {
    Reading read = Reading.from(file, end);
    if (read.behind == Behind.MOVED && !hasName()) {
      return moveOn();
    }
    end = read.at;
    return new News(false, read.updates);
  }

  private News moveOn() throws IOException {
    FrameFile fresh = FrameFile.open(platform.disk(), path());
    Reading read;
    try {
      read = Reading.from(fresh, Place.FIRST);
    } catch (IOException | RuntimeException e) {
      fresh.close();
      throw e;
    }
    FrameFile old = file;
    file = fresh;
    end = read.at;
    try {
      old.close();
    } catch (IOException e) {
      log.warn(path() + ": the file that it replaced was not closed: " + e.getMessage());
    }
    return new News(true, read.updates);
  }

  /// Settled frames that were read.
  ///
  /// @param at the place behind them
  /// @param behind what stands there
  private record Reading(Place at, Behind behind, List<Update> updates) {
    static Reading from(FrameFile file, Place from) throws IOException {
      List<Update> updates = new ArrayList<>();
      Place at = from;
      Behind behind = file.behind(at);
      while (behind == Behind.SETTLED) {
        Frame frame = file.readSettled(at);
        updates.addAll(frame.updates());
        at = frame.next();
        behind = file.behind(at);
      }
      return new Reading(at, behind, updates);
    }
  }

  /// Reads what is new and clears away what dead processes left, so that the caller, who has the
  /// directory's lock, can append.
  ///
  /// @throws Unusable where somebody took the file away
  News enter() throws IOException {
    News news = follow();
    check();
    return switch (file.behind(end)) {
      case NOTHING -> news;
      case SETTLED, UNSETTLED, MOVED -> {
        mend();
        yield news.then(follow());
      }
    };
  }

  /// Looks whether the name still is this file's, or one's that was rewritten from it.
  ///
  /// @throws Unusable where it is not
  void check() throws IOException {
    if (!hasName() && file.behind(end) != Behind.MOVED) {
      throw new Unusable(
          path() + " was replaced by a file of another origin; restart sheep to use that one");
    }
  }

  private boolean hasName() throws IOException {
    try {
      return file.isAt(platform.disk(), path());
    } catch (NoSuchFileException e) {
      throw new Unusable(
          path() + " is gone: somebody deleted it or its directory; restart sheep", e);
    }
  }

  private void mend() throws IOException {
    FrameFile.Content content = file.readAll();
    List<Frame> unsettled = content.frames().stream().filter(frame -> !frame.settled()).toList();
    if (!unsettled.isEmpty()) {
      try {
        file.sync();
      } catch (IOException e) {
        throw new Unusable(path() + " cannot be used; restart sheep when its disk works again", e);
      }
      for (Frame frame : unsettled) {
        file.settle(frame.at());
      }
    }
    if (content.torn() > 0) {
      log.warn(
          path()
              + ": dropped what a process left that ended while it wrote, "
              + content.torn()
              + " bytes at "
              + content.end().offset());
      file.erase(content.end(), content.torn());
    }
  }

  /// Appends one frame, makes it durable and settles it. The caller has the directory's lock.
  ///
  /// @throws InDoubt where it is not known whether the frame is durable; any other [IOException]
  ///   says that nothing has changed
  void write(Append append, List<Update> updates) throws IOException {
    append.file.write(append.at, updates);
    try {
      append.file.sync();
      if (named.filter(append.file::equals).isEmpty()) {
        platform.disk().syncDirectory(directory);
        named = Optional.of(append.file);
      }
      append.file.settle(append.at);
    } catch (IOException e) {
      throw FrameFile.inDoubt(path(), e);
    }
  }

  /// Replaces the file by one that holds just these updates, which make the same records. The
  /// caller has the directory's lock; [#follow] finds the new file.
  ///
  /// @throws IOException where it is not done, or done and perhaps undone by a power cut: either is
  ///   as good as the other
  void rewrite(Append tail, Collection<Update> updates) throws IOException {
    replace(platform, directory, updates, Optional.of(tail));
  }

  private static void replace(
      Platform platform, Path directory, Collection<Update> updates, Optional<Append> old)
      throws IOException {
    Disk disk = platform.disk();
    Path path = directory.resolve(FILE);
    Path fresh = directory.resolve(NEW_FILE);
    deleteUnnamed(disk, directory);
    try (FrameFile file = FrameFile.create(platform, fresh, path)) {
      file.fill(updates, true);
      if (old.isPresent()) {
        old.get().file.markMoved(old.get().at);
      }
      disk.rename(fresh, path);
    } catch (IOException e) {
      deleteUnnamed(disk, directory);
      throw e;
    }
    disk.syncDirectory(directory);
  }

  private static void deleteUnnamed(Disk disk, Path directory) throws IOException {
    Path unnamed = directory.resolve(NEW_FILE);
    if (disk.exists(unnamed)) {
      disk.delete(unnamed);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}

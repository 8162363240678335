package dev.kelpie.testing;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.MemoryNode.Directory;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/// A disk in memory that can lose what [Disk] says a disk may lose, and nothing else.
///
/// Live and durable state are kept apart: per file by sectors of 512 bytes, and for names by single
/// creates, renames and deletes. After a crash, [#afterPowerCut] makes the disk that a new start
/// finds when the machine lost power, [#afterProcessKill] the one when only the process died; both
/// can be called many times, and each result is a disk of its own.
///
/// To try every crash point: run the scenario once and take [#steps]; then run it anew for each `n`
/// up to that with [#crashAt]. The n-th changing call throws [SimulatedCrash], a write after having
/// written half of its pages; so does every later call.
///
/// Not modelled: torn sectors, and a rename that is half done.
public final class MemoryDisk implements Disk {
  private static final Path ROOT = Path.of("/");
  private static final long FIRST_DEVICE = 1;

  /// The user that this process is.
  static final long USER = 1000;

  private final ReentrantLock lock = new ReentrantLock();
  private final CrashPoints points = new CrashPoints();
  private final Faults<DiskCall, Path> faults = new Faults<>();
  private final MemoryTree tree;
  private final List<MemoryMount> mounts;
  private final int boot;
  private final Set<MemoryNode.File> locked = new HashSet<>();
  private final Map<MemoryDiskFile, Throwable> open = new HashMap<>();
  private Consumer<MemoryContent> kernel = _ -> {};
  private boolean countMappedStores;

  /// An empty disk: one file system with room for everything.
  public MemoryDisk() {
    this(new MemoryTree(), new ArrayList<>(List.of(new MemoryMount(ROOT, FIRST_DEVICE))), 1);
  }

  private MemoryDisk(MemoryTree tree, List<MemoryMount> mounts, int boot) {
    this.tree = tree;
    this.mounts = mounts;
    this.boot = boot;
  }

  // What a test sets up and asks for.

  /// Makes directories, durably and without counting steps.
  public Path directories(String path) {
    return locked(() -> {
      Path made = ROOT;
      for (Path part : Path.of(path)) {
        made = made.resolve(part);
        if (tree.find(made).isEmpty()) {
          tree.add(made, new Directory());
          tree.sync(tree.directory(made.resolve("..").normalize()));
        }
      }
      return made;
    });
  }

  /// Makes a directory a file system of its own, with another device number.
  public Path mount(String path) {
    Path at = directories(path);
    locked(() -> mounts.add(new MemoryMount(at, mounts.getLast().device + 1)));
    return at;
  }

  /// Gives a directory to a user.
  public void own(Path directory, long owner, int mode) {
    locked(() -> {
      Directory node = tree.directory(absolute(directory));
      node.owner = owner;
      node.mode = mode;
      return true;
    });
  }

  /// Limits the file system that a path lies on. Pages in use count, of 4 KiB.
  public void capacity(Path path, long bytes) {
    locked(() -> mountOf(path).capacity = bytes);
  }

  /// Makes the file system that a path lies on read-only, or writable again.
  public void readOnly(Path path, boolean readOnly) {
    locked(() -> mountOf(path).readOnly = readOnly);
  }

  /// Calls that fail or hang, matched by the path that a file has now.
  public Faults<DiskCall, Path> faults() {
    return faults;
  }

  /// Lets the kernel write unsynced sectors and names back now and then, as it may at any time. So
  /// a power cut may also leave what was overwritten since.
  public void writeBackSometimes(RandomGenerator chance) {
    locked(() ->
        kernel =
            content -> {
              if (chance.nextInt(4) == 0) {
                content.writeBackSome(chance);
                tree.writeBackSome(chance);
              }
            });
  }

  /// Counts stores through mappings as steps too.
  public void countMappedStores() {
    locked(() -> countMappedStores = true);
  }

  /// How many changing calls there were.
  public long steps() {
    return locked(points::steps);
  }

  /// Crashes at the n-th changing call from the first one on this disk, counted from 1.
  public void crashAt(long step) {
    locked(() -> {
      points.crashAt(step);
      return true;
    });
  }

  /// The disk after a power cut, on another boot. This one is off from now on.
  public MemoryDisk afterPowerCut(RandomGenerator chance, Keep keep) {
    return locked(() -> {
      MemoryDisk next = copy(boot + 1);
      next.tree.powerCut(keep, chance);
      next.tree.files().forEach(file -> file.content.powerCut(keep, chance));
      next.countSpace();
      return next;
    });
  }

  /// The disk after the process was killed, on the same boot. This one is off from now on.
  public MemoryDisk afterProcessKill() {
    return locked(() -> {
      MemoryDisk next = copy(boot);
      next.countSpace();
      return next;
    });
  }

  /// Flips one bit of a file, on the medium.
  ///
  /// @param bit counted from the start of the file
  public void flip(Path path, long bit) {
    locked(() -> {
      file(path).content.flip(bit);
      return true;
    });
  }

  /// The files that are open, and locks that are held.
  public List<Path> openFiles() {
    return locked(() -> {
      List<Path> paths = new ArrayList<>();
      locked.forEach(file -> paths.add(file.path));
      open.keySet().forEach(file -> paths.add(file.path()));
      return paths;
    });
  }

  /// Fails where a file is still open, with the place that opened it as the cause.
  public void assertNothingOpen() {
    List<Path> paths = openFiles();
    if (!paths.isEmpty()) {
      Throwable opener = open.values().stream().findFirst().orElse(null);
      throw new AssertionError("still open: " + paths, opener);
    }
  }

  // The disk.

  @Override
  public DiskFile open(Path file) throws IOException {
    return openFile(file, false);
  }

  @Override
  public DiskFile openReadOnly(Path file) throws IOException {
    return openFile(file, true);
  }

  private DiskFile openFile(Path path, boolean readOnly) throws IOException {
    return call(
        DiskCall.OPEN,
        path,
        () -> {
          if (!readOnly) {
            writable(path);
          }
          return handle(file(path), readOnly);
        });
  }

  @Override
  public DiskFile create(Path path) throws IOException {
    return change(
        DiskCall.CREATE,
        path,
        () -> {
          Path file = absolute(path);
          MemoryNode.File node = new MemoryNode.File(file, new MemoryContent(mountOf(file)));
          tree.add(file, node);
          return handle(node, false);
        });
  }

  @Override
  public boolean exists(Path path) {
    return locked(() -> {
      points.checkOn();
      return tree.find(absolute(path)).isPresent();
    });
  }

  @Override
  public boolean isDirectory(Path path) {
    return locked(() -> {
      points.checkOn();
      return tree.find(absolute(path)).filter(Directory.class::isInstance).isPresent();
    });
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    change(
        DiskCall.CREATE_DIRECTORY,
        directory,
        () -> {
          tree.add(absolute(directory), new Directory());
          return true;
        });
  }

  @Override
  public void createPrivateDirectory(Path directory) throws IOException {
    createDirectory(directory);
    own(directory, USER, 0700);
  }

  @Override
  public Access access(Path path) throws IOException {
    return call(
        DiskCall.STAT,
        path,
        () ->
            switch (tree.find(absolute(path)).orElseThrow(() -> missing(path))) {
              case MemoryNode.File _ -> new Access(false, USER, 0644);
              case Directory directory -> new Access(true, directory.owner, directory.mode);
            });
  }

  @Override
  public long user() {
    return USER;
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    return call(
        DiskCall.LIST,
        directory,
        () -> List.copyOf(tree.directory(absolute(directory)).live.keySet()));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    change(
        DiskCall.RENAME,
        from,
        () -> {
          if (mountOf(from) != mountOf(to)) {
            throw new AtomicMoveNotSupportedException(
                from.toString(), to.toString(), "another file system");
          }
          Optional<MemoryNode> replaced = tree.rename(absolute(from), absolute(to));
          replaced.ifPresent(MemoryDisk::unlinked);
          if (tree.find(absolute(to)).orElseThrow() instanceof MemoryNode.File file) {
            file.path = absolute(to);
          }
          return true;
        });
  }

  @Override
  public void delete(Path path) throws IOException {
    change(
        DiskCall.DELETE,
        path,
        () -> {
          Path name = absolute(path);
          MemoryNode node = tree.find(name).orElseThrow(() -> missing(path));
          if (node instanceof Directory directory && !directory.live.isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
          }
          tree.remove(name, node);
          unlinked(node);
          return true;
        });
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    change(
        DiskCall.SYNC_DIRECTORY,
        directory,
        () -> {
          tree.sync(tree.directory(absolute(directory)));
          return true;
        });
  }

  @Override
  public Path real(Path path) throws IOException {
    return call(
        DiskCall.LIST,
        path,
        () -> {
          if (tree.find(absolute(path)).isEmpty()) {
            throw missing(path);
          }
          return absolute(path);
        });
  }

  @Override
  public Space space(Path path) throws IOException {
    real(path);
    return locked(() -> mountOf(path).space());
  }

  @Override
  public long device(Path path) throws IOException {
    real(path);
    return locked(() -> mountOf(path).device);
  }

  @Override
  public Optional<Closeable> lock(Path file) throws IOException {
    if (!exists(file)) {
      create(file).close();
    }
    lock.lock();
    try {
      MemoryNode.File node = file(file);
      AtomicBoolean held = new AtomicBoolean(locked.add(node));
      return held.get() ? Optional.of(() -> unlock(node, held)) : Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  private void unlock(MemoryNode.File node, AtomicBoolean held) {
    locked(() -> held.compareAndSet(true, false) && locked.remove(node));
  }

  @Override
  public String bootId() {
    return String.format("00000000-0000-4000-8000-%012d", boot);
  }

  // What files and mappings of this disk need.

  /// Makes a call that changes nothing.
  <T> T call(DiskCall call, Path path, Step<T> body) throws IOException {
    faults.check(call, path);
    lock.lock();
    try {
      points.checkOn();
      return body.run();
    } finally {
      lock.unlock();
    }
  }

  /// Makes a call that is a step.
  <T> T change(DiskCall call, Path path, Step<T> body) throws IOException {
    return change(call, path, () -> {}, body);
  }

  /// Makes a call that is a step.
  ///
  /// @param half what it does where the crash comes in its middle
  <T> T change(DiskCall call, Path path, Runnable half, Step<T> body) throws IOException {
    faults.check(call, path);
    lock.lock();
    try {
      writable(path);
      if (call != DiskCall.MAPPED_STORE || countMappedStores) {
        points.step(half);
      } else {
        points.checkOn();
      }
      return body.run();
    } finally {
      lock.unlock();
    }
  }

  /// Makes a call that is a step, on a file that may be read-only.
  <T> T step(Step<T> body) throws IOException {
    lock.lock();
    try {
      points.step(() -> {});
      return body.run();
    } finally {
      lock.unlock();
    }
  }

  /// Something of a file changed.
  void changed(MemoryContent content) {
    kernel.accept(content);
  }

  void closed(MemoryDiskFile file) {
    locked(() -> open.remove(file) != null);
  }

  private DiskFile handle(MemoryNode.File node, boolean readOnly) {
    MemoryDiskFile file = new MemoryDiskFile(this, node, readOnly);
    open.put(file, new Throwable("opened here: " + node.path));
    node.opened++;
    return file;
  }

  private MemoryNode.File file(Path path) throws IOException {
    return switch (tree.find(absolute(path)).orElseThrow(() -> missing(path))) {
      case MemoryNode.File file -> file;
      case Directory _ -> throw new FileSystemException(path + " is a directory");
    };
  }

  private static void unlinked(MemoryNode node) {
    if (node instanceof MemoryNode.File file) {
      file.deleted = true;
      file.freeIfUnreachable();
    }
  }

  private void writable(Path path) throws FileSystemException {
    if (mountOf(path).readOnly) {
      throw new FileSystemException(path.toString(), null, "Read-only file system");
    }
  }

  private MemoryMount mountOf(Path path) {
    Path file = absolute(path);
    return mounts.reversed().stream().filter(m -> file.startsWith(m.at)).findFirst().orElseThrow();
  }

  private MemoryDisk copy(int copyBoot) {
    points.turnOff();
    Map<MemoryMount, MemoryMount> copies = new HashMap<>();
    List<MemoryMount> copiedMounts = new ArrayList<>();
    for (MemoryMount mount : mounts) {
      MemoryMount copy = mount.copy();
      copies.put(mount, copy);
      copiedMounts.add(copy);
    }
    return new MemoryDisk(
        tree.copy(m -> Objects.requireNonNull(copies.get(m))), copiedMounts, copyBoot);
  }

  private void countSpace() {
    for (MemoryNode.File file : tree.files()) {
      file.content.mount().count(file.content.allocatedBytes());
    }
  }

  private static NoSuchFileException missing(Path path) {
    return new NoSuchFileException(path.toString());
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private <T> T locked(Step<T> body) {
    lock.lock();
    try {
      return body.run();
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    } finally {
      lock.unlock();
    }
  }

  /// What is done under the lock.
  interface Step<T> {
    T run() throws IOException;
  }
}

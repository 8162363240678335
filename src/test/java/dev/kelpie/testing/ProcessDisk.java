package dev.kelpie.testing;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.MappedBytes;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// A disk as one process sees it that shares it with others, and may be killed. Then none of its
/// calls happens any more, and its locks and files are free, as the kernel leaves them; what it
/// wrote stays.
public final class ProcessDisk implements Disk {
  private final Disk disk;

  /// Shared by calls, had alone by the kill.
  private final ReadWriteLock life = new ReentrantReadWriteLock();

  private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
  private final CrashPoints points = new CrashPoints();

  public ProcessDisk(Disk disk) {
    this.disk = disk;
  }

  /// Kills the process.
  public void kill() {
    step(points::turnOff);
    life.writeLock().lock();
    try {
      for (Closeable file : open) {
        file.close();
      }
      open.clear();
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      life.writeLock().unlock();
    }
  }

  /// Kills the process in its n-th changing call from the first, counted from 1; a write after the
  /// first half of its bytes.
  public void killAt(long step) {
    step(() -> points.crashAt(step));
  }

  /// How many changing calls there were.
  public long steps() {
    synchronized (points) {
      return points.steps();
    }
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return call(() -> new ProcessFile(disk.open(file)));
  }

  @Override
  public DiskFile openReadOnly(Path file) throws IOException {
    return call(() -> new ProcessFile(disk.openReadOnly(file)));
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    return change(() -> new ProcessFile(disk.create(file)));
  }

  @Override
  public boolean exists(Path path) {
    return answer(() -> disk.exists(path));
  }

  @Override
  public boolean isDirectory(Path path) {
    return answer(() -> disk.isDirectory(path));
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    change(() -> run(() -> disk.createDirectory(directory)));
  }

  @Override
  public void createPrivateDirectory(Path directory) throws IOException {
    change(() -> run(() -> disk.createPrivateDirectory(directory)));
  }

  @Override
  public Access access(Path path) throws IOException {
    return call(() -> disk.access(path));
  }

  @Override
  public long user() {
    return disk.user();
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    return call(() -> disk.list(directory));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    change(() -> run(() -> disk.rename(from, to)));
  }

  @Override
  public void delete(Path path) throws IOException {
    change(() -> run(() -> disk.delete(path)));
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    change(() -> run(() -> disk.syncDirectory(directory)));
  }

  @Override
  public Path real(Path path) throws IOException {
    return call(() -> disk.real(path));
  }

  @Override
  public Space space(Path path) throws IOException {
    return call(() -> disk.space(path));
  }

  @Override
  public long device(Path path) throws IOException {
    return call(() -> disk.device(path));
  }

  @Override
  public Optional<Closeable> lock(Path file) throws IOException {
    return call(() -> {
      Optional<Closeable> held = disk.lock(file);
      held.ifPresent(open::add);
      return held.map(lock -> () -> release(lock));
    });
  }

  /// What closes a file or lock; a killed process has closed all.
  private void release(Closeable file) throws IOException {
    life.readLock().lock();
    try {
      if (open.remove(file)) {
        file.close();
      }
    } finally {
      life.readLock().unlock();
    }
  }

  @Override
  public String bootId() throws IOException {
    return call(disk::bootId);
  }

  private <T> T call(Call<T> call) throws IOException {
    life.readLock().lock();
    try {
      step(points::checkOn);
      return call.make();
    } finally {
      life.readLock().unlock();
    }
  }

  private <T> T change(Call<T> call) throws IOException {
    return change(() -> {}, call);
  }

  private <T> T change(Runnable half, Call<T> call) throws IOException {
    try {
      return call(() -> {
        step(() -> points.step(half));
        return call.make();
      });
    } catch (SimulatedCrash killed) {
      kill();
      throw killed;
    }
  }

  private boolean answer(Call<Boolean> call) {
    try {
      return call(call);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void step(Runnable body) {
    synchronized (points) {
      body.run();
    }
  }

  private static boolean run(Action action) throws IOException {
    action.run();
    return true;
  }

  private interface Call<T> {
    T make() throws IOException;
  }

  private interface Action {
    void run() throws IOException;
  }

  private final class ProcessFile implements DiskFile {
    private final DiskFile file;

    ProcessFile(DiskFile file) {
      this.file = file;
      open.add(file);
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      return call(() -> file.read(into, position));
    }

    @Override
    public void write(ByteBuffer from, long position) throws IOException {
      ByteBuffer half = from.duplicate().limit(from.position() + from.remaining() / 2);
      change(() -> writeHalf(half, position), () -> run(() -> file.write(from, position)));
    }

    private void writeHalf(ByteBuffer half, long position) {
      try {
        file.write(half, position);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public long size() throws IOException {
      return call(file::size);
    }

    @Override
    public void resize(long size) throws IOException {
      change(() -> run(() -> file.resize(size)));
    }

    @Override
    public void sync() throws IOException {
      change(() -> run(file::sync));
    }

    @Override
    public void allocate(long position, long length) throws IOException {
      change(() -> run(() -> file.allocate(position, length)));
    }

    @Override
    public void punch(long position, long length) throws IOException {
      change(() -> run(() -> file.punch(position, length)));
    }

    @Override
    public long allocatedBytes() throws IOException {
      return call(file::allocatedBytes);
    }

    @Override
    public MappedBytes map(long position, long length) throws IOException {
      return call(() -> file.map(position, length));
    }

    @Override
    public void close() throws IOException {
      release(file);
    }
  }
}

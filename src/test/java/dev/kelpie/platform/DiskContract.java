package dev.kelpie.platform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// What every [Disk] does, crashes aside.
public abstract class DiskContract {
  private final Disk disk;
  private final Path home;

  /// @param home an empty directory of the disk
  protected DiskContract(Disk disk, Path home) {
    this.disk = disk;
    this.home = home;
  }

  @Test
  void whatWasWrittenIsReadBack() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      file.write(direct("hello, world"), 5000);
      assertEquals(5012, file.size());
      assertEquals("world", text(file, 5007, 5));
      assertEquals("\0\0hello", text(file, 4998, 7));
    }
    try (DiskFile file = disk.openReadOnly(home.resolve("f"))) {
      assertEquals("hello", text(file, 5000, 5));
    }
  }

  @Test
  void aReadAtTheEndIsShort() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      file.write(direct("abc"), 0);
      ByteBuffer into = ByteBuffer.allocate(10);
      assertEquals(2, file.read(into, 1));
      assertEquals(2, into.position());
      assertEquals(0, file.read(into, 3));
      assertEquals(0, file.read(into, 4711));
    }
  }

  @Test
  void partOfABufferIsReadAndWrittenInPlace() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      ByteBuffer from = direct("0123456789").position(2).limit(5);
      file.write(from, 1);
      assertEquals(5, from.position());
      ByteBuffer into = ByteBuffer.allocate(8).position(3).limit(6);
      assertEquals(3, file.read(into, 1));
      assertEquals(6, into.position());
      assertEquals("\0\0\000234\0\0", new String(into.array(), UTF_8));
    }
  }

  @Test
  void aFileIsCreatedOnce() throws IOException {
    disk.create(home.resolve("f")).close();
    assertThrows(FileAlreadyExistsException.class, () -> disk.create(home.resolve("f")));
    assertThrows(NoSuchFileException.class, () -> disk.create(home.resolve("no/f")));
    assertThrows(NoSuchFileException.class, () -> disk.open(home.resolve("g")));
    assertThrows(NoSuchFileException.class, () -> disk.openReadOnly(home.resolve("g")));
  }

  @Test
  void anOpenFileSurvivesItsNames() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      file.write(direct("one"), 0);
      disk.rename(home.resolve("f"), home.resolve("g"));
      file.write(direct("two"), 3);
      assertEquals("onetwo", text(file, 0, 6));
      disk.delete(home.resolve("g"));
      file.write(direct("three"), 6);
      file.sync();
      assertEquals("onetwothree", text(file, 0, 11));
    }
    assertFalse(disk.exists(home.resolve("g")));
  }

  @Test
  void aRenameReplaces() throws IOException {
    write("f", "new");
    write("g", "old");
    disk.rename(home.resolve("f"), home.resolve("g"));
    assertEquals(List.of("g"), disk.list(home));
    assertEquals("new", read("g"));
    assertThrows(
        NoSuchFileException.class, () -> disk.rename(home.resolve("f"), home.resolve("h")));
  }

  @Test
  void directoriesListTheirNamesInOrder() throws IOException {
    Path inner = home.resolve("d");
    disk.createDirectory(inner);
    assertTrue(disk.isDirectory(inner));
    assertThrows(FileAlreadyExistsException.class, () -> disk.createDirectory(inner));
    write("d/c", "");
    write("d/a", "");
    write("d/b", "");
    assertEquals(List.of("a", "b", "c"), disk.list(inner));
    assertThrows(DirectoryNotEmptyException.class, () -> disk.delete(inner));
    for (String name : disk.list(inner)) {
      disk.delete(inner.resolve(name));
    }
    disk.syncDirectory(inner);
    disk.delete(inner);
    disk.syncDirectory(home);
    assertFalse(disk.exists(inner));
    assertThrows(NoSuchFileException.class, () -> disk.list(inner));
    assertThrows(NoSuchFileException.class, () -> disk.delete(inner));
  }

  @Test
  void resizingCutsAndExtendsWithZeros() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      file.write(direct("x".repeat(9000)), 0);
      file.resize(10);
      assertEquals(10, file.size());
      file.resize(1 << 20);
      assertEquals(1 << 20, file.size());
      assertEquals("xx\0\0", text(file, 8, 4));
      assertEquals("\0\0", text(file, (1 << 20) - 2, 2));
      assertTrue(file.allocatedBytes() <= 64 << 10, "the rest is a hole");
    }
  }

  @Test
  void allocatedSpaceIsThereAndZero() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      file.write(direct("abc"), 0);
      file.allocate(0, 1 << 20);
      assertEquals(1 << 20, file.size());
      assertTrue(file.allocatedBytes() >= 1 << 20);
      assertEquals("abc\0\0", text(file, 0, 5));
      file.allocate(0, 4096);
      assertEquals(1 << 20, file.size());
    }
  }

  @Test
  void aPunchedRangeIsZeroAndGivenBack() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      file.write(direct("y".repeat(1 << 20)), 0);
      file.sync();
      file.punch(100, (1 << 20) - 200);
      assertEquals(1 << 20, file.size());
      assertEquals("yy\0\0", text(file, 98, 4));
      assertEquals("\0\0yy", text(file, (1 << 20) - 102, 4));
      assertTrue(file.allocatedBytes() <= 64 << 10, "allocated: " + file.allocatedBytes());
      file.punch((1 << 20) - 10, 1 << 20);
      assertEquals(1 << 20, file.size());
    }
  }

  @Test
  void mappedStoresAreSeenByReadersAndTheOtherWayRound() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      file.allocate(0, 16384);
      MappedBytes map = file.map(4096, 8192);
      assertEquals(8192, map.length());
      map.putInt(4, 0x03020100);
      map.putLong(8, 0x0706050403020100L);
      ByteBuffer into = ByteBuffer.allocate(12);
      file.read(into, 4100);
      assertArrayEquals(new byte[] {0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7}, into.array());
      file.write(direct("\1\0\0\0\0\0\0\0"), 4096 + 16);
      assertEquals(1, map.getLongAcquire(16));
      assertFalse(map.compareAndSetLong(16, 2, 3));
      assertTrue(map.compareAndSetLong(16, 1, 3));
      assertEquals(3, map.getLong(16));
      map.putLongRelease(16, -1);
      assertEquals(-1, map.getInt(20));
      map.clear(12, 8);
      assertEquals(0xFFFFFFFF00000000L, map.getLong(16));
      assertEquals(0x03020100, map.getInt(8));
      map.sync(0, 8192);
    }
  }

  @Test
  void aMappingStaysInsideTheFileAndItsRange() throws IOException {
    try (DiskFile file = disk.create(home.resolve("f"))) {
      file.resize(8192);
      assertThrows(IllegalArgumentException.class, () -> file.map(4096, 8192));
      assertThrows(IllegalArgumentException.class, () -> file.map(0, 0));
      MappedBytes map = file.map(0, 4096);
      assertThrows(RuntimeException.class, () -> map.getLong(4096));
      assertThrows(RuntimeException.class, () -> map.putInt(-4, 1));
      assertThrows(RuntimeException.class, () -> map.clear(4000, 200));
      assertThrows(RuntimeException.class, () -> map.putLong(3, 1));
    }
  }

  @Test
  void aClosedFileIsNotUsedAnyMore() throws IOException {
    DiskFile file = disk.create(home.resolve("f"));
    file.resize(4096);
    MappedBytes map = file.map(0, 4096);
    file.close();
    file.close();
    assertFails(() -> file.read(ByteBuffer.allocate(1), 0));
    assertFails(() -> file.write(direct("x"), 0));
    assertFails(file::sync);
    assertFails(file::size);
    assertFails(() -> file.allocate(0, 1));
    assertFails(() -> map.getLong(0));
  }

  private static void assertFails(org.junit.jupiter.api.function.Executable call) {
    Exception failure = assertThrows(Exception.class, call);
    assertTrue(
        failure instanceof ClosedChannelException || failure instanceof IllegalStateException,
        failure.toString());
  }

  @Test
  void aReadOnlyFileIsNotWritten() throws IOException {
    write("f", "abc");
    try (DiskFile file = disk.openReadOnly(home.resolve("f"))) {
      assertThrows(Exception.class, () -> file.write(direct("x"), 0));
      assertEquals("abc", text(file, 0, 3));
    }
  }

  @Test
  void aLockIsHadByOneAtATime() throws IOException {
    Path path = home.resolve("lock");
    Optional<Closeable> first = disk.lock(path);
    assertTrue(first.isPresent());
    assertEquals(Optional.empty(), disk.lock(path));
    assertEquals(Optional.empty(), disk.lock(path), "a refused try takes nothing away");
    first.get().close();
    first.get().close();
    Optional<Closeable> second = disk.lock(path);
    assertTrue(second.isPresent());
    second.get().close();
  }

  @Test
  void aLockIsOfTheFileThatHasTheName() throws IOException {
    Path path = home.resolve("lock");
    Closeable old = disk.lock(path).orElseThrow();
    disk.delete(path);
    Closeable now = disk.lock(path).orElseThrow();
    assertEquals(Optional.empty(), disk.lock(path));
    old.close();
    assertEquals(Optional.empty(), disk.lock(path), "the end of the old lock is not that of this");
    now.close();
    disk.lock(path).orElseThrow().close();
  }

  @Test
  void aLockIsHadByOneAtATimeThoughItsFileIsDeleted() throws Exception {
    Path path = home.resolve("lock");
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int had = 0; had < 200; had += lockAndDelete(path, inside, most) ? 1 : 0) {
                  Thread.onSpinWait();
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(1, most.get());
  }

  private boolean lockAndDelete(Path path, AtomicInteger inside, AtomicInteger most) {
    try {
      Optional<Closeable> held = disk.lock(path);
      if (held.isEmpty()) {
        return false;
      }
      most.accumulateAndGet(inside.incrementAndGet(), Math::max);
      disk.list(home); // some work, during which another one may come in
      inside.decrementAndGet();
      disk.delete(path);
      held.get().close();
      return true;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aPrivateDirectoryIsItsUsersAlone() throws IOException {
    Path inner = home.resolve("d");
    disk.createPrivateDirectory(inner);
    assertEquals(new Disk.Access(true, disk.user(), 0700), disk.access(inner));
    write("d/f", "");
    assertFalse(disk.access(inner.resolve("f")).directory());
    assertThrows(FileAlreadyExistsException.class, () -> disk.createPrivateDirectory(inner));
    assertThrows(NoSuchFileException.class, () -> disk.access(home.resolve("no")));
  }

  @Test
  void theDiskKnowsItsRoomItsDeviceAndItsBoot() throws IOException {
    Disk.Space space = disk.space(home);
    assertTrue(space.total() > 0 && space.usable() <= space.total(), space.toString());
    write("f", "");
    assertEquals(disk.device(home), disk.device(home.resolve("f")));
    assertThrows(NoSuchFileException.class, () -> disk.device(home.resolve("no")));
    assertEquals(disk.bootId(), disk.bootId());
    assertNotEquals("", disk.bootId());
    assertEquals(disk.real(home.resolve("f")), disk.real(home.resolve("./x/../f").normalize()));
    assertThrows(NoSuchFileException.class, () -> disk.real(home.resolve("no")));
  }

  private void write(String name, String content) throws IOException {
    try (DiskFile file = disk.create(home.resolve(name))) {
      file.write(direct(content), 0);
    }
  }

  private String read(String name) throws IOException {
    try (DiskFile file = disk.openReadOnly(home.resolve(name))) {
      return text(file, 0, (int) file.size());
    }
  }

  private static String text(DiskFile file, long position, int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length);
    assertEquals(length, file.read(into, position));
    return new String(into.array(), UTF_8);
  }

  private static ByteBuffer direct(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }
}

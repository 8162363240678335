package dev.kelpie.platform.jvm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.kelpie.platform.Disk;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.Charset;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// The functions of the C library that the JDK does not offer, for 64-bit Linux. Failures become
/// exceptions that name the file.
@SuppressWarnings("restricted") // foreign functions are what this class is for
final class LibC {
  /// `open` flags.
  static final int O_RDONLY = 0;

  static final int O_RDWR = 2;
  static final int O_CREAT = 0x40;
  static final int O_EXCL = 0x80;
  private static final int O_CLOEXEC = 0x80000;

  private static final int EPERM = 1;
  private static final int ENOENT = 2;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;
  private static final int EACCES = 13;
  private static final int EEXIST = 17;
  private static final int ENOSPC = 28;
  private static final int EOPNOTSUPP = 95;
  private static final int EDQUOT = 122;

  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;

  private static final int F_OFD_SETLK = 37;
  private static final short F_WRLCK = 1;

  private static final int AT_FDCWD = -100;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int STATX_TYPE_MODE_UID = 0x1 | 0x2 | 0x8;
  private static final int STATX_INO = 0x100;
  private static final int STATX_BLOCKS = 0x400;
  private static final long STATX_SIZE = 256;
  private static final long STATX_UID_OFFSET = 20;
  private static final long STATX_MODE_OFFSET = 28;
  private static final long STATX_INO_OFFSET = 32;
  private static final long STATX_DEVICE_OFFSET = 136;
  private static final long STATX_BLOCKS_OFFSET = 48;
  private static final long STATX_BLOCK = 512;
  private static final int TYPE_MASK = 0170000;
  private static final int TYPE_DIRECTORY = 0040000;

  private static final Charset FILE_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding"));
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final MethodHandle OPEN =
      function("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), 2);
  private static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT), -1);
  private static final MethodHandle FTRUNCATE =
      function("ftruncate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG), -1);
  private static final MethodHandle FALLOCATE =
      function(
          "fallocate",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG),
          -1);
  private static final MethodHandle FCNTL =
      function("fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS), 2);
  private static final MethodHandle STATX =
      function(
          "statx",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS),
          -1);
  private static final MethodHandle GETEUID =
      function("geteuid", FunctionDescriptor.of(JAVA_INT), -1);
  private static final MethodHandle STRERROR =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("strerror"),
              FunctionDescriptor.of(ADDRESS, JAVA_INT));

  private LibC() {}

  /// `open`, with mode 0666 where it creates. The descriptor is the caller's to close.
  static int open(Path path, int flags) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      MemorySegment name = arena.allocateFrom(path.toString(), FILE_NAMES);
      int fd;
      do {
        fd = (int) OPEN.invokeExact(state, name, flags | O_CLOEXEC, 0666);
      } while (fd < 0 && errno(state) == EINTR);
      if (fd < 0) {
        throw failure(errno(state), path, "open");
      }
      return fd;
    } catch (Throwable t) {
      throw passOn(t);
    }
  }

  static void close(int fd, Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      // Not repeated after EINTR: Linux has freed the descriptor all the same.
      if ((int) CLOSE.invokeExact(state, fd) < 0 && errno(state) != EINTR) {
        throw failure(errno(state), path, "close");
      }
    } catch (Throwable t) {
      throw passOn(t);
    }
  }

  /// Cuts the file, or extends it with a hole.
  static void resize(int fd, Path path, long size) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      int result;
      do {
        result = (int) FTRUNCATE.invokeExact(state, fd, size);
      } while (result < 0 && errno(state) == EINTR);
      if (result < 0) {
        throw failure(errno(state), path, "resize to " + size + " bytes");
      }
    } catch (Throwable t) {
      throw passOn(t);
    }
  }

  /// Allocates a range and extends the file where it ends before.
  static void allocate(int fd, Path path, long position, long length) throws IOException {
    int error = fallocate(fd, 0, position, length);
    if (error == EOPNOTSUPP) {
      throw new FileSystemException(
          path.toString(),
          null,
          "this file system cannot allocate space beforehand (fallocate); use another one");
    } else if (error != 0) {
      throw failure(error, path, "allocate " + length + " bytes at " + position);
    }
  }

  /// Punches a hole.
  ///
  /// @return whether the file system can
  static boolean punch(int fd, Path path, long position, long length) throws IOException {
    int error = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, position, length);
    if (error == 0 || error == EOPNOTSUPP) {
      return error == 0;
    }
    throw failure(error, path, "free " + length + " bytes at " + position);
  }

  private static int fallocate(int fd, int mode, long position, long length) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      int result;
      do {
        result = (int) FALLOCATE.invokeExact(state, fd, mode, position, length);
      } while (result < 0 && errno(state) == EINTR);
      return result < 0 ? errno(state) : 0;
    } catch (Throwable t) {
      throw passOn(t);
    }
  }

  /// Takes an exclusive record lock on the first byte, which ends when the descriptor is closed.
  /// The lock belongs to the open file, not to the process as a plain POSIX lock does, so that it
  /// also holds within one process, and is not lost when the process closes the file elsewhere; the
  /// two kinds exclude each other.
  ///
  /// @return whether nobody else had it
  static boolean lockFirstByte(int fd, Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(CALL_STATE);
      MemorySegment lock = arena.allocate(32, 8); // struct flock: type, whence, start, length, pid
      lock.set(JAVA_SHORT, 0, F_WRLCK);
      lock.set(JAVA_LONG, 16, 1);
      if ((int) FCNTL.invokeExact(state, fd, F_OFD_SETLK, lock) == 0) {
        return true;
      } else if (errno(state) == EAGAIN || errno(state) == EACCES) {
        return false;
      }
      throw failure(errno(state), path, "lock");
    } catch (Throwable t) {
      throw passOn(t);
    }
  }

  /// The bytes that the file takes on its device.
  static long allocatedBytes(int fd, Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return stat(arena, fd, path, STATX_BLOCKS).get(JAVA_LONG, STATX_BLOCKS_OFFSET) * STATX_BLOCK;
    }
  }

  /// Whether the open file is the one that has this name now.
  static boolean isFileAt(int fd, Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment open = stat(arena, fd, path, STATX_INO);
      MemorySegment named = stat(arena, path, 0, STATX_INO);
      return open.get(JAVA_LONG, STATX_INO_OFFSET) == named.get(JAVA_LONG, STATX_INO_OFFSET)
          && open.get(JAVA_LONG, STATX_DEVICE_OFFSET) == named.get(JAVA_LONG, STATX_DEVICE_OFFSET);
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  /// Rights on a path; a link is not followed.
  static Disk.Access access(Path path) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stat = stat(arena, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE_MODE_UID);
      int mode = Short.toUnsignedInt(stat.get(JAVA_SHORT, STATX_MODE_OFFSET));
      return new Disk.Access(
          (mode & TYPE_MASK) == TYPE_DIRECTORY,
          Integer.toUnsignedLong(stat.get(JAVA_INT, STATX_UID_OFFSET)),
          mode & 0777);
    }
  }

  private static MemorySegment stat(Arena arena, Path path, int flags, int mask)
      throws IOException {
    MemorySegment name = arena.allocateFrom(path.toString(), FILE_NAMES);
    return stat(arena, name, AT_FDCWD, flags, path, mask);
  }

  private static MemorySegment stat(Arena arena, int fd, Path path, int mask) throws IOException {
    return stat(arena, arena.allocateFrom(""), fd, AT_EMPTY_PATH, path, mask);
  }

  private static MemorySegment stat(
      Arena arena, MemorySegment name, int fd, int flags, Path path, int mask) throws IOException {
    try {
      MemorySegment state = arena.allocate(CALL_STATE);
      MemorySegment stat = arena.allocate(STATX_SIZE, 8);
      if ((int) STATX.invokeExact(state, fd, name, flags, mask, stat) < 0) {
        throw failure(errno(state), path, "stat");
      }
      return stat;
    } catch (Throwable t) {
      throw passOn(t);
    }
  }

  /// The effective user.
  static long user() {
    try (Arena arena = Arena.ofConfined()) {
      return Integer.toUnsignedLong((int) GETEUID.invokeExact(arena.allocate(CALL_STATE)));
    } catch (Throwable t) {
      throw new IllegalStateException("geteuid cannot fail", t);
    }
  }

  /// Whether the JDK's exception says that the device or a quota is full; it has nothing but the
  /// text of the C library to tell by.
  static boolean saysNoSpace(IOException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.contains(text(ENOSPC)) || message.contains(text(EDQUOT));
  }

  private static IOException failure(int error, Path path, String what) {
    String file = path.toString();
    return switch (error) {
      case ENOENT -> new NoSuchFileException(file);
      case EEXIST -> new FileAlreadyExistsException(file);
      case EACCES, EPERM -> new AccessDeniedException(file);
      case ENOSPC, EDQUOT -> new Disk.NoSpace(file + ": cannot " + what + ": " + text(error));
      default -> new FileSystemException(file, null, "cannot " + what + ": " + text(error));
    };
  }

  private static String text(int error) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(error);
      return text.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable t) {
      return "error " + error + " (" + t + ")";
    }
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /// Method handles are declared to throw anything; what really comes is ours or unchecked.
  private static IOException passOn(Throwable t) {
    return switch (t) {
      case IOException e -> e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(t);
    };
  }

  private static MethodHandle function(String name, FunctionDescriptor type, int firstVariadic) {
    Linker linker = Linker.nativeLinker();
    Linker.Option state = Linker.Option.captureCallState("errno");
    MemorySegment address = linker.defaultLookup().findOrThrow(name);
    return firstVariadic < 0
        ? linker.downcallHandle(address, type, state)
        : linker.downcallHandle(
            address, type, state, Linker.Option.firstVariadicArg(firstVariadic));
  }
}

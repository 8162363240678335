package dev.kelpie.it;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/// A mounted FUSE file system as its server sees it: requests come out of `/dev/fuse`, replies go
/// in. Needs root.
@SuppressWarnings("restricted") // foreign functions are what this class is for
final class FuseDevice implements Closeable {
  private static final Path DEVICE = Path.of("/dev/fuse");
  private static final int O_RDWR = 2;
  private static final int O_CLOEXEC = 0x80000;
  private static final int MNT_DETACH = 2;
  private static final int ENOENT = 2;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;
  private static final int ENODEV = 19;

  /// The kernel refuses to hand out requests to a smaller buffer than its largest one.
  private static final int BUFFER_SIZE = (128 << 10) + (64 << 10);

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle OPEN = call("open", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle CLOSE = call("close", JAVA_INT, JAVA_INT);
  private static final MethodHandle READ = call("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle WRITE = call("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final MethodHandle MOUNT =
      call("mount", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS);
  private static final MethodHandle UMOUNT = call("umount2", JAVA_INT, ADDRESS, JAVA_INT);

  private final Arena arena = Arena.ofShared();
  private final MemorySegment state = arena.allocate(STATE);
  private final MemorySegment buffer = arena.allocate(BUFFER_SIZE, 8);
  private final Path at;
  private final int fd;

  private FuseDevice(Path at, int fd) {
    this.at = at;
    this.fd = fd;
  }

  /// Whether this machine and user can mount one.
  static boolean isAvailable() {
    return Files.isWritable(DEVICE) && "root".equals(System.getProperty("user.name"));
  }

  /// Mounts a file system on a directory. Whoever calls serves it from another thread at once.
  static FuseDevice mount(Path at) throws IOException {
    try (Arena names = Arena.ofConfined()) {
      MemorySegment state = names.allocate(STATE);
      int fd = (int) OPEN.invokeExact(state, text(names, DEVICE), O_RDWR | O_CLOEXEC);
      check(fd, state, "open " + DEVICE);
      String options = "fd=" + fd + ",rootmode=40000,user_id=0,group_id=0,allow_other";
      int mounted =
          (int)
              MOUNT.invokeExact(
                  state,
                  names.allocateFrom("powercut"),
                  text(names, at),
                  names.allocateFrom("fuse"),
                  0L,
                  names.allocateFrom(options));
      check(mounted, state, "mount " + at);
      return new FuseDevice(at, fd);
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// The next request; null when the file system was unmounted. For one thread.
  ByteBuffer receive() throws IOException {
    while (true) {
      long length;
      try {
        length = (long) READ.invokeExact(state, fd, buffer, (long) BUFFER_SIZE);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
      if (length >= 0) {
        return buffer.asSlice(0, length).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      }
      switch (state.get(JAVA_INT, ERRNO)) {
        case ENODEV -> {
          return ByteBuffer.allocate(0);
        }
        case EINTR, ENOENT, EAGAIN -> {}
        default -> check(-1, state, "read " + DEVICE);
      }
    }
  }

  /// Sends a reply. That the request was given up meanwhile is none of the server's business.
  void send(ByteBuffer reply) throws IOException {
    try (Arena bytes = Arena.ofConfined()) {
      MemorySegment copy = bytes.allocate(reply.remaining(), 8);
      copy.copyFrom(MemorySegment.ofBuffer(reply));
      long sent = (long) WRITE.invokeExact(state, fd, copy, copy.byteSize());
      int error = state.get(JAVA_INT, ERRNO);
      if (sent < 0 && error != ENOENT && error != ENODEV) {
        check(-1, state, "write " + DEVICE);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// Takes the file system away, whoever uses it; the server's [#receive] ends.
  void unmount() throws IOException {
    try (Arena names = Arena.ofConfined()) {
      MemorySegment own = names.allocate(STATE);
      check((int) UMOUNT.invokeExact(own, text(names, at), MNT_DETACH), own, "unmount " + at);
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// Closes the device; the server has ended.
  @Override
  public void close() throws IOException {
    try {
      check((int) CLOSE.invokeExact(state, fd), state, "close " + DEVICE);
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    arena.close();
  }

  private static MemorySegment text(Arena arena, Path path) {
    return arena.allocateFrom(path.toString());
  }

  private static void check(int result, MemorySegment state, String what) throws IOException {
    if (result < 0) {
      throw new IOException("cannot " + what + ": error " + state.get(JAVA_INT, ERRNO));
    }
  }

  private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().find(name).orElseThrow(),
        FunctionDescriptor.of(result, arguments),
        Linker.Option.captureCallState("errno"));
  }
}

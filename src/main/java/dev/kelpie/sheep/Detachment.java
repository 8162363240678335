package dev.kelpie.sheep;

import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// How a process becomes a daemon. `bin/sheep` starts it as a child that has `/dev/null` as its
/// standard input and still writes to the terminal, and waits at a pipe. Once the daemon serves,
/// [#detach] cuts the tie and sends one word through the pipe, and `bin/sheep` returns 0. Where the
/// process ends before, the pipe closes, and `bin/sheep` returns its exit status.
final class Detachment {
  private static final int STDIN = 0;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;

  private final MethodHandle setsid =
      function("setsid", FunctionDescriptor.of(ValueLayout.JAVA_INT));
  private final MethodHandle chdir =
      function("chdir", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
  private final MethodHandle dup2 =
      function(
          "dup2",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  /// Makes the kernel call this process `name`, for `pidof` and `ps`.
  static void nameProcess(String name) throws IOException {
    Files.writeString(Path.of("/proc/self/comm"), name);
  }

  /// Moves into a session of its own and into `directory` (where the Java machine leaves its report
  /// if it crashes), lets go of the terminal, and tells the launcher.
  ///
  /// @param pipe the number of the file descriptor that leads to the launcher
  void detach(Path directory, int pipe) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(directory.toString());
      check("setsid", (int) setsid.invokeExact());
      check("chdir", (int) chdir.invokeExact(path));
      check("dup2", (int) dup2.invokeExact(STDIN, STDOUT));
      check("dup2", (int) dup2.invokeExact(STDIN, STDERR));
      tell(pipe);
      check("dup2", (int) dup2.invokeExact(STDIN, pipe));
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException("cannot detach from the terminal", e);
    }
  }

  private static void tell(int pipe) throws IOException {
    try (FileOutputStream launcher = new FileOutputStream("/proc/self/fd/" + pipe)) {
      launcher.write("serving\n".getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static void check(String call, int result) throws IOException {
    if (result < 0) {
      throw new IOException("cannot detach from the terminal: " + call + " failed");
    }
  }

  @SuppressWarnings("restricted") // the Java library has none of these calls
  private static MethodHandle function(String name, FunctionDescriptor shape) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape);
  }
}

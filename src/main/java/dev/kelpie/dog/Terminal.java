package dev.kelpie.dog;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/// What standard output and input are: a terminal of some width, or none.
interface Terminal {
  /// A file or a pipe.
  Terminal NONE = new None();

  /// Whether it is one.
  boolean present();

  /// How many characters a line has.
  int columns();

  /// Whether standard input is one.
  boolean typing();

  /// No terminal.
  final class None implements Terminal {
    @Override
    public boolean present() {
      return false;
    }

    @Override
    public boolean typing() {
      return false;
    }

    @Override
    public int columns() {
      return Standard.COLUMNS_UNKNOWN;
    }
  }

  /// This process's.
  final class Standard implements Terminal {
    static final int COLUMNS_UNKNOWN = 80;

    private static final long TIOCGWINSZ = 0x5413;

    /// Looks at the name of what standard output is open on. The C library would have to be called
    /// to be certain, which takes longer than a whole short command.
    @Override
    public boolean present() {
      return isTerminal(1);
    }

    @Override
    public boolean typing() {
      return isTerminal(0);
    }

    private static boolean isTerminal(int descriptor) {
      try {
        String name = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
        return name.startsWith("/dev/pts/")
            || name.startsWith("/dev/tty")
            || name.startsWith("/dev/console")
            || name.startsWith("/dev/hvc");
      } catch (IOException e) {
        return false; // no /proc: a progress bar is all that is lost
      }
    }

    @Override
    @SuppressWarnings("restricted") // the width is known to the kernel only
    public int columns() {
      try (Arena arena = Arena.ofConfined()) {
        Linker linker = Linker.nativeLinker();
        MethodHandle ioctl =
            linker.downcallHandle(
                linker.defaultLookup().findOrThrow("ioctl"),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.ADDRESS),
                Linker.Option.firstVariadicArg(2));
        MemorySegment size = arena.allocate(ValueLayout.JAVA_SHORT, 4); // rows, columns, pixels
        int failed = (int) ioctl.invokeExact(1, TIOCGWINSZ, size);
        int columns = size.getAtIndex(ValueLayout.JAVA_SHORT, 1);
        return failed != 0 || columns <= 0 ? COLUMNS_UNKNOWN : columns;
      } catch (Throwable e) {
        return COLUMNS_UNKNOWN; // a bar of another length is all that is lost
      }
    }
  }
}

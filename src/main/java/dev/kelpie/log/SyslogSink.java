package dev.kelpie.log;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Hands lines to the system's log through the C library, as facility `daemon`, with the pid. A
/// system without a log daemon drops them.
public final class SyslogSink implements LogSink {
  private static final int LOG_PID = 1;
  private static final int LOG_DAEMON = 3 << 3;

  private final LogFormat format;
  private final int port;

  /// Holds the identity, which the C library keeps a pointer to.
  private final Arena arena = Arena.ofShared();

  private final MemorySegment textFormat = arena.allocateFrom("%s");
  private final MethodHandle syslog;

  /// Opens the system's log.
  ///
  /// @param identity the program's name there
  @SuppressWarnings("restricted") // calling the C library is what this class is for
  public SyslogSink(String identity, LogFormat format, int port) throws IOException {
    this.format = format;
    this.port = port;
    Linker linker = Linker.nativeLinker();
    MethodHandle openlog =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("openlog"),
            FunctionDescriptor.ofVoid(
                ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    syslog =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("syslog"),
            FunctionDescriptor.ofVoid(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS),
            Linker.Option.firstVariadicArg(2));
    try {
      openlog.invokeExact(arena.allocateFrom(identity), LOG_PID, LOG_DAEMON);
    } catch (Throwable e) {
      throw new IOException("cannot open the system's log", e);
    }
  }

  @Override
  public void write(LogMessage message) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment text = call.allocateFrom(format.undatedLine(message, port));
      syslog.invokeExact(message.level().number(), textFormat, text);
    } catch (Throwable e) {
      throw new IOException("cannot write to the system's log", e);
    }
  }

  @Override
  public void flush() {}

  /// The identity stays allocated: the C library may use it until the process ends.
  @Override
  public void close() {}
}

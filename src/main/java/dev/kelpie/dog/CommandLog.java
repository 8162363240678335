package dev.kelpie.dog;

import dev.kelpie.platform.Clock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Notes every command line where the user's environment asks for it (spec/cli.md §3.2).
final class CommandLog {
  private static final int LOG_PID = 1;
  private static final int LOG_USER = 1 << 3;
  private static final int LOG_INFO = 6;

  private CommandLog() {}

  /// Notes the words; a log that cannot be written is no reason to stop.
  static void write(
      Map<String, String> environment, Clock clock, Console console, List<String> words)
      throws Failure {
    if (!environment.containsKey("SHEEPDOG_DOG_LOG")) {
      return;
    }
    StringBuilder text = new StringBuilder(" dog");
    for (String word : words) {
      text.append(' ').append(word);
    }
    String path = environment.get("SHEEPDOG_DOG_LOG_PATH");
    if (path == null) {
      toSystem(console, text.toString());
    } else {
      String date = Times.at(clock.now().getEpochSecond()).logged();
      toFile(console, path, date + ": " + text + "\n");
    }
  }

  private static void toFile(Console console, String path, String line) throws Failure {
    try (SeekableByteChannel file =
        Files.newByteChannel(
            Path.of(path),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.ISO_8859_1));
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    } catch (IOException e) {
      console.error("error at opening log file of dog(" + path + "): " + SystemText.of(e));
    }
  }

  /// Goes through the C library, as the JDK cannot write to the system's log.
  @SuppressWarnings("restricted")
  private static void toSystem(Console console, String text) throws Failure {
    Linker linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      linker
          .downcallHandle(
              linker.defaultLookup().findOrThrow("openlog"),
              FunctionDescriptor.ofVoid(
                  ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
          .invoke(allocate(arena, "sheepdog admin operation"), LOG_PID, LOG_USER);
      linker
          .downcallHandle(
              linker.defaultLookup().findOrThrow("syslog"),
              FunctionDescriptor.ofVoid(
                  ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS),
              Linker.Option.firstVariadicArg(2))
          .invoke(LOG_USER | LOG_INFO, allocate(arena, "%s"), allocate(arena, text));
      linker
          .downcallHandle(
              linker.defaultLookup().findOrThrow("closelog"), FunctionDescriptor.ofVoid())
          .invoke();
    } catch (Throwable e) {
      console.error("cannot write to the system's log: " + e);
    }
  }

  private static MemorySegment allocate(Arena arena, String text) {
    return arena.allocateFrom(text, StandardCharsets.ISO_8859_1);
  }
}

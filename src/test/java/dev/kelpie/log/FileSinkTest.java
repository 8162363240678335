package dev.kelpie.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileSinkTest {
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.parse("2026-02-03T04:05:06Z"));

  @TempDir Path dir;
  private Path file;

  @BeforeEach
  void name() {
    file = dir.resolve("sheep.log");
  }

  @Test
  void linesAreAppendedToWhatIsThere() throws IOException {
    Files.writeString(file, "old\n");
    try (FileSink sink = sink(FileSink.SIZE_MAX)) {
      sink.write(message("new"));
    }
    assertEquals("old\nnew\n", Files.readString(file));
  }

  @Test
  void rotationPutsTheFileAsideUnderTheTime() throws IOException {
    try (FileSink sink = sink(FileSink.SIZE_MAX)) {
      put(sink, "one");
      sink.rotate();
      put(sink, "two");
    }
    assertEquals(List.of("sheep.log", "sheep.log.2026-02-03-04-05"), files());
    assertEquals("one\n", Files.readString(dir.resolve("sheep.log.2026-02-03-04-05")));
    assertEquals("two\n", Files.readString(file));
  }

  @Test
  void twoRotationsInOneMinuteLoseNothing() throws IOException {
    try (FileSink sink = sink(FileSink.SIZE_MAX)) {
      put(sink, "one");
      sink.rotate();
      put(sink, "two");
      sink.rotate();
    }
    assertEquals("one\n", Files.readString(dir.resolve("sheep.log.2026-02-03-04-05")));
    assertEquals("two\n", Files.readString(dir.resolve("sheep.log.2026-02-03-04-05.1")));
  }

  @Test
  void aFileThatSomebodyMovedIsBegunAnew() throws IOException {
    try (FileSink sink = sink(FileSink.SIZE_MAX)) {
      put(sink, "one");
      Files.move(file, dir.resolve("mine"));
      sink.rotate();
      put(sink, "two");
    }
    assertEquals(List.of("mine", "sheep.log"), files());
    assertEquals("two\n", Files.readString(file));
  }

  @Test
  void aFileThatSomebodyEmptiedGoesOnAtItsStart() throws IOException {
    try (FileSink sink = sink(FileSink.SIZE_MAX)) {
      put(sink, "one");
      Files.writeString(file, "");
      put(sink, "two");
    }
    assertEquals("two\n", Files.readString(file));
  }

  @Test
  void aFileOfTheLargestSizeIsPutAside() throws IOException {
    try (FileSink sink = sink(8)) {
      put(sink, "1234");
      assertEquals(List.of("sheep.log"), files());
      put(sink, "56");
      assertEquals(List.of("sheep.log", "sheep.log.2026-02-03-04-05"), files());
    }
  }

  private FileSink sink(long sizeMax) throws IOException {
    return new FileSink(file, LogFormat.DEFAULT, 7000, CLOCK, ZoneOffset.UTC, sizeMax);
  }

  private static void put(FileSink sink, String text) throws IOException {
    sink.write(message(text));
    sink.flush();
  }

  private static LogMessage message(String text) {
    return new LogMessage(Instant.EPOCH, Level.INFO, "main", "f", 1, text);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> paths = Files.list(dir)) {
      return paths.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }
}

package dev.kelpie.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZonedDateTime;

/// Appends lines to a file. The file may be moved or emptied from outside at any time; it is put
/// aside and begun anew at [#rotate], and when it reaches [#SIZE_MAX].
public final class FileSink implements LogSink {
  /// The size in bytes at which a file is put aside, that of the C program.
  public static final long SIZE_MAX = 500L << 20;

  private final Path file;
  private final LogFormat format;
  private final int port;
  private final InstantSource clock;
  private final ZoneId zone;
  private final long sizeMax;
  private final StringBuilder pending = new StringBuilder();
  private FileChannel channel;
  private long rotationSize;

  /// Opens the file, creating it where it is missing.
  public FileSink(Path file, LogFormat format, int port) throws IOException {
    this(file, format, port, InstantSource.system(), ZoneId.systemDefault(), SIZE_MAX);
  }

  FileSink(Path file, LogFormat format, int port, InstantSource clock, ZoneId zone, long sizeMax)
      throws IOException {
    this.file = file;
    this.format = format;
    this.port = port;
    this.clock = clock;
    this.zone = zone;
    this.sizeMax = sizeMax;
    this.rotationSize = sizeMax;
    this.channel = open(file);
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  @Override
  public void write(LogMessage message) {
    pending.append(format.line(message, zone, port)).append('\n');
  }

  @Override
  public void flush() throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(pending.toString());
    pending.setLength(0);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    if (channel.size() >= rotationSize) {
      rotateBySize();
    }
  }

  /// A directory that forbids it must not cost lines: they go on into the same file.
  private void rotateBySize() throws IOException {
    try {
      rotate();
    } catch (IOException e) {
      rotationSize = channel.size() + sizeMax;
    }
  }

  @Override
  public void rotate() throws IOException {
    if (Files.exists(file)) { // somebody else may have moved it
      Files.move(file, unusedName());
    }
    FileChannel old = channel;
    channel = open(file);
    rotationSize = sizeMax;
    old.close();
  }

  private Path unusedName() {
    ZonedDateTime now = clock.instant().atZone(zone);
    String name =
        file.getFileName()
            + "."
            + now.getYear()
            + "-"
            + LogFormat.twoDigits(now.getMonthValue())
            + "-"
            + LogFormat.twoDigits(now.getDayOfMonth())
            + "-"
            + LogFormat.twoDigits(now.getHour())
            + "-"
            + LogFormat.twoDigits(now.getMinute());
    Path unused = file.resolveSibling(name);
    for (int i = 1; Files.exists(unused); i++) {
      unused = file.resolveSibling(name + "." + i);
    }
    return unused;
  }

  @Override
  public void close() throws IOException {
    try {
      flush();
    } finally {
      channel.close();
    }
  }
}

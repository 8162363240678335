package dev.kelpie.it;

import dev.kelpie.testing.Await;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// A Linux guest with its disk on an NBD export, in an emulated machine.
final class Guest implements Closeable {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Pattern FILE =
      Pattern.compile("^guest: (durable|found) ([0-9]+) ([0-9a-f]{64})\\s*$", Pattern.MULTILINE);

  private final Process qemu;
  private final Path console;

  private Guest(Process qemu, Path console) {
    this.qemu = qemu;
    this.console = console;
  }

  /// Boots.
  ///
  /// @param job what `guest-init` is to do: make, go-on or verify
  /// @param disk the address of the export
  /// @param console a new file that takes what the guest prints
  static Guest boot(GuestFiles files, String job, String disk, Path console) {
    List<String> command =
        List.of(
            GuestFiles.program("qemu-system-x86_64", "qemu-system-x86"),
            "-accel",
            "tcg",
            "-m",
            "256",
            "-nodefaults",
            "-display",
            "none",
            "-no-reboot",
            "-serial",
            "file:" + console,
            "-kernel",
            files.kernel().toString(),
            "-initrd",
            files.initramfs().toString(),
            "-append",
            "console=ttyS0 quiet panic=-1 JOB=" + job,
            "-drive",
            "file=" + disk + ",format=raw,if=virtio,cache=none,discard=unmap");
    try {
      Path errors = console.resolveSibling(console.getFileName() + ".qemu");
      Process qemu =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(errors.toFile())
              .start();
      return new Guest(qemu, console);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + command, e);
    }
  }

  /// Waits until the guest has made at least this many files durable.
  Map<Integer, String> awaitDurable(int count) {
    Await.until(
        "the guest has " + count + " durable files",
        LIMIT,
        () -> {
          if (!qemu.isAlive()) {
            throw new AssertionError("the guest ended:\n" + this);
          }
          return files("durable").size() >= count;
        });
    return files("durable");
  }

  /// Waits until the guest has powered off by itself.
  Guest awaitPowerOff() {
    Await.until("the guest powers off\n" + this, LIMIT, () -> !qemu.isAlive());
    return this;
  }

  /// The checksums that the guest has told, by the number of the file.
  ///
  /// @param kind durable or found
  Map<Integer, String> files(String kind) {
    Map<Integer, String> files = new TreeMap<>();
    FILE.matcher(console())
        .results()
        .filter(found -> found.group(1).equals(kind))
        .forEach(found -> files.put(Integer.valueOf(found.group(2)), found.group(3)));
    return files;
  }

  /// What the guest has printed so far.
  String console() {
    return read(console);
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Ends the machine as if its plug was pulled.
  void kill() {
    qemu.destroyForcibly();
    qemu.onExit().join();
  }

  @Override
  public void close() {
    kill();
  }

  @Override
  public String toString() {
    return console() + read(console.resolveSibling(console.getFileName() + ".qemu"));
  }
}

package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.testing.Await;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The iSCSI target `tgtd`, which has a Sheepdog client of its own. Each disk is the only one of a
/// target, so that what a client does to one target does not touch the others.
final class Tgt implements Closeable {
  private static final String NAME = "iqn.2026-01.dev.kelpie:";

  private final Path directory;
  private final int port = SheepProcess.freePort();
  private final List<Disk> disks = new ArrayList<>();
  private Optional<Process> process = Optional.empty();

  /// What tgt calls a logical unit.
  private record Disk(String name, String type, String store) {}

  /// Keeps its control socket and its log in this directory.
  Tgt(Path directory) {
    this.directory = directory;
  }

  /// Starts the daemon, and offers the disks that it had before.
  Tgt start() {
    assertEquals("root", System.getProperty("user.name"), "tgtd runs as root only");
    String tgtd = GuestFiles.program("tgtd", "tgt");
    ProcessBuilder builder =
        new ProcessBuilder(tgtd, "-f", "--iscsi", "portal=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output().toFile()));
    builder.environment().putAll(environment());
    try {
      process = Optional.of(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start tgtd", e);
    }
    Await.until("tgtd serves:\n" + log(), () -> show().status() == 0);
    for (int i = 0; i < disks.size(); i++) {
      offer(i + 1, disks.get(i));
    }
    return this;
  }

  /// Offers one more disk.
  ///
  /// @param type of store: `sheepdog`, or `rdwr` for a file
  /// @param store where it is, in tgt's words
  Tgt with(String name, String type, String store) {
    Disk disk = new Disk(name, type, store);
    disks.add(disk);
    offer(disks.size(), disk);
    return this;
  }

  private void offer(int number, Disk disk) {
    String target = "" + number;
    admin("target", "new", "--tid", target, "--targetname", NAME + disk.name);
    admin(
        "logicalunit",
        "new",
        "--tid",
        target,
        "--lun",
        "1",
        "--bstype",
        disk.type,
        "--backing-store",
        disk.store);
    admin("target", "bind", "--tid", target, "--initiator-address", "127.0.0.1");
  }

  private Ran show() {
    return tgtadm("target", "show");
  }

  private void admin(String mode, String operation, String... words) {
    Ran done = tgtadm(mode, operation, words);
    assertEquals(0, done.status(), () -> done + log());
  }

  private Ran tgtadm(String mode, String operation, String... words) {
    List<String> command = new ArrayList<>(List.of(GuestFiles.program("tgtadm", "tgt")));
    command.addAll(List.of("--lld", "iscsi", "--mode", mode, "--op", operation));
    command.addAll(List.of(words));
    return Ran.run(new byte[0], environment(), command);
  }

  private Map<String, String> environment() {
    return Map.of("TGT_IPC_SOCKET", directory.resolve("tgtd").toString());
  }

  /// A disk's address, for libiscsi and QEMU.
  String uri(String name) {
    return "iscsi://127.0.0.1:" + port + "/" + NAME + name + "/1";
  }

  /// Ends the daemon as `kill -9` does.
  void kill() {
    Process running = process.orElseThrow();
    running.destroyForcibly();
    Await.until("tgtd has ended", () -> !running.isAlive());
  }

  /// What it has printed.
  String log() {
    try {
      return Files.readString(output());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path output() {
    return directory.resolve("tgtd.out");
  }

  @Override
  public void close() {
    if (process.isPresent() && process.get().isAlive()) {
      kill();
    }
  }
}

package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Debian's iSCSI target with its Sheepdog client on our daemon (spec/protocol-and-cache.md §2.2),
/// over TCP and over the Unix socket, driven by libiscsi's tests and by QEMU. A disk of a plain
/// file in the same target shows what is tgt's own doing.
@Timeout(300)
final class TgtIT {
  private static final String SIZE = "100M";
  private static final int BYTES = 100 << 20;

  /// Writes under which the daemon is killed, and where they begin.
  private static final int WRITES = 280;

  private static final int FIRST_MIB = 20;
  private static final List<String> OURS = List.of("tcp", "unix");

  /// Tests of reading, writing and asking. Left out are those that wait for seconds, and those of
  /// commands that tgt's Sheepdog client does not know (it skips them, a plain file does not).
  private static final List<String> SUITES =
      List.of(
          "SCSI.CompareAndWrite",
          "SCSI.GetLBAStatus",
          "SCSI.Inquiry",
          "SCSI.Mandatory",
          "SCSI.ModeSense6",
          "SCSI.PreventAllow",
          "SCSI.ProutRegister",
          "SCSI.ProutReserve",
          "SCSI.Read6",
          "SCSI.Read10",
          "SCSI.Read12",
          "SCSI.Read16",
          "SCSI.ReadCapacity10",
          "SCSI.ReadCapacity16",
          "SCSI.StartStopUnit",
          "SCSI.TestUnitReady",
          "SCSI.Unmap",
          "SCSI.Write10",
          "SCSI.Write12",
          "SCSI.Write16",
          "SCSI.WriteAtomic16",
          "iSCSI.iSCSIdatasn",
          "iSCSI.iSCSITMF");

  /// Of [#SUITES], those that have to pass, every test.
  private static final List<String> DATA =
      List.of(
          "SCSI.Read6",
          "SCSI.Read10",
          "SCSI.Read12",
          "SCSI.Read16",
          "SCSI.Write10",
          "SCSI.Write12",
          "SCSI.Write16");

  private static final Pattern TEST =
      Pattern.compile("  Test: (\\S+) \\.\\.\\.((?s:.*?))(?=\n  Test: |\nSuite: |\nRun Summary:)");

  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));
  private Tgt tgt = new Tgt(Path.of("."));

  @BeforeEach
  void start() throws IOException {
    sheep = SheepProcess.withShortPort(temp).with("-w", "size=128M,keep=always");
    sheep.start().format();
    for (String disk : OURS) {
      sheep.dog("vdi", "create", disk, SIZE).ok();
    }
    Path plain = temp.resolve("plain");
    try (RandomAccessFile file = new RandomAccessFile(plain.toFile(), "rw")) {
      file.setLength(BYTES);
    }
    tgt = new Tgt(temp).start();
    tgt.with("tcp", "sheepdog", "tcp:127.0.0.1:" + sheep.port() + ":tcp");
    tgt.with("unix", "sheepdog", "unix:" + sheep.base().resolve("sock") + ":unix");
    tgt.with("plain", "rdwr", plain.toString());
  }

  @AfterEach
  void end() {
    tgt.close();
    sheep.close();
  }

  /// The three disks are tested side by side: half of the time goes by in waits.
  @Test
  void libiscsisTestsEndOnASheepdogDiskAsOnAPlainFile() throws Exception {
    Map<String, Map<String, String>> verdicts = new HashMap<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      Map<String, Future<Map<String, String>>> running = new TreeMap<>();
      for (String disk : List.of("tcp", "unix", "plain")) {
        running.put(disk, threads.submit(() -> verdicts(disk)));
      }
      for (var one : running.entrySet()) {
        verdicts.put(one.getKey(), one.getValue().get());
      }
    }
    Map<String, String> plain = verdicts.getOrDefault("plain", Map.of());
    for (String disk : OURS) {
      assertEquals(plain, verdicts.get(disk), () -> disk + " and a plain file\n" + tgt.log());
    }
    for (String suite : DATA) {
      List<String> ends =
          plain.entrySet().stream()
              .filter(end -> end.getKey().startsWith(suite + "."))
              .map(Map.Entry::getValue)
              .toList();
      assertTrue(ends.size() > 1, suite + ": " + ends);
      assertEquals(List.of("passed"), ends.stream().distinct().toList(), suite);
    }
    assertNoErrors();
  }

  /// The end of each test: passed, failed, or passed without having found what it needs.
  private Map<String, String> verdicts(String disk) {
    Map<String, String> verdicts = new TreeMap<>();
    for (String suite : SUITES) {
      Ran ran =
          Ran.run(
              GuestFiles.program("iscsi-test-cu", "libiscsi-bin"),
              "--dataloss",
              "--verbose",
              "--initiator-name=iqn.2026-01.dev.kelpie:one-at-" + disk,
              "--initiator-name-2=iqn.2026-01.dev.kelpie:two-at-" + disk,
              "--test=" + suite,
              tgt.uri(disk));
      Matcher tests = TEST.matcher(ran.out());
      int before = verdicts.size();
      while (tests.find()) {
        verdicts.put(suite + "." + tests.group(1), verdict(tests.group(2), ran));
      }
      assertTrue(verdicts.size() > before, ran::toString);
    }
    return verdicts;
  }

  private static String verdict(String said, Ran ran) {
    if (said.contains("FAILED")) {
      return "failed";
    }
    assertTrue(said.contains("passed"), ran::toString);
    return said.contains("[SKIPPED]") ? "skipped" : "passed";
  }

  @Test
  void qemuCopiesComparesAndReadsBack() throws IOException {
    byte[] image = new byte[BYTES];
    byte[] data = new byte[40 << 20];
    Seeds.generator("TgtIT").nextBytes(data);
    System.arraycopy(data, 0, image, 0, data.length);
    System.arraycopy(data, 0, image, (50 << 20) + 512, 9 << 20);
    Path file = Files.write(temp.resolve("image"), image);
    for (String disk : OURS) {
      String uri = tgt.uri(disk);
      Ran.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", file.toString(), uri).ok();
      Ran compared =
          Ran.run("qemu-img", "compare", "-f", "raw", "-F", "raw", file.toString(), uri).ok();
      assertTrue(compared.out().contains("identical"), compared::toString);
      // Behind tgt's back, what it flushed is there.
      byte[] read = sheep.dog("vdi", "read", disk, "0", "" + data.length).ok().bytes();
      assertArrayEquals(data, read);
    }
    String range = "48M 6M";
    io("tcp", "write -P 0x11 " + range, "flush", "read -P 0x11 " + range, "read -P 0 60M 1M");
    assertNoErrors();
  }

  /// I2: what was flushed is there after any end of either program, and what was being written is
  /// sent again by tgt and arrives.
  @Test
  void whatWasFlushedOutlivesBothPrograms_I2() throws Exception {
    for (String disk : OURS) {
      io(disk, "write -P 0x21 1M 7M", "write -P 0x22 8191k 3k", "flush");
    }
    sheep.kill();
    sheep.start();
    for (String disk : OURS) {
      io(disk, "read -P 0x21 1M 7167k", "read -P 0x22 8191k 3k", "read -P 0 9M 2M");
    }
    killUnderWrites();
    tgt.kill();
    tgt.start();
    for (String disk : OURS) {
      io(disk, "read -P 0x21 1M 7167k", "read -P 0x22 8191k 3k");
      io(disk, "write -P 0x23 2M 1M", "flush", "read -P 0x23 2M 1M");
    }
    io("unix", patterns("read").toArray(String[]::new));
    sheep.stop();
    sheep.start();
    io("unix", patterns("read").toArray(String[]::new));
    assertNoErrors();
  }

  /// Each of tgt's 16 threads has a connection of its own, and waits a second before it makes a new
  /// one.
  private void killUnderWrites() throws Exception {
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
    command.addAll(options(patterns("write")));
    command.addAll(List.of("-c", "flush", tgt.uri("unix")));
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<Ran> writing = thread.submit(() -> Ran.run(command.toArray(String[]::new)));
      Await.until("something is written", () -> writing.isDone() || written());
      assertFalse(writing.isDone(), "too few writes for a kill among them");
      sheep.kill();
      sheep.start();
      writing.get().ok();
    }
  }

  private boolean written() {
    return sheep.dog("vdi", "read", "unix", FIRST_MIB + "M", "1").ok().bytes()[0] != 0;
  }

  private static List<String> patterns(String what) {
    List<String> commands = new ArrayList<>();
    for (int i = 0; i < WRITES; i++) {
      int pattern = 1 + i % 255;
      commands.add(what + " -P " + pattern + " " + (FIRST_MIB * 1024 + 256 * i) + "k 256k");
    }
    return commands;
  }

  private void io(String disk, String... commands) {
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
    command.addAll(options(Arrays.asList(commands)));
    command.add(tgt.uri(disk));
    Ran ran = Ran.run(command.toArray(String[]::new)).ok();
    assertFalse(ran.out().contains("Pattern verification failed"), ran::toString);
  }

  private static List<String> options(List<String> commands) {
    return commands.stream().flatMap(c -> List.of("-c", c).stream()).toList();
  }

  private void assertNoErrors() {
    assertEquals(
        List.of(),
        sheep
            .log()
            .lines()
            .filter(line -> line.contains(" ERROR ") || line.contains("PANIC"))
            .toList());
  }
}

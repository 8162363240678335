package dev.kelpie.cluster.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.log.Log;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Seeds;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real processes, killed and paused by the kernel.
final class LocalProcessesTest {
  private static final int ROUNDS = 5;

  @TempDir private Path directory = Path.of("");
  private final List<Child> children = new ArrayList<>();

  @Test
  void whoIsKilledWhileItCommitsLosesNothingAndOthersGoOn() throws Exception {
    RandomGenerator chance = Seeds.generator("LocalProcessesTest");
    List<Long> pauses = new ArrayList<>();
    try (Coordination records = open()) {
      for (int round = 0; round < ROUNDS; round++) {
        Child child = start("live/child");
        long start = version(records, "m");
        long enough = start + chance.nextInt(1, 300);
        child.say("commit");
        Await.until("it has committed", () -> child.last() >= enough);
        child.kill();
        long killed = System.nanoTime();
        assertTrue(records.commit(List.of(put("other", "" + round, round))));
        Await.until("its record is gone", () -> records.list("live/").isEmpty());
        pauses.add(System.nanoTime() - killed);
        long answered = child.awaitEnd();
        long found = version(records, "m");
        assertTrue(
            found == answered || found == answered + 1, found + " after " + answered + " answers");
        assertEquals(found, version(records, "n"));
        assertEquals("" + found, text(records, "n"));
      }
    }
    // The median, as other work on the machine can hold up any one.
    Collections.sort(pauses);
    long median = pauses.get(ROUNDS / 2);
    assertTrue(median < Duration.ofSeconds(1).toNanos(), "pauses of nanoseconds: " + pauses);
  }

  @Test
  void whoIsPausedStaysAndGoesOn() throws Exception {
    try (Coordination records = open()) {
      Child paused = start("live/paused");
      paused.signal("STOP");
      for (int i = 0; i < 2; i++) {
        Child other = start("live/other");
        assertEquals(List.of("live/other", "live/paused"), keys(records));
        other.kill();
        Await.until("the dead one is gone", () -> keys(records).size() == 1);
      }
      assertEquals(List.of("live/paused"), keys(records));
      paused.signal("CONT");
      paused.say("update back");
      Await.until("it goes on", () -> paused.lines.contains("lease"));
      assertEquals("back", text(records, "live/paused"));
      paused.close();
      paused.awaitEnd();
      assertEquals(List.of(), keys(records));
    }
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(
          List.of("coordination", "lock"),
          left.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @AfterEach
  void end() {
    children.forEach(child -> child.process.destroyForcibly());
  }

  private Coordination open() throws IOException {
    return new LocalCoordination(JvmPlatform.open((_, _) -> {}), Log.NONE, directory);
  }

  private Child start(String key) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                LocalProcess.class.getName(),
                directory.toString(),
                key)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Child child = new Child(process);
    children.add(child);
    Await.until("it is ready", () -> child.lines.contains("ready"));
    return child;
  }

  private static final class Child implements Closeable {
    final Process process;
    final List<String> lines = new CopyOnWriteArrayList<>();
    private final Thread reading;

    Child(Process process) {
      this.process = process;
      this.reading = Thread.startVirtualThread(this::readAll);
    }

    private void readAll() {
      try (BufferedReader out = process.inputReader(UTF_8)) {
        out.lines().forEach(lines::add);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    void say(String line) throws IOException {
      Writer in = process.outputWriter(UTF_8);
      in.write(line + "\n");
      in.flush();
    }

    /// The number that it printed last; 0 where it has printed none.
    long last() {
      return lines.getLast().matches("\\d+") ? Long.parseLong(lines.getLast()) : 0;
    }

    /// Unlike the end of a Java `Process`, this leaves what it has said to be read.
    void kill() {
      assertTrue(process.toHandle().destroyForcibly());
    }

    void signal(String name) throws IOException, InterruptedException {
      int status = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor();
      assertEquals(0, status);
    }

    /// Waits for its end and for all that it has said.
    long awaitEnd() throws InterruptedException {
      process.waitFor();
      reading.join();
      return last();
    }

    /// Ends its input.
    @Override
    public void close() throws IOException {
      process.outputWriter(UTF_8).close();
    }
  }

  private static long version(Coordination records, String key) throws IOException {
    return records.read(key).map(Stored::version).orElse(0L);
  }

  private static String text(Coordination records, String key) throws IOException {
    return new String(records.read(key).orElseThrow().value(), UTF_8);
  }

  private static List<String> keys(Coordination records) throws IOException {
    return records.list("live/").stream().map(Stored::key).toList();
  }

  private static Put put(String key, String value, long expected) {
    return new Put(key, Optional.of(value.getBytes(UTF_8)), expected);
  }
}

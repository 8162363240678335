package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Commands of the tests end, and leave nothing behind.
@Timeout(60)
final class RanTest {
  private static final Duration SHORT = Duration.ofMillis(300);

  @TempDir Path temp;

  @Test
  void aCommandThatTakesTooLongIsEndedWithItsChildren() throws Exception {
    Path pids = temp.resolve("pids");
    int times = Runtime.getRuntime().availableProcessors() + 1; // as many as there are carriers
    for (int i = 0; i < times; i++) {
      String script = "sleep 600 & echo $! >> " + pids + "; echo $$ >> " + pids + "; wait";
      AssertionError failure =
          assertThrows(
              AssertionError.class,
              () -> Ran.run(new byte[0], new ProcessBuilder("sh", "-c", script), SHORT));
      assertTrue(failure.toString().contains("did not end within"), failure::toString);
    }
    for (String pid : Files.readAllLines(pids)) {
      Await.until(
          "process " + pid + " has ended",
          () -> ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty());
    }
    Await.until("no reader is left", () -> helpers() == 0);
    assertEquals("here\n", Ran.run("echo", "here").ok().out());
    Thread.startVirtualThread(() -> {}).join();
  }

  @Test
  void aCommandThatDoesNotReadItsInputIsEndedToo() {
    byte[] more = new byte[1 << 20]; // than a pipe holds
    assertThrows(
        AssertionError.class, () -> Ran.run(more, new ProcessBuilder("sleep", "600"), SHORT));
    Await.until("no writer is left", () -> helpers() == 0);
    assertEquals(0, Ran.run(more, new ProcessBuilder("true"), Duration.ofMinutes(1)).status());
  }

  @Test
  void whatWentInComesOut() {
    byte[] bytes = new byte[3 << 20];
    assertEquals(
        bytes.length,
        Ran.run(bytes, new ProcessBuilder("cat"), Duration.ofMinutes(1)).ok().bytes().length);
    assertEquals(3, Ran.run("sh", "-c", "echo no >&2; exit 3").exits(3).err().length());
  }

  private static long helpers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("a command's "))
        .count();
  }
}

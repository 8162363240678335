package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `bin/quickstart` as a newcomer uses it.
final class QuickstartIT {
  @TempDir Path temp;

  private final int port = SheepProcess.freePort();

  @AfterEach
  void end() {
    ProcessHandle.allProcesses()
        .filter(handle -> handle.info().commandLine().orElse("").contains(temp.toString()))
        .forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void itServesADiskAndGoesOnWithTheSameDataAfterControlC() throws Exception {
    String disk = "nbd://127.0.0.1:" + (port + 3809) + "/demo";
    Process first = quickstart("first");
    Ran.run("qemu-io", "-t", "unsafe", "-f", "raw", "-c", "write -P 0x77 1M 8M", disk).ok();
    controlC(first);
    assertEquals(0, status(first), () -> output("first"));
    assertTrue(output("first").contains("Stopped."), output("first"));
    assertFalse(Files.exists(temp.resolve("demo/sheep.pid")));

    Process second = quickstart("second");
    Ran compared = Ran.run("qemu-io", "-r", "-f", "raw", "-c", "read -P 0x77 1M 8M", disk).ok();
    assertFalse(compared.out().contains("Pattern verification failed"), compared.toString());
    controlC(second);
    assertEquals(0, status(second), () -> output("second"));
  }

  @Test
  void theStepsItPrintsCanBePasted() throws Exception {
    Process running = quickstart("out");
    List<String> steps =
        output("out")
            .lines()
            .filter(line -> line.matches("  [a-z ]{21} .*|  {23}.*"))
            .map(line -> line.substring(25).trim())
            .filter(line -> !line.startsWith("qemu") && !line.startsWith("tail"))
            .toList();
    assertTrue(steps.size() >= 5, () -> output("out"));
    for (String step : steps) {
      Ran.run("bash", "-c", step).ok();
    }
    controlC(running);
    assertEquals(0, status(running));
  }

  @Test
  void aBusyPortIsExplained() throws Exception {
    Process first = quickstart("first");
    Ran second =
        Ran.run(
            SheepProcess.program("quickstart"), "-p", "" + port, temp.resolve("other").toString());
    assertEquals(1, second.status());
    assertTrue(second.err().contains("Address already in use"), second.err());
    assertTrue(second.err().contains("bin/quickstart -p PORT"), second.err());
    controlC(first);
    assertEquals(0, status(first));
  }

  private Process quickstart(String name) throws IOException {
    Process started =
        new ProcessBuilder(
                SheepProcess.program("quickstart"),
                "-p",
                "" + port,
                temp.resolve("demo").toString())
            .redirectErrorStream(true)
            .redirectOutput(temp.resolve(name).toFile())
            .start();
    Await.until(
        "quickstart has said what to do next",
        () -> {
          if (!started.isAlive() && !output(name).contains("Ctrl-C")) {
            throw new AssertionError(output(name));
          }
          return output(name).contains("Ctrl-C ends it");
        });
    return started;
  }

  private static void controlC(Process process) {
    Ran.run("kill", "-INT", "" + process.pid()).ok();
  }

  private static int status(Process process) throws InterruptedException {
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "quickstart does not end");
    return process.exitValue();
  }

  private String output(String name) {
    try {
      return Files.readString(temp.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

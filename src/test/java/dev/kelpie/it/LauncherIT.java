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
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The launchers: finding their parts, becoming a daemon, and what scripts see of it.
final class LauncherIT {
  @TempDir Path temp;

  private final int port = SheepProcess.freePort();

  @AfterEach
  void end() {
    running().forEach(ProcessHandle::destroyForcibly);
    running().forEach(handle -> handle.onExit().join());
  }

  @Test
  void theCommandReturnsOnceTheDaemonServes() {
    daemon("base").ok();
    assertTrue(log().contains("sheepdog daemon (version "), log());
    assertTrue(Files.exists(temp.resolve("base/sock")));
  }

  @Test
  void theDaemonHasASessionOfItsOwnAndNoTerminal() throws IOException {
    daemon("base").ok();
    Path proc = Path.of("/proc/" + running().getFirst().pid());
    for (String stream : List.of("0", "1", "2")) {
      assertEquals(
          Path.of("/dev/null"), Files.readSymbolicLink(proc.resolve("fd").resolve(stream)));
    }
    assertEquals(temp.resolve("base").toRealPath(), Files.readSymbolicLink(proc.resolve("cwd")));
    String[] stat = Files.readString(proc.resolve("stat")).split(" ", -1);
    assertEquals(stat[0], stat[5], "session id");
  }

  @Test
  void scriptsFindTheDaemonByNameAndByDirectory() throws IOException {
    daemon("base").ok();
    long pid = running().getFirst().pid();
    String base = temp.resolve("base").toString();
    assertEquals("sheep\n", Files.readString(Path.of("/proc/" + pid + "/comm")));
    String found = Ran.run("pgrep", "-f", SheepProcess.program("sheep") + " " + base + " ").out();
    assertEquals(pid + "\n", found);
    assertTrue(
        List.of(Ran.run("pidof", "sheep").ok().out().trim().split(" ", -1)).contains("" + pid));
  }

  @Test
  void aFailingStartShowsItsErrorAndItsStatus() {
    daemon("base").ok();
    Ran second = daemon("base");
    assertEquals(1, second.status());
    String base = temp.resolve("base").toString();
    assertEquals(
        "another sheep daemon is using " + base + "\nlocking directory: " + base + " failed\n",
        second.err());
  }

  @Test
  void aBusyPortLeavesNoTraces() {
    daemon("base").ok();
    Ran second = daemon("other");
    assertEquals(1, second.status());
    assertTrue(
        second.err().startsWith("failed to bind server socket: 127.0.0.1:" + port), second.err());
    assertTrue(second.err().contains("Address already in use"), second.err());
    assertFalse(Files.exists(temp.resolve("other")));
  }

  @Test
  void termEndsTheDaemonInGoodOrder() throws IOException {
    Path pidFile = temp.resolve("pid");
    daemon("base", "-P", pidFile.toString()).ok();
    ProcessHandle handle = running().getFirst();
    assertEquals(handle.pid() + "\n", Files.readString(pidFile));
    handle.destroy();
    handle.onExit().join();
    assertTrue(log().stripTrailing().endsWith(" shutdown"), log());
    assertFalse(Files.exists(pidFile));
  }

  @Test
  void hupPutsTheLogAside() {
    daemon("base").ok();
    Ran.run("kill", "-HUP", "" + running().getFirst().pid()).ok();
    Await.until("the log is put aside", () -> !log().contains("started"));
    assertTrue(running().getFirst().isAlive());
  }

  @Test
  void foregroundAndLogToTheTerminalKeepTheProcess() throws IOException {
    for (List<String> option : List.of(List.of("-f"), List.of("-l", "dst=stdout"))) {
      Path base = temp.resolve("base" + option.size());
      Path out = temp.resolve("out");
      ProcessBuilder builder =
          new ProcessBuilder(
              SheepProcess.program("sheep"), "-p", "" + port, "--nbd", "none", base.toString());
      builder.command().addAll(1, option);
      Process sheep = builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
      Await.until("sheep serves", () -> Files.exists(base.resolve("sock")));
      assertTrue(sheep.info().commandLine().orElseThrow().contains("dev.kelpie.sheep.Sheep"));
      Path log = option.contains("-f") ? base.resolve("sheep.log") : out;
      Await.until("the start is logged", () -> read(log).contains("started"));
      sheep.destroy();
      assertEquals(0, sheep.onExit().join().exitValue());
    }
  }

  @Test
  void theLaunchersWorkThroughSymlinksAndFromAnyDirectory() throws IOException {
    Path link =
        Files.createSymbolicLink(temp.resolve("mysheep"), Path.of(SheepProcess.program("sheep")));
    Ran version =
        Ran.run(
            new byte[0],
            new ProcessBuilder("../mysheep", "-v")
                .directory(Files.createDirectory(temp.resolve("sub")).toFile()));
    assertTrue(version.ok().out().startsWith("Sheepdog daemon version "));
    Ran wrong = Ran.run(link.toString(), "-Q");
    assertEquals(
        link + ": invalid option -- 'Q'\nTry 'sheep --help' for more information.\n", wrong.err());
    assertEquals(1, wrong.status());
  }

  @Test
  void aJavaOfAnotherVersionIsRefusedByName() {
    Ran ran =
        Ran.run(
            new byte[0],
            Map.of("KELPIE_JAVA_HOME", temp.toString()),
            List.of(SheepProcess.program("sheep"), "-v"));
    assertEquals(1, ran.status());
    assertTrue(ran.err().contains(temp + " is not the home of a Java 25"), ran.err());
  }

  @Test
  void whatJavaIsToldByTheEnvironmentStaysSilent() {
    Ran ran =
        Ran.run(
            new byte[0],
            Map.of("JAVA_TOOL_OPTIONS", "-Dx=y", "JDK_JAVA_OPTIONS", "-Dx=y"),
            List.of(SheepProcess.program("sheep"), "-v"));
    assertEquals("", ran.ok().err());
  }

  private Ran daemon(String name, String... options) {
    ProcessBuilder builder =
        new ProcessBuilder(
            SheepProcess.program("sheep"),
            temp.resolve(name).toString(),
            "-p",
            "" + port,
            "--nbd",
            "none");
    builder.command().addAll(List.of(options));
    return Ran.run(new byte[0], builder);
  }

  private String log() {
    return read(temp.resolve("base/sheep.log"));
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Daemons of this test alone.
  private List<ProcessHandle> running() {
    return ProcessHandle.allProcesses()
        .filter(handle ->
            handle.info().commandLine().orElse("").contains(temp.toString())
                && handle.info().commandLine().orElse("").contains("dev.kelpie.sheep.Sheep"))
        .toList();
  }
}

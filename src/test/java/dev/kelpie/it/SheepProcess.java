package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.testing.Await;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A daemon under test: the real `bin/sheep -f` on a base directory, with free ports of its own
/// that stay the same over restarts.
///
/// ```java
/// try (SheepProcess sheep = SheepProcess.in(temp).start()) {
///   sheep.dog("cluster", "format", "-c", "1").ok();
///   sheep.kill();
///   sheep.start();
/// }
/// ```
public final class SheepProcess implements Closeable {
  /// Below the ports that the kernel gives to outgoing connections, so that a port is still free at
  /// a restart.
  private static final int PORT_FIRST = 23_000;

  private static final int PORT_LAST = 31_999;

  /// Ports of four digits; tgt cuts longer ones.
  private static final int SHORT_PORT_FIRST = 7_100;

  private static final int SHORT_PORT_LAST = 9_999;
  private static final Set<Integer> PORTS_GIVEN = ConcurrentHashMap.newKeySet();
  private static final String STARTED = "sheepdog daemon (version ";
  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final Duration STOP_LIMIT = Duration.ofMinutes(1);

  private final Path base;
  private final int port;
  private final int nbdPort = freePort();
  private final List<String> options = new ArrayList<>();
  private List<Path> disks = List.of();
  private List<String> before = List.of();
  private Optional<Process> process = Optional.empty();

  private SheepProcess(Path base, int port) {
    this.base = base;
    this.port = port;
  }

  /// A daemon whose base directory is `base` in this directory. It is not started yet.
  public static SheepProcess in(Path directory) {
    return new SheepProcess(directory.resolve("base"), freePort());
  }

  /// The same, with a port of four digits.
  public static SheepProcess withShortPort(Path directory) {
    int port = freePort(SHORT_PORT_FIRST, SHORT_PORT_LAST);
    return new SheepProcess(directory.resolve("base"), port);
  }

  /// Adds options for the next starts, such as `-w`, `size=1G,keep=always`.
  public SheepProcess with(String... more) {
    return with(List.of(more));
  }

  /// Adds options for the next starts.
  public SheepProcess with(List<String> more) {
    options.addAll(more);
    return this;
  }

  /// Puts the objects on these disks at the next starts; on none: into the base directory.
  public SheepProcess onDisks(Path... objectDisks) {
    disks = List.of(objectDisks);
    return this;
  }

  /// Lets the next starts take the boot id from a file. As root.
  public SheepProcess onBoot(Path id) {
    String script = "mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\"";
    before = List.of("unshare", "-m", "--propagation", "private", "sh", "-c", script, "" + id);
    return this;
  }

  /// The directory of the programs: that of the distribution, with `bin` in it.
  public static Path home() {
    return Optional.ofNullable(System.getProperty("kelpie.home"))
        .map(Path::of)
        .orElseGet(SheepProcess::newestBuild);
  }

  private static Path newestBuild() {
    try (Stream<Path> built = Files.list(Path.of("target"))) {
      return built
          .filter(path -> Files.exists(path.resolve("bin/sheep")))
          .max((a, b) -> Long.compare(a.toFile().lastModified(), b.toFile().lastModified()))
          .orElseThrow(() -> new AssertionError("nothing is built: run mvn package"))
          .toAbsolutePath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The path of one of the programs.
  public static String program(String name) {
    return home().resolve("bin").resolve(name).toString();
  }

  /// Starts the daemon and waits until it serves.
  public SheepProcess start() {
    int startsBefore = starts();
    Process started = launch();
    Await.until(
        "sheep serves",
        START_LIMIT,
        () -> {
          if (!started.isAlive() && started.exitValue() >= 0) {
            throw new AssertionError(
                "sheep ended with status " + started.exitValue() + ":\n" + output() + log());
          }
          return starts() > startsBefore;
        });
    return this;
  }

  /// Starts the daemon and does not wait.
  public Process launch() {
    if (process.isPresent() && process.get().isAlive()) {
      throw new AssertionError("this sheep runs already");
    }
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            program("sheep"),
            "-f",
            "-p",
            "" + port,
            "--nbd",
            "127.0.0.1:" + nbdPort,
            "--status",
            "none"));
    command.addAll(options);
    command.add(
        Stream.concat(Stream.of(base), disks.stream())
            .map(Path::toString)
            .collect(Collectors.joining(",")));
    try {
      Process started =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(outputFile().toFile()))
              .start();
      process = Optional.of(started);
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + command, e);
    }
  }

  private int starts() {
    return (int) log().lines().filter(line -> line.contains(STARTED)).count();
  }

  /// Ends the daemon as `kill -9` does.
  public void kill() {
    process.orElseThrow().destroyForcibly();
    awaitEnd();
  }

  /// Ends the daemon in good order, and fails if it does not end well.
  public void stop() {
    process.orElseThrow().destroy();
    assertEquals(0, awaitEnd(), () -> "exit status of sheep:\n" + output() + log());
  }

  /// Waits for the daemon's end.
  ///
  /// @return its exit status
  public int awaitEnd() {
    Process running = process.orElseThrow();
    try {
      if (!running.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("sheep did not end within " + STOP_LIMIT + ":\n" + log());
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted while waiting for the end of sheep", e);
    }
    return running.exitValue();
  }

  /// Runs `dog` against this daemon; address and port are added after the subcommand.
  public Ran dog(String... words) {
    return dog(new byte[0], words);
  }

  /// Runs `dog` against this daemon with bytes on its standard input.
  public Ran dog(byte[] input, String... words) {
    List<String> command = new ArrayList<>(List.of(program("dog")));
    command.addAll(List.of(words));
    command.addAll(List.of("-a", "127.0.0.1", "-p", "" + port));
    return Ran.run(input, Map.of(), command);
  }

  /// Formats the cluster with one copy.
  public SheepProcess format() {
    dog("cluster", "format", "-c", "1").ok();
    return this;
  }

  /// The address of an export, for NBD clients.
  public String nbd(String export) {
    return "nbd://127.0.0.1:" + nbdPort + "/" + export;
  }

  public Path base() {
    return base;
  }

  /// The port of the Sheepdog protocol.
  public int port() {
    return port;
  }

  public int nbdPort() {
    return nbdPort;
  }

  /// Whether it runs.
  public boolean isRunning() {
    return process.isPresent() && process.get().isAlive();
  }

  /// The process, for its id or its memory.
  public ProcessHandle handle() {
    return process.orElseThrow().toHandle();
  }

  /// Everything in the log so far; empty where there is none.
  public String log() {
    return read(base.resolve("sheep.log"));
  }

  /// Everything that was printed so far.
  public String output() {
    return read(outputFile());
  }

  private Path outputFile() {
    return base.resolveSibling(base.getFileName() + ".out");
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A TCP port that nobody has, and that was not given to anybody else of this run.
  public static int freePort() {
    return freePort(PORT_FIRST, PORT_LAST);
  }

  private static int freePort(int first, int last) {
    while (true) {
      int candidate = ThreadLocalRandom.current().nextInt(first, last + 1);
      try (ServerSocket _ = new ServerSocket(candidate, 1)) {
        if (PORTS_GIVEN.add(candidate)) {
          return candidate;
        }
      } catch (IOException _) {
        // taken: try another
      }
    }
  }

  /// Ends the daemon if it still runs, in whatever way.
  @Override
  public void close() {
    if (process.isPresent() && process.get().isAlive()) {
      kill();
    }
  }
}

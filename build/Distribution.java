import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Lays out the distribution in `target/kelpie-VERSION/`, lets each program run once so that the JVM
/// writes down what it loaded and compiled (the ahead-of-time caches `lib/*.aot`, JEP 514), and packs
/// it all into `target/kelpie-VERSION.tar.gz`.
///
/// Maven runs this file with the JDK that the programs will run on, in the project's directory:
/// `java build/Distribution.java VERSION CLASSPATH`.
final class Distribution {
  private static final long TRAINING_SECONDS_MAX = 120;

  /// The commands that are used most, in an order in which they succeed.
  private static final String DOG_COMMANDS =
      """
      cluster format -c 1
      cluster info
      node list
      node info
      node stat
      vdi create one 64M
      vdi create two 64M -P
      vdi write one 0 1048576
      vdi read one 0 1048576
      vdi list
      vdi list -r
      vdi snapshot -s tag one
      vdi clone -s tag one three
      vdi rollback -f -s tag one
      vdi tree
      vdi graph
      vdi resize one 128M
      vdi object location one
      vdi cache info
      vdi cache flush one
      vdi delete three
      """;

  private final Path home;
  private final Path lib;
  private final Path training;

  private Distribution(String version) throws IOException {
    home = Path.of("target", "kelpie-" + version).toAbsolutePath();
    lib = home.resolve("lib");
    training = Files.createTempDirectory("kelpie-training-");
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Distribution distribution = new Distribution(arguments[0]);
    try {
      distribution.layOut(List.of(arguments[1].split(File.pathSeparator)));
      distribution.train();
      distribution.pack();
    } finally {
      delete(distribution.training);
    }
  }

  private void layOut(List<String> classPath) throws IOException {
    delete(home);
    Files.createDirectories(lib);
    copyTree(Path.of("bin"), home.resolve("bin"));
    copyTree(Path.of("docs"), home.resolve("docs"));
    copyTree(Path.of("lib"), lib);
    for (String file : List.of("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE")) {
      if (Files.exists(Path.of(file))) {
        copy(Path.of(file), home.resolve(file));
      }
    }
    copy(Path.of("target", "kelpie.jar"), lib.resolve("kelpie.jar"));
    for (String entry : classPath) {
      if (entry.endsWith(".jar")) {
        copy(Path.of(entry), lib.resolve(Path.of(entry).getFileName()));
      }
    }
  }

  /// Lets `sheep` serve while `dog` goes through its commands.
  private void train() throws IOException, InterruptedException {
    String port = "" + freePort();
    Path base = training.resolve("base");
    Process sheep =
        start("sheep", Map.of(), "-f", "-p", port, "--nbd", "unix:" + training.resolve("nbd"),
            "-w", "size=64M,keep=always", base.toString());
    Path log = base.resolve("sheep.log");
    while (sheep.isAlive() && !(Files.exists(log) && Files.readString(log).contains("started"))) {
      Thread.sleep(20);
    }
    String at = " -p " + port;
    Files.write(training.resolve("dog.in"), new byte[1 << 20]);
    run(start("dog", Map.of("KELPIE_AOT_MAIN", "dev.kelpie.dog.Rehearsal"),
        DOG_COMMANDS.lines().map(line -> line + at).toArray(String[]::new)));
    sheep.destroy();
    run(sheep);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /// Starts a program by its launcher, so that the flags are those of later.
  ///
  /// @param more environment variables
  private Process start(String program, Map<String, String> more, String... words)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(home.resolve("bin").resolve(program).toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.put("KELPIE_JAVA_HOME", System.getProperty("java.home"));
    environment.putAll(more);
    environment.put("KELPIE_AOT_OUTPUT", lib.resolve(program + ".aot").toString());
    Path input = training.resolve(program + ".in");
    if (Files.exists(input)) {
      builder.redirectInput(input.toFile());
    }
    return builder
        .redirectErrorStream(true)
        .redirectOutput(training.resolve(program + ".out").toFile())
        .start();
  }

  private void run(Process process) throws IOException, InterruptedException {
    boolean ended = process.waitFor(TRAINING_SECONDS_MAX, TimeUnit.SECONDS);
    if (!ended || process.exitValue() != 0) {
      process.destroyForcibly();
      try (Stream<Path> files = Files.list(training)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".out")).toList()) {
          System.err.println(file.getFileName() + ":\n" + Files.readString(file));
        }
      }
      throw new IOException("a training run failed: " + process.info().commandLine().orElse("?"));
    }
  }

  private void pack() throws IOException, InterruptedException {
    Path target = home.getParent();
    String name = home.getFileName().toString();
    Process tar =
        new ProcessBuilder(
                "tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-czf",
                target.resolve(name + ".tar.gz").toString(), "-C", target.toString(), name)
            .inheritIO()
            .start();
    if (tar.waitFor() != 0) {
      throw new IOException("tar failed");
    }
  }

  private static void copyTree(Path from, Path to) throws IOException {
    if (!Files.exists(from)) {
      return;
    }
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          copy(file, copy);
        }
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.copy(
        from,
        to,
        StandardCopyOption.COPY_ATTRIBUTES,
        StandardCopyOption.REPLACE_EXISTING,
        LinkOption.NOFOLLOW_LINKS);
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> files = Files.walk(tree)) {
      files.sorted(Comparator.reverseOrder()).forEach(Distribution::deleteOne);
    }
  }

  private static void deleteOne(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

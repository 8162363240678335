package dev.kelpie.micro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.generators.core.BenchmarkGenerator;
import org.openjdk.jmh.generators.core.FileSystemDestination;
import org.openjdk.jmh.generators.reflection.RFGeneratorSource;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Runs the benchmarks of this package whose names fit a pattern, and prints a table: `Micro
/// DIRECTORY [PATTERN]`. What JMH needs beside the benchmarks is generated and compiled into the
/// directory, which has to be on the class path. `bench/micro` starts it.
final class Micro {
  private static final List<Class<?>> BENCHMARKS =
      List.of(
          WireHeaders.class,
          NbdRequests.class,
          CachedReads.class,
          BlockChecksum.class,
          Placement.class);

  private static final String ALLOCATED = "gc.alloc.rate.norm";

  /// Those of the daemon, as far as they matter here, and what JMH wants of this Java.
  private static final String[] JVM = {
    "-XX:+UseSerialGC",
    "-Xmx256m",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow"
  };

  private Micro() {}

  public static void main(String[] words) throws IOException, RunnerException {
    Path directory = Path.of(words[0]);
    generate(directory);
    Path log = directory.resolve("jmh.log");
    System.err.println("measuring; JMH's own words go to " + log);
    OptionsBuilder options = new OptionsBuilder();
    options
        .include(words.length > 1 ? words[1] : ".")
        .mode(Mode.AverageTime)
        .timeUnit(TimeUnit.NANOSECONDS)
        .forks(2)
        .warmupIterations(3)
        .warmupTime(TimeValue.seconds(1))
        .measurementIterations(4)
        .measurementTime(TimeValue.seconds(1))
        .addProfiler(GCProfiler.class)
        .jvmArgs(JVM)
        .shouldFailOnError(true)
        .verbosity(VerboseMode.NORMAL)
        .output(log.toString());
    print(new Runner(options.build()).run());
  }

  /// The code that calls the benchmarks, and the list that [Runner] reads.
  private static void generate(Path directory) throws IOException {
    Path sources = Files.createDirectories(directory.resolve("sources"));
    RFGeneratorSource source = new RFGeneratorSource();
    source.processClasses(BENCHMARKS.toArray(Class<?>[]::new));
    FileSystemDestination destination =
        new FileSystemDestination(directory.toFile(), sources.toFile());
    BenchmarkGenerator generator = new BenchmarkGenerator();
    generator.generate(source, destination);
    generator.complete(source, destination);
    if (destination.hasErrors()) {
      throw new IllegalStateException("JMH refuses a benchmark: " + destination.getErrors());
    }
    compile(sources, directory);
  }

  private static void compile(Path sources, Path into) throws IOException {
    List<String> words =
        new ArrayList<>(
            List.of("-nowarn", "-proc:none", "-d", into.toString(), "-cp", classPath()));
    try (Stream<Path> files = Files.walk(sources)) {
      files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(words::add);
    }
    int status =
        ToolProvider.getSystemJavaCompiler().run(null, null, null, words.toArray(String[]::new));
    if (status != 0) {
      throw new IllegalStateException("what JMH generated in " + sources + " does not compile");
    }
  }

  private static String classPath() {
    return Optional.ofNullable(System.getProperty("java.class.path")).orElseThrow();
  }

  private static void print(Collection<RunResult> results) {
    System.out.println("| operation | ns | +- (99.9 %) | bytes allocated |");
    System.out.println("|---|---:|---:|---:|");
    results.stream()
        .sorted(Comparator.comparing(Micro::name))
        .forEach(result -> {
          Result<?> time = result.getPrimaryResult();
          var beside = result.getSecondaryResults();
          Result<?> allocated = Optional.ofNullable(beside.get(ALLOCATED)).orElseThrow();
          System.out.printf(
              "| %s | %.1f | %.1f | %.0f |%n",
              name(result), time.getScore(), time.getScoreError(), allocated.getScore());
        });
  }

  private static String name(RunResult result) {
    String full = result.getParams().getBenchmark();
    return full.substring(full.lastIndexOf('.', full.lastIndexOf('.') - 1) + 1);
  }
}

package dev.kelpie.sheep;

import dev.kelpie.config.Version;
import dev.kelpie.log.FileSink;
import dev.kelpie.log.LogSink;
import dev.kelpie.log.QueuedLog;
import dev.kelpie.log.SyslogSink;
import dev.kelpie.log.TerminalSink;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The program `sheep`. Exit status 0 after help and after an orderly end, 1 where it could not
/// start or could not end without an error; other values mean that the process died.
public final class Sheep {
  private static final String NAME = "sheep";

  private final Launch launch;
  private final SheepConfig config;
  private final SheepNode.StoreFront front;
  private final Failures failures = new Failures();
  private final Platform platform = JvmPlatform.open(failures);

  private Sheep(Launch launch, SheepConfig config, SheepNode.StoreFront front) {
    this.launch = launch;
    this.config = config;
    this.front = front;
  }

  /// Runs until the daemon was told to stop, and ends the process.
  public static void main(String[] words) {
    System.exit(run(Launch.read(), List.of(words), SheepNode.StoreFront.NONE));
  }

  /// Runs until the daemon was told to stop.
  ///
  /// @return the exit status
  static int run(Launch launch, List<String> words, SheepNode.StoreFront front) {
    try {
      Detachment.nameProcess(NAME);
      return switch (CommandLine.read(launch.program(), words, launch.directory())) {
        case CommandLine.Wish.Print(String text) -> {
          System.out.print(text);
          yield 0;
        }
        case CommandLine.Wish.Serve(SheepConfig config) -> new Sheep(launch, config, front).serve();
      };
    } catch (Refusal e) {
      System.err.println(e.text());
      System.out.print(e.explanation());
      return 1;
    } catch (IOException e) {
      System.err.println("sheep cannot run: " + e);
      return 1;
    }
  }

  /// The life of the daemon. Whatever can be refused is looked at before anything is created, and
  /// the terminal hears of it.
  private int serve() throws Refusal, IOException {
    checkLogDirectory();
    Optional<Certificates> certificates = readCertificates();
    try (BaseDirectory base = BaseDirectory.look(platform.disk(), config.base());
        Ports ports = Ports.bind(platform.network(), config)) {
      base.create(platform.chance());
      ports.bindSockets();
      try (QueuedLog log = new QueuedLog(openLog(), config.logging().level())) {
        failures.logTo(log);
        config.remarks().forEach(log::notice);
        ports.remarks().forEach(log::warn);
        Entrances entrances = new Entrances(config.clients(), ports, certificates);
        entrances.report(log);
        return serve(base, entrances, log);
      }
    }
  }

  private int serve(BaseDirectory base, Entrances entrances, QueuedLog log) {
    Shutdown shutdown = new Shutdown(log);
    try (Closeable _ = writePidFile();
        SheepNode _ = SheepNode.start(config, base, platform, log, front, entrances, shutdown)) {
      shutdown.listen(() -> entrances.readAgain(log));
      log.info("sheepdog daemon (version " + Version.text() + ") started");
      if (launch.pipe().isPresent()) {
        new Detachment().detach(config.base(), launch.pipe().getAsInt());
      }
      shutdown.await();
    } catch (Refusal | IOException e) {
      return failed(log, e);
    }
    log.info("shutdown");
    return 0;
  }

  /// The terminal hears of it too, as long as there is one.
  private int failed(QueuedLog log, Exception e) {
    String text = e instanceof IOException failure ? SystemText.naming(failure) : e.getMessage();
    String said = Optional.ofNullable(text).orElse(e.toString());
    log.error(said);
    if (config.logging().destination() != SheepConfig.LogDestination.TERMINAL) {
      System.err.println(said);
    }
    return 1;
  }

  private Optional<Certificates> readCertificates() throws Refusal {
    return config.clients().tls().isPresent()
        ? Optional.of(Certificates.read(config.clients().tls().get(), platform))
        : Optional.empty();
  }

  private void checkLogDirectory() throws Refusal {
    Optional<Path> directory = config.logging().directory();
    if (directory.isPresent() && !Files.isDirectory(directory.get())) {
      throw Files.exists(directory.get())
          ? new Refusal("log dir: " + directory.get() + " is not a directory")
          : new Refusal("stat() failed on " + directory.get() + ", No such file or directory");
    }
  }

  private LogSink openLog() throws Refusal {
    SheepConfig.Logging logging = config.logging();
    Path file = logging.directory().orElse(config.base()).resolve("sheep.log");
    try {
      return switch (logging.destination()) {
        case FILE -> new FileSink(file, logging.format(), config.port());
        case SYSLOG -> new SyslogSink(NAME, logging.format(), config.port());
        case TERMINAL ->
            new TerminalSink(System.err, logging.format(), config.port(), launch.terminal());
      };
    } catch (IOException e) {
      throw new Refusal("cannot open the log " + file + " (" + SystemText.of(e) + ")", e);
    }
  }

  private Closeable writePidFile() throws Refusal {
    return config.pidFile().isPresent() ? PidFile.write(config.pidFile().get()) : () -> {};
  }
}

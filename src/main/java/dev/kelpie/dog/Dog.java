package dev.kelpie.dog;

import dev.kelpie.config.Getopt;
import dev.kelpie.config.Option;
import dev.kelpie.config.OptionError;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.wire.MalformedPayload;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The admin program (spec/cli.md §3).
public final class Dog {
  private static final String TRY_HELP = "Try 'dog --help' for more information.";
  private static final List<String> HELP = List.of("help", "--help", "-h");
  private static final double NANOS = 1e9;

  private final String program;
  private final Console console;
  private final Network network;
  private final Clock clock;
  private final Map<String, String> environment;
  private final long started;

  Dog(
      String program,
      Console console,
      Network network,
      Clock clock,
      Map<String, String> environment) {
    this.program = program;
    this.console = console;
    this.network = network;
    this.clock = clock;
    this.environment = environment;
    started = clock.nanos();
  }

  /// Runs one command and exits. The launcher hands over the name that it was called by as system
  /// property `kelpie.program`.
  @SuppressWarnings("resource") // the standard streams stay open to the end
  public static void main(String[] args) {
    Console console =
        new Console(
            new FileInputStream(FileDescriptor.in).getChannel(),
            new FileOutputStream(FileDescriptor.out).getChannel(),
            new FileOutputStream(FileDescriptor.err).getChannel(),
            new Terminal.Standard());
    Dog dog =
        new Dog(
            System.getProperty("kelpie.program", "dog"),
            console,
            JvmPlatform.network(),
            JvmPlatform.clock(),
            System.getenv());
    System.exit(dog.run(ArgumentBytes.of(args)));
  }

  /// Runs one command.
  ///
  /// @param words the command line without the program, each `char` a byte
  /// @return the exit status
  int run(List<String> words) {
    try {
      int status = reporting(words);
      console.flush();
      return status;
    } catch (Failure e) {
      return e.exitStatus(); // standard output or standard error is gone
    }
  }

  private int reporting(List<String> words) throws Failure {
    try {
      CommandLog.write(environment, clock, console, words);
      return dispatch(words);
    } catch (Failure e) {
      return report(e);
    } catch (MalformedPayload e) {
      return report(unreadable(e));
    } catch (NotConfirmed e) {
      return ExitStatus.SUCCESS;
    }
  }

  private int report(Failure e) throws Failure {
    for (String line : e.lines()) {
      console.error(line);
    }
    return e.exitStatus();
  }

  private static Failure unreadable(MalformedPayload e) {
    return new Failure(
        ExitStatus.SYSTEM, "The answer of the sheep cannot be read: " + e.getMessage());
  }

  private int dispatch(List<String> words) throws Failure, MalformedPayload, NotConfirmed {
    if (words.isEmpty() || HELP.contains(words.getFirst())) {
      console.print(Usage.overview());
      return ExitStatus.SUCCESS;
    }
    String command = words.getFirst();
    List<Subcommand> available = CommandTable.of(command);
    if (available.isEmpty()) {
      console.error("Invalid command '" + command + "'");
      console.error(TRY_HELP);
      return ExitStatus.USAGE;
    }
    if (words.size() < 2 || HELP.contains(words.get(1))) {
      return listSubcommands(command, available);
    }
    Optional<Subcommand> found = CommandTable.find(command, words.get(1));
    if (found.isEmpty()) {
      console.error("Invalid command '" + command + " " + words.get(1) + "'");
      return listSubcommands(command, available);
    }
    return readOptions(found.get(), words.subList(2, words.size()));
  }

  private int listSubcommands(String command, List<Subcommand> available) throws Failure {
    console.error("Available " + command + " commands:");
    for (Subcommand subcommand : available) {
      console.error("  " + subcommand.path());
    }
    return ExitStatus.USAGE;
  }

  private int readOptions(Subcommand subcommand, List<String> words)
      throws Failure, MalformedPayload, NotConfirmed {
    Options options = new Options();
    takeEnvironment(options);
    List<Option> taken = OptionTable.of(subcommand.command(), subcommand.letters());
    taken.add(OptionTable.TLS_DIRECTORY);
    Getopt getopt = new Getopt(program, words, taken);
    boolean vdi = subcommand.command().equals("vdi");
    try {
      for (Optional<Getopt.Given> given = getopt.next(); given.isPresent(); given = getopt.next()) {
        if (given.get().option().letter() == 'h') {
          console.print(Usage.of(subcommand, List.of()));
          return ExitStatus.SUCCESS;
        }
        options.take(given.get(), vdi);
      }
    } catch (OptionError e) {
      console.error(String.valueOf(e.getMessage()));
      console.error(TRY_HELP);
      return ExitStatus.USAGE;
    }
    return run(
        subcommand, new Invocation(console, network(options), clock, options, getopt.arguments()));
  }

  private Network network(Options options) throws Failure {
    return options.tlsDirectory().isEmpty()
        ? network
        : EncryptedNetwork.open(network, options.tlsDirectory().get(), options, clock);
  }

  private void takeEnvironment(Options options) throws Failure {
    String address = environment.get("SHEEPDOG_DOG_ADDR");
    if (address != null) {
      options.takeAddress(address);
    }
    String certificates = environment.get("KELPIE_TLS_DIR");
    if (certificates != null && !certificates.isEmpty()) {
      options.takeTlsDirectory(Path.of(certificates));
    }
    String port = environment.get("SHEEPDOG_DOG_PORT");
    if (port != null) {
      options.takePort(port);
    }
  }

  private int run(Subcommand subcommand, Invocation in)
      throws Failure, MalformedPayload, NotConfirmed {
    List<Subcommand.Word> taken = new ArrayList<>();
    try {
      if (subcommand.memberList()) {
        in.members();
      }
      if (subcommand.argument() && in.peekArgument().isEmpty()) {
        throw new WrongUsage();
      }
      String words = takeWords(subcommand, in, taken);
      return timed(Commands.of(words), in);
    } catch (WrongUsage e) {
      for (String line : e.lines()) {
        console.error(line);
      }
      console.print(Usage.of(subcommand, taken));
      return e.exitStatus();
    }
  }

  /// Takes the further words of a command.
  ///
  /// @param taken where they go, one by one
  /// @return all words of the command
  private static String takeWords(Subcommand subcommand, Invocation in, List<Subcommand.Word> taken)
      throws Failure, MalformedPayload, WrongUsage {
    String path = subcommand.path();
    List<Subcommand.Word> next = subcommand.words();
    while (!next.isEmpty()) {
      Subcommand.Word word = takeWord(subcommand, next, in);
      path += " " + word.name();
      taken.add(word);
      checkWord(word, in);
      next = word.words();
    }
    return path;
  }

  private static Subcommand.Word takeWord(
      Subcommand subcommand, List<Subcommand.Word> among, Invocation in) throws WrongUsage {
    Optional<String> word = in.nextArgument();
    if (word.isEmpty() && !subcommand.argument()) {
      return among.getFirst();
    }
    return Subcommand.find(among, word.orElse(""))
        .orElseThrow(() -> new WrongUsage(ExitStatus.FAILURE));
  }

  private static void checkWord(Subcommand.Word word, Invocation in)
      throws Failure, MalformedPayload, WrongUsage {
    if (word.memberList()) {
      in.members();
    }
    if (word.argument() && in.peekArgument().orElse("").isEmpty()) {
      throw new WrongUsage();
    }
  }

  /// Runs the command, and says how long everything took where it came to an end by itself.
  private int timed(Command command, Invocation in)
      throws Failure, WrongUsage, MalformedPayload, NotConfirmed {
    int status;
    try {
      status = command.run(in);
    } catch (Failure e) {
      status = report(e);
    } catch (MalformedPayload e) {
      status = report(unreadable(e));
    }
    if (in.options().has('T')) {
      double seconds = (clock.nanos() - started) / NANOS;
      console.print("\nElapsed time: " + Values.decimal(seconds, 3) + " seconds\n");
    }
    return status;
  }
}

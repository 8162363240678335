package dev.kelpie.sheep;

import dev.kelpie.cache.CacheConfig;
import dev.kelpie.config.Addresses;
import dev.kelpie.config.AllowList;
import dev.kelpie.config.BadValue;
import dev.kelpie.config.Getopt;
import dev.kelpie.config.ListenAddress;
import dev.kelpie.config.Numbers;
import dev.kelpie.config.Option;
import dev.kelpie.config.OptionError;
import dev.kelpie.config.Sizes;
import dev.kelpie.config.SubOptions;
import dev.kelpie.config.Version;
import dev.kelpie.log.Level;
import dev.kelpie.log.LogFormat;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/// Reads the command line of `sheep` (spec/cli.md §2.2, §2.3). Values are checked in the order in
/// which they come, as the C program does.
final class CommandLine {
  private static final long CACHE_SIZE_MIN = 10L << 20;
  private static final long CACHE_SIZE_MAX = 4_194_304L << 30;
  private static final int DIRTY_SECONDS_MAX = 3600;

  private final Path directory;
  private int port = SheepConfig.DEFAULT_PORT;
  private Optional<InetAddress> bind = Optional.empty();
  private Optional<ListenAddress> nbd = Optional.empty();
  private Optional<ListenAddress> status = Optional.empty();
  private Optional<AllowList> allowed = Optional.empty();
  private Optional<AllowList> nbdAllowed = Optional.empty();
  private Optional<AllowList> statusAllowed = Optional.empty();
  private Optional<Path> tlsDirectory = Optional.empty();
  private Optional<Boolean> tlsRequired = Optional.empty();
  private Optional<InetAddress> advertised = Optional.empty();
  private OptionalLong zone = OptionalLong.empty();
  private ClusterDriver driver = new ClusterDriver.Alone();
  private OptionalInt vnodes = OptionalInt.empty();
  private boolean gateway;
  private Optional<CacheWish> cache = Optional.empty();
  private SheepConfig.Logging logging = SheepConfig.Logging.DEFAULT;
  private Optional<Path> pidFile = Optional.empty();
  private final List<String> remarks = new ArrayList<>();

  private CommandLine(Path directory) {
    this.directory = directory;
  }

  /// What the command line asks for.
  sealed interface Wish {
    /// Run.
    record Serve(SheepConfig config) implements Wish {}

    /// Print this on standard output, and that is all.
    record Print(String text) implements Wish {}
  }

  /// The cache before the base directory is known.
  private record CacheWish(
      long size,
      Optional<Path> directory,
      boolean keepAlways,
      boolean bootSets,
      Duration dirtyTime) {
    SheepConfig.Cache in(Path base) {
      return new SheepConfig.Cache(size, directory.orElse(base), keepAlways, bootSets, dirtyTime);
    }
  }

  /// Reads a command line.
  ///
  /// @param program as it was called, for error lines
  /// @param directory that relative paths start from
  static Wish read(String program, List<String> words, Path directory) throws Refusal {
    CommandLine line = new CommandLine(directory);
    Getopt getopt = new Getopt(program, words, SheepOptions.ALL);
    try {
      for (var given = getopt.next(); given.isPresent(); given = getopt.next()) {
        Option option = given.get().option();
        if (option.letter() == 'h') {
          return new Wish.Print(SheepOptions.help());
        }
        if (option.letter() == 'v') {
          return new Wish.Print("Sheepdog daemon version " + Version.text() + "\n");
        }
        line.take(option, given.get().value());
      }
    } catch (OptionError e) {
      throw wrongOption(e);
    } catch (BadValue e) {
      throw new Refusal(e.text());
    }
    return new Wish.Serve(line.config(getopt.arguments()));
  }

  private static Refusal wrongOption(OptionError e) {
    String more = e.option().map(SheepOptions::more).orElse("");
    return more.isEmpty()
        ? new Refusal(e.text() + "\nTry 'sheep --help' for more information.")
        : new Refusal(e.text(), more);
  }

  private void take(Option option, String value) throws BadValue, Refusal {
    switch (option.name()) {
      case "bindaddr" -> bind = Optional.of(address(value, "Bad address '" + value + "'"));
      case "cluster" -> driver = ClusterDriver.parse(value, directory);
      case "foreground" -> {} // the launcher has seen to it
      case "log" -> logging = logging(value);
      case "port" ->
          port = (int) number(Numbers.port(value), "Invalid port number '" + value + "'");
      case "pidfile" -> pidFile = Optional.of(directory.resolve(value));
      case "cache" -> cache = Optional.of(cache(value));
      case "myaddr" -> advertised = Optional.of(address(value, "Invalid address: '" + value + "'"));
      case "vnodes" -> vnodes = OptionalInt.of(vnodes(value));
      case "zone" -> zone = OptionalLong.of(zone(value));
      case "nbd" -> nbd = Optional.of(listenAddress("NBD", value));
      case "status" -> status = Optional.of(listenAddress("status", value));
      case "allow" -> allowed = Optional.of(AllowList.parse(value));
      case "allow-nbd" -> nbdAllowed = Optional.of(AllowList.parse(value));
      case "allow-status" -> statusAllowed = Optional.of(AllowList.parse(value));
      case "tls" -> tlsRequired = Optional.of(tlsRequired(value));
      case "tls-dir" -> tlsDirectory = Optional.of(directory.resolve(value));
      case "gateway" -> gateway = true;
      case "ioaddr" ->
          throw notYet("-i (address for other nodes)", "nodes meet where clients come");
      case "journal" -> throw notYet("-j (journal)", "the object store logs small writes itself");
      case "http" -> throw notYet("-r (object service over HTTP)", "nothing serves it");
      case "directio",
          "nosync",
          "wq-threads",
          "recovery",
          "upgrade",
          "wildcard-recovery",
          "max-dynamic-threads" ->
          withoutEffect(option, value);
      default -> throw new AssertionError("option --" + option.name() + " has no meaning");
    }
  }

  private static Refusal notYet(String option, String reason) {
    return new Refusal(
        option + " is not supported in this release: " + reason + ". Leave the option out.");
  }

  /// Options of the C program that have nothing to act on here. Their values are checked all the
  /// same, so that a mistake does not show up only in a later release.
  private void withoutEffect(Option option, String value) throws BadValue {
    switch (option.name()) {
      case "wq-threads" ->
          SubOptions.parse(value, List.of("net=", "gway=", "io=", "recovery=", "async="));
      case "recovery" -> SubOptions.parse(value, List.of("max=", "interval="));
      case "max-dynamic-threads" ->
          number(
              Numbers.parse(value, 1, 4_294_967_295L),
              "Invalid number of threads '"
                  + value
                  + "': must be an integer between 1 and 4294967295");
      default -> {}
    }
    remarks.add("option --" + option.name() + " has no effect in this release");
  }

  private static InetAddress address(String value, String complaint) throws BadValue {
    return Addresses.numeric(value).orElseThrow(() -> new BadValue(complaint));
  }

  private static long number(OptionalLong number, String complaint) throws BadValue {
    return number.orElseThrow(() -> new BadValue(complaint));
  }

  private static int vnodes(String value) throws BadValue {
    return (int)
        number(
            Numbers.parse(value, 1, 65_535),
            "Invalid number of vnodes '" + value + "': must be an integer between 1 and 65535");
  }

  private static long zone(String value) throws BadValue {
    return number(
        Numbers.parse(value, 0, 4_294_967_295L),
        "Invalid zone id '" + value + "': must be an integer between 0 and 4294967295");
  }

  private ListenAddress listenAddress(String what, String value) throws BadValue {
    ListenAddress at =
        ListenAddress.parse(value)
            .orElseThrow(() ->
                new BadValue(
                    "Invalid "
                        + what
                        + " address '"
                        + value
                        + "': must be ADDRESS, ADDRESS:PORT, [IPv6]:PORT, unix:PATH or none"));
    return at instanceof ListenAddress.Unix(String path)
        ? new ListenAddress.Unix(directory.resolve(path).toString())
        : at;
  }

  private static boolean tlsRequired(String value) throws BadValue {
    return switch (value) {
      case "require" -> true;
      case "allow" -> false;
      default ->
          throw new BadValue("Invalid value of --tls '" + value + "': must be require or allow");
    };
  }

  private SheepConfig.Clients clients() throws Refusal {
    if (tlsRequired.isPresent() && tlsDirectory.isEmpty()) {
      throw new Refusal("--tls needs certificates: name their directory with --tls-dir");
    }
    return new SheepConfig.Clients(
        allowed,
        nbdAllowed,
        statusAllowed,
        tlsDirectory.map(path -> new SheepConfig.Tls(path, tlsRequired.orElse(true))));
  }

  private CacheWish cache(String value) throws BadValue {
    OptionalLong size = OptionalLong.empty();
    Optional<Path> parent = Optional.empty();
    boolean keepAlways = false;
    boolean bootSets = true;
    Duration dirtyTime = CacheConfig.DIRTY_TIME_DEFAULT;
    List<String> known = List.of("size=", "dir=", "keep=", "bootset=", "dirty=", "directio");
    for (var item : SubOptions.parse(value, known)) {
      switch (item.name()) {
        case "size=" -> size = OptionalLong.of(cacheSize(item.value()));
        case "dir=" -> parent = Optional.of(directory.resolve(item.value()));
        case "keep=" -> keepAlways = keepAlways(item.value());
        case "dirty=" -> dirtyTime = dirtyTime(item.value());
        case "bootset=" -> bootSets = bootSets(item.value());
        default -> remarks.add("directio of the object cache has no effect in this release");
      }
    }
    long bytes = number(size, "object cache size is not set");
    return new CacheWish(bytes, parent, keepAlways, bootSets, dirtyTime);
  }

  /// Whole MiB, as the C program holds it.
  private static long cacheSize(String value) throws BadValue {
    long size = Sizes.parse(value);
    if (size < CACHE_SIZE_MIN || size > CACHE_SIZE_MAX) {
      throw new BadValue(
          "Invalid cache option '" + value + "': size must be between between 10M and 4194304G");
    }
    return size >> 20 << 20;
  }

  private static Duration dirtyTime(String value) throws BadValue {
    return Duration.ofSeconds(
        number(
            Numbers.parse(value, 1, DIRTY_SECONDS_MAX),
            "Invalid cache option 'dirty="
                + value
                + "': must be a number of seconds from 1 to "
                + DIRTY_SECONDS_MAX));
  }

  private static boolean keepAlways(String value) throws BadValue {
    return switch (value) {
      case "always" -> true;
      case "auto" -> false;
      default ->
          throw new BadValue("Invalid cache option 'keep=" + value + "': must be auto or always");
    };
  }

  private static boolean bootSets(String value) throws BadValue {
    return switch (value) {
      case "on" -> true;
      case "off" -> false;
      default ->
          throw new BadValue("Invalid cache option 'bootset=" + value + "': must be on or off");
    };
  }

  private SheepConfig.Logging logging(String value) throws BadValue, Refusal {
    SheepConfig.Logging wish = logging;
    for (var item : SubOptions.parse(value, List.of("level=", "dir=", "format=", "dst="))) {
      String text = item.value();
      wish =
          switch (item.name()) {
            case "level=" ->
                new SheepConfig.Logging(
                    level(text), wish.directory(), wish.format(), wish.destination());
            case "dir=" ->
                new SheepConfig.Logging(
                    wish.level(),
                    Optional.of(directory.resolve(text)),
                    wish.format(),
                    wish.destination());
            case "format=" ->
                new SheepConfig.Logging(
                    wish.level(), wish.directory(), format(text), wish.destination());
            default ->
                new SheepConfig.Logging(
                    wish.level(), wish.directory(), wish.format(), destination(text));
          };
    }
    if (wish.directory().isPresent() && wish.destination() != SheepConfig.LogDestination.FILE) {
      throw new BadValue(
          "logdir ("
              + wish.directory().get()
              + ") is specified but logging destination is "
              + wish.destination().optionName());
    }
    return wish;
  }

  private static Level level(String text) throws Refusal {
    String names =
        Arrays.stream(Level.values()).map(l -> l.optionName() + "\n").collect(Collectors.joining());
    return Level.named(text)
        .orElseThrow(() -> new Refusal("Invalid log level '" + text + "'", names));
  }

  private static LogFormat format(String text) throws BadValue {
    String names =
        Arrays.stream(LogFormat.values())
            .map(f -> "\n\t" + f.optionName())
            .collect(Collectors.joining());
    return LogFormat.named(text)
        .orElseThrow(
            () -> new BadValue("invalid log format: " + text + "\nvalid options are:" + names));
  }

  private static SheepConfig.LogDestination destination(String text) throws BadValue {
    for (SheepConfig.LogDestination destination : SheepConfig.LogDestination.values()) {
      if (destination.optionName().equals(text)) {
        return destination;
      }
    }
    throw new BadValue("invalid type of log destination: " + text);
  }

  private SheepConfig.Place place() throws Refusal {
    if (gateway && !driver.isShared()) {
      throw new Refusal(
          "-g: a node that is alone has to store its objects itself; name the cluster with -c");
    }
    return new SheepConfig.Place(driver, advertised, zone, gateway ? OptionalInt.of(0) : vnodes);
  }

  private SheepConfig config(List<String> arguments) throws Refusal {
    if (arguments.isEmpty()) {
      throw new Refusal(
          "no directory given: say where sheep keeps its data,"
              + " for example 'sheep /var/lib/sheepdog'");
    }
    List<Path> paths = new ArrayList<>();
    for (String path : arguments.getFirst().split(",", -1)) {
      if (path.isEmpty()) {
        throw new Refusal(
            "empty path in '" + arguments.getFirst() + "': write DIR or DIR,DISK1,DISK2,...");
      }
      paths.add(directory.resolve(path).normalize());
    }
    Path base = paths.getFirst();
    return new SheepConfig(
        base,
        List.copyOf(paths.subList(1, paths.size())),
        port,
        bind,
        nbd,
        status,
        clients(),
        place(),
        cache.map(wish -> wish.in(base)),
        logging,
        pidFile,
        List.copyOf(remarks));
  }
}

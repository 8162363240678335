package dev.kelpie.dog;

import dev.kelpie.config.Addresses;
import dev.kelpie.config.BadValue;
import dev.kelpie.config.Getopt;
import dev.kelpie.config.Numbers;
import dev.kelpie.config.Option;
import dev.kelpie.config.Sizes;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.Redundancy;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/// The options of a command line, checked one by one as they come (spec/cli.md §3.2, §3.10).
final class Options {
  private static final int PORT_DEFAULT = 7000;

  private InetAddress host;
  private String hostText = "127.0.0.1";
  private int port = PORT_DEFAULT;
  private final StringBuilder given = new StringBuilder();
  private Snapshot snapshot = Snapshot.NONE;
  private Snapshot from = Snapshot.NONE;
  private String range = "";
  private String original = "";
  private Redundancy redundancy = Redundancy.DEFAULT;
  private OptionalLong index = OptionalLong.empty();
  private OptionalLong object = OptionalLong.empty();
  private OptionalLong cacheMax = OptionalLong.empty();
  private OptionalLong cacheMin = OptionalLong.empty();
  private String store = "plain";
  private Optional<Path> tlsDirectory = Optional.empty();

  Options() {
    host = address(new byte[] {127, 0, 0, 1});
  }

  /// Where the sheep is that is asked.
  NodeAddress sheep() {
    return NodeAddress.of(host.getAddress(), port);
  }

  /// The same as an address.
  InetAddress host() {
    return host;
  }

  /// The same as it was said: a name, or an address in numbers.
  String hostText() {
    return hostText;
  }

  /// The certificates for TLS; empty for plain bytes.
  Optional<Path> tlsDirectory() {
    return tlsDirectory;
  }

  /// Whether an option was given.
  boolean has(char letter) {
    return given.indexOf(String.valueOf(letter)) >= 0;
  }

  /// `-r`: for programs.
  boolean raw() {
    return has('r');
  }

  /// `-j`: as JSON.
  boolean json() {
    return has('j');
  }

  /// `-v`: say more.
  boolean verbose() {
    return has('v');
  }

  /// `-s` of `dog vdi`.
  Snapshot snapshot() {
    return snapshot;
  }

  /// `-F` of `dog vdi`: the older snapshot.
  Snapshot from() {
    return from;
  }

  /// `-o` of `dog upgrade`: the release that a file is from; empty where it was not said.
  String original() {
    return original;
  }

  /// `-R` of `dog vdi cache`: `OFFSET[:LENGTH]`; empty for all of it.
  String range() {
    return range;
  }

  /// `-c`.
  Redundancy redundancy() {
    return redundancy;
  }

  /// `-i`.
  OptionalLong index() {
    return index;
  }

  /// `-o` of `dog vdi`: an object's id.
  OptionalLong object() {
    return object;
  }

  /// `--max` of `dog vdi cache`, in bytes; 0 for `none`.
  OptionalLong cacheMax() {
    return cacheMax;
  }

  /// `--min` of `dog vdi cache`, in bytes; 0 for `none`.
  OptionalLong cacheMin() {
    return cacheMin;
  }

  /// `-b`: a store's name.
  String store() {
    return store;
  }

  /// Takes an option.
  ///
  /// @param vdi whether the command is `dog vdi`, where some letters mean something else
  void take(Getopt.Given option, boolean vdi) throws Failure {
    char letter = option.option().letter();
    String value = option.value();
    if (letter == Option.NO_LETTER) {
      takeTlsDirectory(LocalFiles.path(value, ExitStatus.USAGE, "Invalid directory " + value));
      return;
    }
    given.append(letter);
    switch (letter) {
      case 'a' -> takeAddress(value);
      case 'p' -> takePort(value);
      case 'c' -> redundancy = redundancy(value);
      case 'b' -> store = value;
      case 's' -> {
        if (vdi) {
          snapshot = Snapshot.parse(value);
        }
      }
      case 'R' -> range = value;
      case 'i' -> index = index(value);
      case 'o' -> {
        if (vdi) {
          object = object(value);
        } else {
          original = original(value);
        }
      }
      case 'F' -> from = Snapshot.parseAny(value);
      case 'M' -> cacheMax = limit(value);
      case 'm' -> {
        if (vdi) {
          cacheMin = limit(value);
        }
      }
      default -> {
        // a flag
      }
    }
  }

  /// Names are looked up, as release 1.0.1 does: libvirt asks for `localhost` by default.
  void takeAddress(String text) throws Failure {
    hostText = text;
    Optional<InetAddress> numeric = Addresses.numeric(text);
    if (numeric.isPresent()) {
      host = numeric.get();
      return;
    }
    try {
      if (text.isEmpty()) {
        throw new UnknownHostException(text);
      }
      host = InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new Failure(ExitStatus.FAILURE, "Invalid ip address " + text);
    }
  }

  void takeTlsDirectory(Path directory) {
    tlsDirectory = Optional.of(directory);
  }

  void takePort(String text) throws Failure {
    OptionalLong number = Numbers.port(text);
    if (number.isEmpty()) {
      throw new Failure(ExitStatus.USAGE, "Invalid port number '" + text + "'");
    }
    port = (int) number.getAsLong();
  }

  private static OptionalLong limit(String text) throws Failure {
    if (text.equals("none")) {
      return OptionalLong.of(0);
    }
    try {
      return OptionalLong.of(Sizes.parse(text));
    } catch (BadValue e) {
      throw new Failure(
          ExitStatus.USAGE, String.valueOf(e.getMessage()).lines().toArray(String[]::new));
    }
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }

  private static String original(String text) throws Failure {
    if (!text.equals("v0.7") && !text.equals("v0.8")) {
      throw new Failure(
          ExitStatus.FAILURE,
          "unknown original version: " + text,
          "valid versions are v0.7 or v0.8");
    }
    return text;
  }

  private static Redundancy redundancy(String text) throws Failure {
    int colon = text.indexOf(':');
    if (colon < 0) {
      OptionalLong copies = Numbers.parse(text, 1, Redundancy.COPIES_MAX);
      if (copies.isPresent()) {
        return Redundancy.replicated((int) copies.getAsLong());
      }
    } else {
      OptionalLong data = Numbers.parse(text.substring(0, colon), 2, 16);
      OptionalLong parity = Numbers.parse(text.substring(colon + 1), 1, 15);
      if (data.isPresent() && parity.isPresent() && Long.bitCount(data.getAsLong()) == 1) {
        return Redundancy.erasureCoded((int) data.getAsLong(), (int) parity.getAsLong());
      }
    }
    throw new Failure(
        ExitStatus.FAILURE,
        "Invalid parameter " + text,
        "To create replicated vdi, set -c x",
        "  x(1 to 31)   - number of replicated copies",
        "To create erasure coded vdi, set -c x:y",
        "  x(2,4,8,16)  - number of data strips",
        "  y(1 to 15)   - number of parity strips");
  }

  private static OptionalLong index(String text) throws Failure {
    boolean hex = text.startsWith("0x") || text.startsWith("0X");
    OptionalLong number = hex ? hex(text) : Numbers.parse(text, 0, Long.MAX_VALUE);
    if (number.isEmpty()) {
      throw new Failure(
          ExitStatus.FAILURE,
          "The index must be a decimal integer or a hexadecimal integer started with 0x");
    }
    return number;
  }

  private static OptionalLong object(String text) throws Failure {
    OptionalLong number = hex(text);
    if (number.isEmpty()) {
      throw new Failure(ExitStatus.FAILURE, "object id must be a hex integer");
    }
    return number;
  }

  /// Up to sixteen digits, with or without `0x`.
  static OptionalLong hex(String text) {
    String digits = text.startsWith("0x") || text.startsWith("0X") ? text.substring(2) : text;
    if (digits.isEmpty() || digits.length() > 16) {
      return OptionalLong.empty();
    }
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), 16) < 0) {
        return OptionalLong.empty();
      }
    }
    return OptionalLong.of(Long.parseUnsignedLong(digits, 16));
  }
}

package dev.kelpie.cluster.zookeeper;

import dev.kelpie.config.BadValue;
import dev.kelpie.config.Numbers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// How to reach an ensemble: what follows `zookeeper:` in `sheep -c`, which is
/// `HOST[:PORT],...[/ROOT][,timeout=MS][,config=FILE]`.
///
/// @param servers `host:port`, separated by commas
/// @param root the znode that everything of this cluster lies under
/// @param timeout after which a silent node is taken for dead: at least four ticks of the servers,
///   which are 2 s where they are not set up otherwise. The servers may choose another timeout
/// @param config a file of ZooKeeper's client properties ([ClientSettings])
public record ZooKeeperOptions(
    String servers, String root, Duration timeout, Optional<Path> config) {
  /// Where a cluster lies that names no root.
  public static final String DEFAULT_ROOT = "/kelpie";

  /// What Sheepdog took too.
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  private static final String TIMEOUT = "timeout=";
  private static final String CONFIG = "config=";
  private static final int DEFAULT_PORT = 2181;

  /// A day: ZooKeeper multiplies it by four, in 32 bits.
  private static final long TIMEOUT_MILLIS_MAX = Duration.ofDays(1).toMillis();

  /// A name, an IPv4 address, or an IPv6 address in brackets; then maybe a port.
  private static final Pattern SERVER =
      Pattern.compile("(?<host>[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:(?<port>.*))?");

  private static final Pattern ROOT = Pattern.compile("(/(?!\\.\\.?(/|$))[A-Za-z0-9._:@=-]+)+");

  /// Reads what follows `zookeeper:`.
  public static ZooKeeperOptions parse(String text) throws BadValue {
    List<String> servers = new ArrayList<>();
    String root = "";
    Duration timeout = DEFAULT_TIMEOUT;
    Optional<Path> config = Optional.empty();
    for (String item : text.split(",", -1)) {
      if (item.startsWith(TIMEOUT)) {
        timeout = timeout(item.substring(TIMEOUT.length()));
      } else if (item.startsWith(CONFIG)) {
        config = Optional.of(config(item.substring(CONFIG.length())));
      } else if (!root.isEmpty()) {
        throw new BadValue("invalid option " + item + " after the root of zookeeper's servers");
      } else if (!item.isEmpty()) {
        int slash = item.indexOf('/');
        root = slash < 0 ? "" : root(item.substring(slash));
        servers.add(server(slash < 0 ? item : item.substring(0, slash)));
      }
    }
    if (servers.isEmpty()) {
      throw new BadValue("You must specify zookeeper servers.");
    }
    return new ZooKeeperOptions(
        String.join(",", servers), root.isEmpty() ? DEFAULT_ROOT : root, timeout, config);
  }

  private static String server(String text) throws BadValue {
    var parts = SERVER.matcher(text);
    OptionalLong port = OptionalLong.empty();
    if (parts.matches()) {
      String given = parts.group("port");
      port = given == null ? OptionalLong.of(DEFAULT_PORT) : Numbers.port(given);
    }
    if (port.isEmpty()) {
      throw new BadValue("invalid zookeeper server '" + text + "': it is to be HOST or HOST:PORT");
    }
    return parts.group("host") + ":" + port.getAsLong();
  }

  private static String root(String text) throws BadValue {
    if (!ROOT.matcher(text).matches() || text.equals("/zookeeper")) {
      throw new BadValue(
          "invalid root '"
              + text
              + "' for zookeeper: it is to be a path such as /kelpie or /storage/one, and not"
              + " ZooKeeper's own");
    }
    return text;
  }

  private static Duration timeout(String text) throws BadValue {
    OptionalLong millis = Numbers.parse(text, 1, TIMEOUT_MILLIS_MAX);
    if (millis.isEmpty()) {
      throw new BadValue("Invalid parameter for timeout");
    }
    return Duration.ofMillis(millis.getAsLong());
  }

  private static Path config(String text) throws BadValue {
    if (text.isEmpty()) {
      throw new BadValue("invalid option config= of zookeeper: it is to name a file");
    }
    return Path.of(text);
  }
}

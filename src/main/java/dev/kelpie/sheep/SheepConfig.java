package dev.kelpie.sheep;

import dev.kelpie.config.AllowList;
import dev.kelpie.config.ListenAddress;
import dev.kelpie.log.Level;
import dev.kelpie.log.LogFormat;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What the daemon was asked for. Paths are absolute.
///
/// @param base directory
/// @param disks directories for objects; empty for `<base>/obj`
/// @param port of the Sheepdog protocol
/// @param bind address of the Sheepdog protocol; empty for both loopback addresses
/// @param nbd where to serve NBD; empty for the default address
/// @param status where to serve the status pages; empty for the default address
/// @param clients who may come, and how
/// @param place what the node is among others
/// @param remarks on options that have no effect, for the log
record SheepConfig(
    Path base,
    List<Path> disks,
    int port,
    Optional<InetAddress> bind,
    Optional<ListenAddress> nbd,
    Optional<ListenAddress> status,
    Clients clients,
    Place place,
    Optional<Cache> cache,
    Logging logging,
    Optional<Path> pidFile,
    List<String> remarks) {
  /// The default port of the Sheepdog protocol.
  static final int DEFAULT_PORT = 7000;

  /// What is added to the Sheepdog port for NBD where no address is given, so that several daemons
  /// of one machine do not collide: 7000 makes 10809, NBD's own port.
  static final int NBD_PORT_OFFSET = 3809;

  /// The same for the status pages: 7000 makes 9700.
  static final int STATUS_PORT_OFFSET = 2700;

  /// Who may come, and how.
  ///
  /// @param sheepdog clients of the Sheepdog protocol; empty for everybody
  /// @param nbd clients of NBD; empty for everybody
  /// @param status clients of the status pages; empty for everybody
  /// @param tls empty for plain bytes
  record Clients(
      Optional<AllowList> sheepdog,
      Optional<AllowList> nbd,
      Optional<AllowList> status,
      Optional<Tls> tls) {
    static final Clients DEFAULT =
        new Clients(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  /// What a node is among others.
  ///
  /// @param driver through what it agrees with them
  /// @param advertised the address told to clients and other nodes; empty for the one bound
  /// @param zone the failure zone; empty for one made from the address
  /// @param vnodes how many virtual nodes it has; empty for the number of an average node, 0 for a
  ///   gateway, which stores nothing
  record Place(
      ClusterDriver driver,
      Optional<InetAddress> advertised,
      OptionalLong zone,
      OptionalInt vnodes) {
    static final Place ALONE =
        new Place(
            new ClusterDriver.Alone(), Optional.empty(), OptionalLong.empty(), OptionalInt.empty());
  }

  /// Encryption of what goes over the network.
  ///
  /// @param directory with the certificates
  /// @param required whether clients may not do without
  record Tls(Path directory, boolean required) {}

  /// The object cache.
  ///
  /// @param size in bytes
  /// @param directory in which the cache's own directory is made
  /// @param keepAlways keep pulled blocks even where cache and store share a device
  /// @param bootSets whether to fetch ahead what a VDI's clients read after they opened it
  /// @param dirtyTime how long it may take to push all that a disk has dirty
  record Cache(
      long size, Path directory, boolean keepAlways, boolean bootSets, Duration dirtyTime) {}

  /// The log.
  ///
  /// @param directory of the file; empty for the base directory
  record Logging(
      Level level, Optional<Path> directory, LogFormat format, LogDestination destination) {
    static final Logging DEFAULT =
        new Logging(Level.INFO, Optional.empty(), LogFormat.SERVER, LogDestination.FILE);
  }

  /// Where the log goes.
  enum LogDestination {
    FILE("default"),
    SYSLOG("syslog"),
    TERMINAL("stdout");

    private final String optionName;

    LogDestination(String optionName) {
      this.optionName = optionName;
    }

    String optionName() {
      return optionName;
    }
  }
}

package dev.kelpie.sheep;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.MapSettings;
import dev.kelpie.cluster.local.LocalCoordination;
import dev.kelpie.cluster.local.LocalDirectory;
import dev.kelpie.cluster.zookeeper.ZooKeeperCoordination;
import dev.kelpie.cluster.zookeeper.ZooKeeperOptions;
import dev.kelpie.config.BadValue;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Through what the nodes of a cluster agree (`-c`).
sealed interface ClusterDriver {
  /// What the C program knows and this one does not.
  List<String> FOREIGN = List.of("corosync", "shepherd");

  /// Reads the value of `-c`.
  ///
  /// @param directory that relative paths start from
  static ClusterDriver parse(String value, Path directory) throws BadValue {
    int colon = value.indexOf(':');
    String name = colon < 0 ? value : value.substring(0, colon);
    String option = colon < 0 ? "" : value.substring(colon + 1);
    return switch (name) {
      case "local" ->
          new Local(option.isEmpty() ? Optional.empty() : Optional.of(directory.resolve(option)));
      case "zookeeper" -> new ZooKeeper(ZooKeeperOptions.parse(option));
      default -> throw unknown(value, name);
    };
  }

  private static BadValue unknown(String value, String name) {
    String supported = "\nSupported drivers: local zookeeper";
    return FOREIGN.contains(name)
        ? new BadValue("Cluster driver '" + name + "' is not supported by Kelpie" + supported)
        : new BadValue("Invalid cluster driver '" + value + "'" + supported);
  }

  /// Whether there may be other nodes.
  default boolean isShared() {
    return true;
  }

  /// When nodes that are gone count as out.
  MapSettings settings();

  /// Opens what the nodes agree through; not where the node is alone.
  Coordination open(Platform platform, Log log) throws IOException;

  /// What there is to agree on lies in the node's own directory.
  record Alone() implements ClusterDriver {
    @Override
    public boolean isShared() {
      return false;
    }

    @Override
    public MapSettings settings() {
      return MapSettings.AT_ONCE;
    }

    @Override
    public Coordination open(Platform platform, Log log) throws IOException {
      throw new IOException("a node that is alone agrees with nobody");
    }
  }

  /// The sheep of one machine that name the same directory.
  ///
  /// @param directory empty for the user's own
  record Local(Optional<Path> directory) implements ClusterDriver {
    @Override
    public MapSettings settings() {
      return MapSettings.AT_ONCE;
    }

    @Override
    public Coordination open(Platform platform, Log log) throws IOException {
      Path place =
          directory.isPresent()
              ? LocalDirectory.named(platform.disk(), directory.get())
              : LocalDirectory.standard(platform.disk());
      return new LocalCoordination(platform, log, place);
    }
  }

  /// An ensemble of ZooKeeper.
  record ZooKeeper(ZooKeeperOptions options) implements ClusterDriver {
    @Override
    public MapSettings settings() {
      return MapSettings.DEFAULT;
    }

    @Override
    public Coordination open(Platform platform, Log log) throws IOException {
      return new ZooKeeperCoordination(platform, log, options);
    }
  }
}

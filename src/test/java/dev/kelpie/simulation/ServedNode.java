package dev.kelpie.simulation;

import dev.kelpie.cache.CacheProbe;
import dev.kelpie.cache.ObjectCache;
import dev.kelpie.frontend.nbd.NbdConfig;
import dev.kelpie.frontend.nbd.NbdServer;
import dev.kelpie.frontend.sheepdog.WireDoor;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.SimulatedCrash;
import dev.kelpie.testing.WholeNode;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;

/// A [WholeNode] with its front ends on loopback ports, and [Gates] between the cache and the
/// store.
final class ServedNode {
  static final long CACHE_SIZE = WholeNode.Settings.CACHE_SIZE;

  /// As much as the largest requests need.
  private static final long NBD_MEMORY = 64L << 20;

  private static final Duration LIMIT = Duration.ofSeconds(60);

  final MemoryDisk disk;
  final Gates gates;
  final ObjectCache cache;
  private final WholeNode node;
  private final Platform platform;
  private final WireDoor wire;
  private final Endpoint nbdAt;

  /// Opens what is on the disk, or starts anew.
  ///
  /// @param pushAge how old dirty data may become
  ServedNode(MemoryDisk disk, boolean keepPulled, Duration pushAge) throws IOException {
    this.disk = disk;
    this.node = new WholeNode(disk, new WholeNode.Settings(true, keepPulled, pushAge), Gates::new);
    this.gates = (Gates) node.behind;
    this.cache = node.cache;
    this.platform = node.platform.platform();
    try {
      this.wire =
          node.floor(
              new WireDoor(
                  platform,
                  node.records,
                  node.catalog.clientObjects(),
                  node.catalog,
                  cache,
                  node.store));
      NbdConfig config = new NbdConfig(100, LIMIT, NBD_MEMORY);
      NbdServer nbd =
          node.floor(new NbdServer(platform, Log.NONE, node.exports, config, Access.OPEN));
      Network.Listener listener =
          platform.network().listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
      this.nbdAt = listener.at();
      nbd.serve(listener);
    } catch (IOException | RuntimeException | SimulatedCrash e) {
      node.abandon();
      throw e;
    }
  }

  WireDoor.Client sheepdog() throws IOException {
    return wire.connect();
  }

  NbdClient nbd(String export) throws IOException {
    NbdClient client = NbdClient.connect(platform.network(), nbdAt).greet().structured();
    try {
      client.go(export);
    } catch (AssertionError refused) {
      client.close();
      throw new DiskClient.Refused("export " + export + ": " + refused.getMessage());
    }
    return client;
  }

  /// Fails where something is wrong with the cache while no request is under way; what is written
  /// behind meanwhile may make it look wrong for a moment.
  void check() {
    Error wrong = null;
    for (int i = 0; i < 200; i++) {
      try {
        CacheProbe.check(cache);
        long used = cache.usage().used();
        if (used > CACHE_SIZE) {
          throw new AssertionError(
              "I14: " + used + " bytes of the cache are used, of " + CACHE_SIZE);
        }
        return;
      } catch (Error e) {
        wrong = e;
        java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
      }
    }
    throw wrong;
  }

  void assertEmpty() throws IOException {
    node.assertEmpty();
  }

  /// The orderly end. Clients are gone.
  void close() throws IOException {
    node.close();
  }

  /// Ends what is left of a process whose disk is off.
  void abandon() {
    node.abandon();
  }
}

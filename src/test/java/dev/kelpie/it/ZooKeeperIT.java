package dev.kelpie.it;

import dev.kelpie.cluster.zookeeper.Servers;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Real daemons that agree through a real ensemble of ZooKeeper.
final class ZooKeeperIT {
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path temp;

  private interface Work {
    void on(Flock sheep, Servers servers) throws Exception;
  }

  private void with(Work work) throws Exception {
    try (Servers servers = new Servers(temp.resolve("zookeeper"))) {
      servers.awaitLeader();
      with(servers, work);
    }
  }

  private void with(Servers servers, Work work) throws Exception {
    String driver = "zookeeper:" + servers.addresses() + "/test,timeout=6000";
    try (Flock sheep = new Flock(temp, driver, 3, "-w", "size=100M")) {
      try {
        sheep.format(3);
        sheep.node(0).dog("vdi", "create", "disk", "64M").ok();
        work.on(sheep, servers);
      } catch (Exception | AssertionError e) {
        throw new AssertionError(e.getMessage() + "\n" + sheep.logs(), e);
      }
    }
  }

  private static Ran io(SheepProcess through, String command) {
    return Ran.run(
        "qemu-io", "-f", "raw", "-t", "none", "-c", command, "-c", "flush", through.nbd("disk"));
  }

  /// It is down, and nothing moves: two of three copies are enough.
  @Test
  void aNodeThatRebootsMovesNothing() throws Exception {
    with((sheep, _) -> {
      io(sheep.node(0), "write -P 1 0 40M").ok();
      sheep.node(2).kill();
      sheep.awaitMembers(2);
      io(sheep.node(0), "write -P 2 8M 8M").ok();
      sheep.node(2).start();
      sheep.awaitMembers(3);
      sheep.awaitRecovered();
      sheep.node(0).kill();
      sheep.node(1).kill();
      sheep.node(1).start();
      sheep.awaitMembers(2);
      io(sheep.node(2), "read -P 2 8M 8M").ok();
      io(sheep.node(2), "read -P 1 16M 24M").ok();
    });
  }
}

package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Real daemons that form a cluster on this machine.
final class ClusterIT {
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path temp;

  private interface Work {
    void on(Flock cluster) throws Exception;
  }

  private void with(int count, Work work, String... options) throws Exception {
    try (Flock cluster = new Flock(temp, "local:" + temp.resolve("agreed"), count, options)) {
      try {
        work.on(cluster);
      } catch (Exception | AssertionError e) {
        throw new AssertionError(e.getMessage() + "\n" + cluster.logs(), e);
      }
    }
  }

  private static Ran io(SheepProcess through, String disk, String... commands) {
    List<String> words = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(through.nbd(disk));
    return Ran.run(words.toArray(String[]::new));
  }

  @Test
  void whatIsWrittenThroughOneNodeIsReadThroughTheOthers() throws Exception {
    with(
        3,
        cluster -> {
          cluster.format(2);
          cluster.node(0).dog("vdi", "create", "disk", "64M").ok();
          io(cluster.node(0), "disk", "write -P 1 0 20M", "flush").ok();
          for (int i = 0; i < 3; i++) {
            io(cluster.node(i), "disk", "read -P 1 0 20M", "write -P " + (i + 2) + " 30M 1M").ok();
            io(cluster.node((i + 1) % 3), "disk", "read -P " + (i + 2) + " 30M 1M").ok();
            assertTrue(cluster.node(i).dog("vdi", "list").out().contains("disk"));
          }
        },
        "-w",
        "size=100M");
  }

  @Test
  void aNodeThatIsKilledTakesNothingWithIt() throws Exception {
    with(
        3,
        cluster -> {
          cluster.format(2);
          cluster.node(0).dog("vdi", "create", "disk", "64M").ok();
          FutureTask<Ran> fio = new FutureTask<>(() -> fio(cluster.node(0), 20));
          Thread.startVirtualThread(fio);
          SheepProcess victim = cluster.node(1);
          victim.kill();
          cluster.awaitMembers(2);
          cluster.awaitRecovered();
          victim.start();
          cluster.awaitMembers(3);
          cluster.awaitRecovered();
          fio.get().ok();
          cluster.node(0).kill();
          cluster.awaitMembers(2);
          io(cluster.node(1), "disk", "read 0 64M").ok();
          cluster.node(1).dog("vdi", "check", "disk").ok();
        },
        "-w",
        "size=100M");
  }

  private static Ran fio(SheepProcess through, int seconds) {
    return Ran.run(
        "fio",
        "--name=verified",
        "--ioengine=nbd",
        "--uri=" + through.nbd("disk"),
        "--rw=randrw",
        "--bs=4k",
        "--iodepth=8",
        "--size=64M",
        "--verify=crc32c",
        "--verify_backlog=64",
        "--verify_state_save=0",
        "--fsync=32",
        "--time_based",
        "--runtime=" + seconds);
  }

  @Test
  void allStopTogetherAndComeBack() throws Exception {
    with(
        3,
        cluster -> {
          cluster.format(3);
          cluster.node(0).dog("vdi", "create", "disk", "64M").ok();
          io(cluster.node(0), "disk", "write -P 7 0 40M").ok();
          cluster.node(2).dog("cluster", "shutdown").ok();
          for (SheepProcess node : cluster.nodes()) {
            assertEquals(0, node.awaitEnd(), node::log);
          }
          cluster.nodes().forEach(SheepProcess::start);
          cluster.awaitMembers(3);
          io(cluster.node(1), "disk", "read -P 7 0 40M").ok();
        },
        "-w",
        "size=100M");
  }

  @Test
  void formattingAnewClearsEveryNode() throws Exception {
    with(
        2,
        cluster -> {
          cluster.format(2);
          cluster.node(0).dog("vdi", "create", "disk", "64M").ok();
          io(cluster.node(1), "disk", "write -P 7 0 40M", "flush").ok();
          cluster.format(1);
          assertEquals("", cluster.node(1).dog("vdi", "list", "-r").out());
          cluster.node(1).dog("vdi", "create", "disk", "64M").ok();
          io(cluster.node(0), "disk", "read -P 0 0 64M").ok();
        },
        "-w",
        "size=100M");
  }

  @Test
  void aNodeOfAnotherClusterIsTurnedAway() throws Exception {
    with(
        1,
        cluster -> {
          cluster.format(1);
          cluster.node(0).stop();
          Files.move(temp.resolve("agreed"), temp.resolve("agreed-before"));
          SheepProcess other = cluster.add();
          other.dog("cluster", "format", "-c", "1").ok();
          Process refused = cluster.node(0).launch();
          assertNotEquals(0, refused.waitFor());
          String said = cluster.node(0).output();
          assertTrue(said.contains("belong to another cluster"), said);
        });
  }
}

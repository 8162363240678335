package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.wire.MdInfo;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RecoveryState;
import dev.kelpie.wire.RecoveryThrottling;
import dev.kelpie.wire.ResultCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Recovery, disks and log levels of nodes, and what a cluster says about recovery.
final class RecoveryCommandsTest {
  private static final String HEADER =
      "Nodes In Recovery:\n  Id   Host:Port         V-Nodes       Zone       Progress\n";

  private final DogRun run = new DogRun();

  @Test
  void nodesInRecoveryAreListed() {
    run.dog("node recovery").prints(HEADER);
    run.dog("node recovery -r").prints("");
    run.sheep.desk.recovery.add(new RecoveryState(true, 1, 1, 8));
    run.dog("node recovery")
        .prints(HEADER + "   0   127.0.0.1:7000        128          1       12.5%\n");
    run.sheep.desk.recovery.add(new RecoveryState(true, 1, 1, 8));
    run.dog("node recovery info -r").prints("0 127.0.0.1:7000 128 1 1 8\n");
  }

  @Test
  void recoveryOfANodeThatRefusesOrIsGone() {
    run.sheep.refusals.put(Opcode.STAT_RECOVERY, ResultCode.WAIT_FOR_FORMAT);
    run.dog("node recovery").prints(HEADER, "Waiting for cluster to be formatted\n", 1);
    run.dog("node recovery -P").fails("Waiting for cluster to be formatted\n", 2);
    run.sheep.refusals.clear();
    run.sheep.nodes.add(FakeSheep.node(7001, 128, 2));
    run.dog("node recovery -r")
        .fails("failed to connect to 127.0.0.1:7001: Connection refused\n".repeat(2), 2);
  }

  @Test
  void theProgressOfANodeIsFollowedToItsEnd() {
    run.dog("node recovery -P").prints("");
    run.sheep.desk.recovery.add(new RecoveryState(true, 0, 0, 0));
    run.dog("node recovery -P").prints("\rpreparing a checked object list...");
    run.sheep.desk.recovery.add(new RecoveryState(true, 2, 0, 0));
    run.dog("node recovery -P").prints("\rnotifying a completion of recovery...");
    run.terminal = DogRun.terminalOf(40);
    run.sheep.desk.recovery.add(new RecoveryState(true, 1, 5, 10));
    run.dog("node recovery -P").prints("\r 50.0 % [=====>    ] 5 / 10             ");
  }

  @Test
  void throttlingIsSetAndShown() {
    run.dog("node recovery set-throttle 10 200").prints("");
    assertEquals(new RecoveryThrottling(10, 200, true), run.sheep.desk.throttling);
    run.dog("node recovery get-throttle").fails("max (10), interval (200)\n", 0);
    run.dog("node recovery set-throttle 0 0").prints("");
    assertEquals(new RecoveryThrottling(0, 0, false), run.sheep.desk.throttling);
  }

  @Test
  void throttlingThatMakesNoSense() {
    run.dog("node recovery set-throttle 10")
        .fails("Invalid interval max (10), interval ((null))\n", 64);
    run.dog("node recovery set-throttle 10 0")
        .fails("Invalid interval max (10), interval (0)\n", 64);
    run.dog("node recovery set-throttle 0 10")
        .fails("Invalid interval max (0), interval (10)\n", 64);
    run.dog("node recovery set-throttle x 10").fails("Invalid max (x)\n", 64);
    run.dog("node recovery set-throttle 10 x").fails("Invalid interval (x)\n", 64);
    run.sheep.refusals.put(Opcode.SET_RECOVERY, ResultCode.EIO);
    run.dog("node recovery set-throttle 10 1").fails("Failed to execute request\n", 255);
    run.sheep.refusals.put(Opcode.GET_RECOVERY, ResultCode.EIO);
    run.dog("node recovery get-throttle").fails("Failed to execute request\n", 255);
  }

  @Test
  void theLogsLevelIsShownAndChanged() {
    run.dog("node log level get").fails("info (6)\n", 0);
    run.dog("node log level set debug").prints("");
    assertEquals(7, run.sheep.desk.logLevel);
    String levels =
        """
        emerg\t(0)
        alert\t(1)
        crit\t(2)
        err\t(3)
        warning\t(4)
        notice\t(5)
        info\t(6)
        debug\t(7)
        """;
    run.dog("node log level list").fails(levels, 0);
    run.dog("node log level set loud")
        .fails("invalid loglevel: loud\navailable loglevels:\n" + levels, 255);
    run.sheep.refusals.put(Opcode.GET_LOGLEVEL, ResultCode.EIO);
    run.dog("node log level get").fails("Failed to execute request\n", 255);
    DogRun.withoutSheep()
        .dog("node log level get")
        .fails(
            "failed to connect to 127.0.0.1:7000: Connection refused\n".repeat(2)
                + "Failed to execute request\n",
            255);
  }

  private void disks() {
    run.sheep.desk.disks.add(new MdInfo.MdDisk(0, 75L << 30, 25L << 30, "/a"));
    run.sheep.desk.disks.add(new MdInfo.MdDisk(1, 0, 0, "/b"));
  }

  @Test
  void disksAreListed() {
    disks();
    String lines = " 0\t100 GB\t25 GB\t75 GB\t 25%\t/a\n 1\t0.0 MB\t0.0 MB\t0.0 MB\t  0%\t/b\n";
    String header = "Id\tSize\tUsed\tAvail\tUse%\tPath\n";
    run.dog("node md info").prints(header + lines);
    run.dog("node md info -A").prints(header + "Node 0:\n" + lines);
    run.dog("node md info -r")
        .prints(
            """
            127.0.0.1:7000 0 107374182400 26843545600 80530636800 25% /a
            127.0.0.1:7000 1 0 0 0 0% /b
            """);
    run.sheep.refusals.put(Opcode.MD_INFO, ResultCode.WAIT_FOR_FORMAT);
    run.dog("node md info -r")
        .fails("failed to get multi-disk information: Waiting for cluster to be formatted\n", 1);
  }

  @Test
  void disksComeAndGo() {
    run.dog("node md plug -f /c,/d").prints("");
    run.dog("node md unplug -f /c").prints("");
    assertEquals(
        List.of("MD_PLUG /c,/d\0", "MD_UNPLUG /c\0"), List.copyOf(run.sheep.desk.diskChanges));
    run.sheep.refusals.put(Opcode.MD_UNPLUG, ResultCode.EIO);
    run.dog("node md unplug -f /c")
        .fails("Failed to execute request, look for sheep.log for more information\n", 1);
  }

  @Test
  void disksChangeOnlyWhereTheOperatorSaysYes() {
    String picture = "    __\n   ()'`;\n   /\\|`\n  /  |   ";
    String question = "\n(/_)_|_  Are you sure you want to continue? [yes/no]: ";
    run.dog("node md plug /c")
        .prints(picture + "Caution! The directories to be plugged will be purged." + question);
    run.dog("node md unplug /c")
        .prints(picture + "Caution! Recovery will be triggered after unplugging." + question);
    assertEquals(List.of(), run.sheep.desk.diskChanges);
  }

  @Test
  void disksAreListedAsJson() {
    disks();
    String expected =
        "[{\"node\":\"127.0.0.1:7000\",\"disks\":["
            + "{\"id\":0,\"path\":\"/a\",\"size\":107374182400,\"used\":26843545600,"
            + "\"free\":80530636800},"
            + "{\"id\":1,\"path\":\"/b\",\"size\":0,\"used\":0,\"free\":0}]}]\n";
    run.dog("node md info -j").prints(expected);
    run.dog("node md info -A -j").prints(expected);
  }

  @Test
  void recoveryOfTheClusterIsSwitched() {
    run.dog("cluster recover enable").prints("Cluster recovery: enable\n");
    run.dog("cluster recover disable").prints("Cluster recovery: disable\n");
    assertEquals(List.of(Opcode.ENABLE_RECOVER, Opcode.DISABLE_RECOVER), run.sheep.opcodes());
    run.sheep.refusals.put(Opcode.ENABLE_RECOVER, ResultCode.WAIT_FOR_FORMAT);
    run.dog("cluster recover enable")
        .fails("Response's result: Waiting for cluster to be formatted\n", 1);
  }

  @Test
  void recoveryIsForcedAfterAQuestion() {
    run.dog("cluster recover force");
    assertEquals(0, run.status());
    assertEquals(8, run.out().lines().count());
    assertTrue(run.out().endsWith("\n\nAre you sure you want to continue? [yes/no]: "), run.out());
    assertEquals(List.of(), run.sheep.opcodes());
    run.input = "yes\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("cluster recover force");
    assertEquals(List.of(Opcode.FORCE_RECOVER), run.sheep.opcodes());
    run.sheep.refusals.put(Opcode.FORCE_RECOVER, ResultCode.FORCE_RECOVER);
    run.dog("cluster recover -f force")
        .fails(
            "failed to execute request, Cluster is running/halted and cannot be force recovered\n",
            1);
  }

  @Test
  void theClusterIsReweighted() {
    run.dog("cluster reweight").prints("");
    run.sheep.refusals.put(Opcode.REWEIGHT, ResultCode.EIO);
    run.dog("cluster reweight").fails("Response's result: I/O error\n", 1);
    DogRun.withoutSheep()
        .dog("cluster reweight")
        .fails("failed to connect to 127.0.0.1:7000: Connection refused\n".repeat(2), 1);
  }

  @Test
  void cachesAreDropped() {
    run.sheep.vdi(FakeSheep.working("vm", 0x100, 0));
    run.dog("vdi cache delete vm").prints("");
    run.dog("vdi cache purge vm").prints("");
    run.dog("vdi cache purge -f vm")
        .fails("7 bytes of writes that were not in the store yet are dropped\n", 0);
    String question = "This operation purges the cache of all the vdi. Continue? [yes/no]: ";
    int before = run.sheep.requests.size();
    run.dog("vdi cache purge").prints(question);
    assertEquals(before, run.sheep.requests.size());
    run.input = "yes\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("vdi cache purge").prints(question);
    assertEquals(0, run.sheep.requests.getLast().flags());
    run.sheep.refusals.put(Opcode.DELETE_CACHE, ResultCode.EIO);
    run.dog("vdi cache delete vm")
        .fails("Response's result: I/O error\nfailed to execute request\n", 1);
    run.dog("vdi cache delete gone")
        .fails("Failed to open VDI gone (snapshot id: 0 snapshot tag: ): No VDI found\n", 1);
  }
}

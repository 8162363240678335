package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ClusterCommandsTest {
  private static final String PICTURE =
      """
          __
         ()'`;
         /\\|`
        /  |   Caution! The cluster is not empty.
      (/_)_|_  Are you sure you want to continue? [yes/no]:\
      """
          + " ";

  private static EpochLog epoch(int number, long time, boolean recoveryDisabled, Node... nodes) {
    return new EpochLog(
        (FakeSheep.NOW - 36) << 32,
        time,
        number,
        recoveryDisabled,
        3,
        0,
        0,
        "plain",
        List.of(nodes));
  }

  private static DogRun twoEpochs(boolean recoveryDisabled) {
    DogRun run = new DogRun();
    Node a = FakeSheep.node(7000, 128, 0);
    Node b = FakeSheep.node(7001, 128, 1);
    run.sheep.epoch = 2;
    run.sheep.epochs.add(epoch(2, FakeSheep.NOW + 86, recoveryDisabled, a));
    run.sheep.epochs.add(epoch(1, FakeSheep.NOW, recoveryDisabled, a, b));
    return run;
  }

  @Test
  void infoOfARunningCluster() {
    twoEpochs(false)
        .dog("cluster info")
        .prints(
            """
            Cluster status: running, auto-recovery enabled

            Cluster created at Sun Nov 22 13:33:39 2026

            Epoch Time           Version
            2026-11-22 13:35:41      2 [127.0.0.1:7000]
            2026-11-22 13:34:15      1 [127.0.0.1:7000, 127.0.0.1:7001]
            """);
  }

  @Test
  void infoWithMoreToSay() {
    twoEpochs(true)
        .dog("cluster info -v")
        .prints(
            """
            Cluster status: running, auto-recovery disabled
            Cluster store: plain with 3 redundancy policy
            Cluster vnode mode: node
            Cluster created at Sun Nov 22 13:33:39 2026

            Epoch Time           Version
            2026-11-22 13:35:41      2 [127.0.0.1:7000]
            2026-11-22 13:34:15      1 [127.0.0.1:7000, 127.0.0.1:7001]
            """);
  }

  @Test
  void infoForPrograms() {
    twoEpochs(false)
        .dog("cluster info -r")
        .prints(
            """
            running, auto-recovery enabled
            1795354541 2 [127.0.0.1:7000]
            1795354455 1 [127.0.0.1:7000, 127.0.0.1:7001]
            """);
    twoEpochs(false)
        .dog("cluster info -r -v")
        .prints(
            """
            running, auto-recovery enabled
            plain with 3 redundancy policy
            node1795354541 2 [127.0.0.1:7000]
            1795354455 1 [127.0.0.1:7000, 127.0.0.1:7001]
            """);
  }

  @Test
  void infoOfAClusterThatIsNotFormatted() {
    DogRun run = new DogRun();
    run.sheep.epoch = 0;
    run.sheep.clusterState = ResultCode.WAIT_FOR_FORMAT;
    run.dog("cluster info").prints("Cluster status: Waiting for cluster to be formatted\n");
    run.dog("cluster info -v")
        .prints(
            """
            Cluster status: Waiting for cluster to be formatted
            Cluster store: Waiting for cluster to be formatted
            Cluster vnode mode: node\
            """);
  }

  @Test
  void infoOfAClusterThatWaitsForNodesShowsTheEpochs() {
    DogRun run = twoEpochs(false);
    run.sheep.clusterState = ResultCode.WAIT_FOR_JOIN;
    run.dog("cluster info")
        .prints(
            """
            Cluster status: Waiting for other nodes to join cluster

            Cluster created at Sun Nov 22 13:33:39 2026

            Epoch Time           Version
            2026-11-22 13:35:41      2 [127.0.0.1:7000]
            2026-11-22 13:34:15      1 [127.0.0.1:7000, 127.0.0.1:7001]
            """);
    run.sheep.clusterState = ResultCode.SHUTDOWN;
    run.dog("cluster info -r");
    assertEquals("System is shutting down", run.out().lines().findFirst().orElseThrow());
  }

  @Test
  void infoMakesRoomForMoreNodesThanThereAreNow() {
    DogRun run = new DogRun();
    List<Node> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      many.add(FakeSheep.node(7000 + i, 1, i));
    }
    run.sheep.epochs.add(epoch(1, FakeSheep.NOW, false, many.toArray(Node[]::new)));
    run.dog("cluster info -r");
    assertEquals(0, run.status());
    assertEquals(101, run.out().split("127.0.0.1:70|127.0.0.1:71", -1).length);
  }

  @Test
  void formatSendsWhatWasAskedFor() {
    DogRun run = new DogRun();
    run.dog("cluster format -c 1 -t -l -b tree").prints("using backend tree store\n");
    RequestHeader request = run.sheep.requests.getLast();
    assertEquals(Opcode.MAKE_FS, request.opcode().orElseThrow());
    RequestFields.Cluster fields = (RequestFields.Cluster) request.fields();
    assertEquals(1, fields.copies());
    assertEquals(0, fields.copyPolicy());
    assertEquals(9, fields.flags());
    assertEquals(FakeSheep.NOW << 32 | 123_456_789, fields.createTime());
    assertEquals("tree\0", new String(run.sheep.payloads.getLast(), StandardCharsets.US_ASCII));
  }

  @Test
  void formatWithoutANumberOfCopiesMeansThree() {
    DogRun run = new DogRun();
    run.dog("cluster format").prints("using backend plain store\n");
    assertEquals(3, ((RequestFields.Cluster) run.sheep.requests.getLast().fields()).copies());
  }

  @Test
  void formatAsksWhereThereAreMoreCopiesThanZones() {
    DogRun run = new DogRun();
    run.input = "YES\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("cluster format -c 4:2")
        .prints(
            """
            Number of copies (6) is larger than number of zones (1).
            Are you sure you want to continue? [yes/no]: using backend plain store
            """);
    RequestFields.Cluster fields = (RequestFields.Cluster) run.sheep.requests.getLast().fields();
    assertEquals(6, fields.copies());
    assertEquals(0x22, fields.copyPolicy());
  }

  @Test
  void formatAsksWhereTheClusterIsNotEmpty() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("a", 0x100, 0));
    run.input = "no\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("cluster format").prints(PICTURE);
    assertFalse(run.sheep.opcodes().contains(Opcode.MAKE_FS));
    run.input = "yes please\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("cluster format").prints(PICTURE + "using backend plain store\n");
    run.input = new byte[0];
    run.dog("cluster format").prints(PICTURE);
    run.dog("cluster format -f").prints("using backend plain store\n");
  }

  @Test
  void formatMayBeRefused() {
    DogRun run = new DogRun();
    run.sheep.refusals.put(Opcode.MAKE_FS, ResultCode.SYSTEM_ERROR);
    run.dog("cluster format")
        .prints("using backend plain store\n", "Format failed: System error\n", 2);
    run.sheep.refusals.put(Opcode.MAKE_FS, ResultCode.NO_STORE);
    run.dog("cluster format -b x")
        .prints(
            """
            using backend x store
            Available stores:
            ---------------------------------------
            tree plain\s
            """,
            "Format failed: Targeted backend store is not found\n",
            2);
  }

  @Test
  void badRedundancyIsExplained() {
    for (String bad : List.of("0", "32", "257", "x", "3:1", "4:16", "4:0", "4:2:1", ":1", "4:")) {
      new DogRun()
          .dog("cluster format -c " + bad)
          .fails(
              "Invalid parameter "
                  + bad
                  + """

                  To create replicated vdi, set -c x
                    x(1 to 31)   - number of replicated copies
                  To create erasure coded vdi, set -c x:y
                    x(2,4,8,16)  - number of data strips
                    y(1 to 15)   - number of parity strips
                  """,
              1);
    }
  }

  @Test
  void shutdownIsSilentOrSaysWhy() {
    DogRun run = new DogRun();
    run.dog("cluster shutdown").prints("");
    assertEquals(List.of(Opcode.SHUTDOWN), run.sheep.opcodes());
    run.sheep.refusals.put(Opcode.SHUTDOWN, ResultCode.SHUTDOWN);
    run.dog("cluster shutdown")
        .fails("Response's result: System is shutting down\nfailed to execute request\n", 1);
  }
}

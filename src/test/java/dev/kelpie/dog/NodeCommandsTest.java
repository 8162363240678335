package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.SheepStat;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NodeCommandsTest {
  @Test
  void listShowsOneLineForEachNodeInTheOrderOfTheirAddresses() {
    DogRun run = new DogRun();
    run.sheep.nodes.clear();
    run.sheep.nodes.add(FakeSheep.node(7010, 0, -1));
    run.sheep.nodes.add(FakeSheep.node(7000, 128, 0));
    run.dog("node list")
        .prints(
            """
              Id   Host:Port         V-Nodes       Zone
               0   127.0.0.1:7000      \t128          0
               1   127.0.0.1:7010      \t 0 4294967295
            """);
    run.dog("node list -r")
        .prints(
            """
            0 127.0.0.1:7000 128 0
            1 127.0.0.1:7010 0 4294967295
            """);
  }

  @Test
  void infoShowsTheSpaceOfEachNodeAndOfAllVdis() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("a", 0x100, 10L << 30));
    run.sheep.vdi(FakeSheep.inode("b", "t", 0x200, 1, 1, 0, 7L << 30));
    run.sheep.vdi(FakeSheep.inode("b", "", 0x201, 0, 2, 0x200, 20L << 30));
    run.dog("node info")
        .prints(
            """
            Id\tSize\tUsed\tAvail\tUse%
             0\t100 GB\t25 GB\t75 GB\t 25%
            Total\t100 GB\t25 GB\t75 GB\t 25%

            Total virtual image size\t30 GB
            """);
    run.dog("node info -r")
        .prints(
            """
            0 107374182400 26843545600 80530636800 25%
            Total 107374182400 26843545600 80530636800 25% 32212254720
            """);
  }

  @Test
  void infoCountsOnlyTheNodesThatAnswer() {
    DogRun run = new DogRun();
    run.sheep.nodes.add(FakeSheep.node(7001, 128, 2));
    run.sheep.nodes.add(FakeSheep.node(7002, 128, 3));
    FakeSheep empty = new FakeSheep();
    empty.storeSize = 0;
    empty.storeFree = 0;
    run.network.listen(7002, empty);
    run.dog("node info -r")
        .prints(
            """
            0 107374182400 26843545600 80530636800 25%
            1 0 0 0 0%
            Total 107374182400 26843545600 80530636800 25% 0
            """,
            "failed to connect to 127.0.0.1:7001: Connection refused\n".repeat(2), 0);
  }

  @Test
  void infoOfAClusterThatIsNotFormattedFails() {
    DogRun run = new DogRun();
    run.sheep.refusals.put(Opcode.STAT_SHEEP, ResultCode.WAIT_FOR_FORMAT);
    String err =
        """
        Response's result: Waiting for cluster to be formatted
        Cannot get information from any nodes
        """;
    run.dog("node info").prints("Id\tSize\tUsed\tAvail\tUse%\n", err, 2);
    run.dog("node info -r").fails(err, 2);
  }

  @Test
  void killAsksTheNodeOfThatNumberOrTheLocalOne() {
    DogRun run = new DogRun();
    run.sheep.nodes.add(FakeSheep.node(7001, 128, 2));
    FakeSheep second = new FakeSheep();
    run.network.listen(7001, second);
    run.dog("node kill 1").prints("");
    assertEquals(List.of(Opcode.KILL_NODE), second.opcodes());
    run.dog("node kill -l").prints("");
    assertEquals(Opcode.KILL_NODE, run.sheep.opcodes().getLast());
  }

  @Test
  void killRefusesWhatMakesNoSense() {
    new DogRun()
        .dog("node kill -l 0")
        .fails("don't use -l option and specify node id at the same time\n", 64);
    new DogRun()
        .dog("node kill x")
        .fails("Invalid node id 'x', please specify a numeric value\n", 64);
    new DogRun().dog("node kill 1").fails("Invalid node id '1'\n", 64);
    new DogRun().dog("node kill").fails("please specify -l option or node id\n", 64);
  }

  @Test
  void killSaysWhereItFailed() {
    DogRun run = new DogRun();
    run.sheep.refusals.put(Opcode.KILL_NODE, ResultCode.KILLED);
    run.dog("node kill 0")
        .fails("Response's result: Node is killed\nFailed to execute request\n", 1);
    run.sheep.nodes.add(FakeSheep.node(7001, 128, 2));
    run.dog("node kill 1")
        .fails(
            "failed to connect to 127.0.0.1:7001: Connection refused\n".repeat(2)
                + "Failed to execute request\n",
            1);
  }

  private static final SheepStat STAT =
      new SheepStat(
          new SheepStat.Gateway(1, 1000, 3 << 20, 20 << 20, 5, 600, 300, 7),
          new SheepStat.Peer(2, 50, 1 << 20, 0, 1, 30, 20));

  @Test
  void statShowsReadsBeforeWritesAsTheOriginal() {
    DogRun run = new DogRun();
    run.sheep.stat = STAT;
    run.dog("node stat")
        .prints(
            """
            Request\tActive\tTotal\tWrite\tRead\tRemove\tFlush\tAll WR\tAll RD
            Client\t1\t1000\t600\t300\t5\t7\t3.0 MB\t20 MB
            Peer\t2\t50\t30\t20\t1\t0\t1.0 MB\t0.0 MB
            """);
    run.dog("node stat -r")
        .prints(
            """
            1\t1000\t600\t300\t5\t7\t3145728\t20971520
            2\t50\t30\t20\t1\t0\t1048576\t0
            """);
  }

  @Test
  void watchedStatShowsWhatChanged() {
    SheepStat later =
        new SheepStat(
            new SheepStat.Gateway(1, 1010, 4 << 20, 22 << 20, 5, 600, 300, 7),
            new SheepStat.Peer(2, 51, 1 << 20, 0, 1, 30, 20));
    assertEquals(
        """
        Request\tActive\tTotal\tWrite\tRead\tRemove\tFlush\tAll WR\tAll RD\tWRBW\tRDBW\tRPS
        Client\t1\t1010\t300\t600\t5\t7\t4.0 MB\t22 MB\t1.0 MB\t2.0 MB\t10
        Peer\t2\t51\t20\t30\t1\t0\t1.0 MB\t0.0 MB\t0.0 MB\t0.0 MB\t1
        """,
        NodeStat.renderWatch(later, STAT, false));
  }

  @Test
  void statMayBeRefused() {
    DogRun run = new DogRun();
    run.sheep.refusals.put(Opcode.STAT, ResultCode.WAIT_FOR_FORMAT);
    run.dog("node stat")
        .fails("failed to get stat information: Waiting for cluster to be formatted\n", 1);
  }
}

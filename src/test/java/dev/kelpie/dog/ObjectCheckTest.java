package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `check` and `track`: what goes through a VDI object by object.
final class ObjectCheckTest {
  private static final int TEST = 0x7c2b25;

  private static DogRun cluster() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("test", TEST, 12 << 20), TEST, 0, TEST);
    run.sheep.objects.put(data(0), new byte[10]);
    run.sheep.objects.put(data(2), new byte[10]);
    return run;
  }

  private static ObjectId data(int index) {
    return ObjectId.data(new VdiId(TEST), index);
  }

  @Test
  void aSoundVdi() {
    DogRun run = cluster();
    run.dog("vdi check test").prints("finish check&repair test\n");
    assertEquals(3, run.sheep.opcodes().stream().filter(o -> o == Opcode.GET_HASH).count());
    run.dog("vdi check -e test").prints("test is fine, no object is missing.\n");
  }

  @Test
  void objectsThatAreMissing() {
    DogRun run = cluster();
    run.sheep.objects.remove(data(2));
    run.dog("vdi check test")
        .prints("finish check&repair test\n", "no node has 007c2b2500000002\n", 0);
    run.dog("vdi check -e test")
        .prints(
            """
            [127.0.0.1:7000] oid 007c2b2500000002 is missing.
            test lost 1 object(s).
            """,
            "",
            1);
  }

  @Test
  void anObjectThatCannotBeRead() {
    DogRun run = cluster();
    run.sheep.badObject = data(0).value();
    run.dog("vdi check test")
        .fails("failed to read 007c2b2500000000 from 127.0.0.1:7000, I/O error\n", 1);
  }

  @Test
  void copiesThatDiffer() {
    DogRun run = cluster();
    FakeSheep other = cluster().sheep;
    other.objects.put(data(0), new byte[11]);
    run.sheep.nodes.add(FakeSheep.node(7001, 128, 2));
    run.network.listen(7001, other);
    run.dog("vdi check test")
        .prints("finish check&repair test\n", "object 007c2b2500000000 is inconsistent\n", 0);
  }

  @Test
  void aVdiThatIsNotThere() {
    cluster()
        .dog("vdi check gone")
        .fails(
            """
            Failed to open VDI gone (snapshot id: 0 snapshot tag: ): No VDI found
            FATAL: no inode objects
            """,
            1);
  }

  @Test
  void allVdisOfACluster() {
    DogRun run = cluster();
    run.sheep.vdi(FakeSheep.inode("b", "tag", 0x100, 1, 3, 0, 0));
    run.dog("cluster check")
        .prints(
            """
            fix snapshot b (id: 3, tag: "tag")
            finish check&repair b
            fix vdi test
            finish check&repair test
            """);
    run.sheep.badObject = data(0).value();
    assertEquals(1, run.dog("cluster check").status());
    run.sheep.refusals.put(Opcode.READ_VDIS, ResultCode.EIO);
    run.dog("cluster check").fails("I/O error\n", 2);
  }

  private static DogRun withEpochs() {
    DogRun run = cluster();
    run.sheep.nodes.add(FakeSheep.node(7001, 128, 2));
    run.sheep.epoch = 2;
    run.sheep.epochs.add(
        new EpochLog(1, 2, 2, false, 2, 0, 0, "plain", List.copyOf(run.sheep.nodes)));
    run.sheep.epochs.add(
        new EpochLog(0, 1, 1, false, 0, 0, 0, "", List.of(run.sheep.nodes.getFirst())));
    return run;
  }

  @Test
  void anObjectIsTrackedThroughTheEpochs() {
    withEpochs()
        .dog("vdi track -i 2 test")
        .prints(
            """
            Tracking the object 007c2b2500000002 (the inode vid 0x7c2b25 idx 2) with 2 nodes

            obj 007c2b2500000002 locations at epoch 2, copies = 2
            ---------------------------------------------------
            127.0.0.1:7000
            127.0.0.1:7001

            obj 007c2b2500000002 locations at epoch 1, copies = 2
            ---------------------------------------------------
            127.0.0.1:7000
            """);
    String inode = withEpochs().dog("vdi track test").out();
    assertEquals(
        "Tracking the inode object 0x7c2b25 with 2 nodes", inode.lines().findFirst().orElseThrow());
    assertFalse(inode.contains("idx"));
    String named = withEpochs().dog("vdi track -o 0xab -i 2 test").out();
    assertEquals(
        "Tracking the object 00000000000000ab (the inode vid 0x7c2b25) with 2 nodes",
        named.lines().findFirst().orElseThrow());
  }

  @Test
  void whatCannotBeTracked() {
    withEpochs()
        .dog("vdi track -i 1 test")
        .prints("The inode object 0x7c2b25 idx 1 is not allocated\n");
    withEpochs().dog("vdi track -i 4294967296 test").prints("The offset is too large!\n", "", 1);
    DogRun run = withEpochs();
    run.sheep.clusterState = ResultCode.SHUTDOWN;
    run.dog("vdi track test")
        .prints(
            """
            Tracking the inode object 0x7c2b25 with 2 nodes
            System is shutting down
            """,
            "",
            2);
  }
}

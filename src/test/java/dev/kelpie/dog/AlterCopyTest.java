package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class AlterCopyTest {
  private static final String TOO_MANY =
      "Number of copies (3) is larger than number of nodes (1).\n"
          + "Are you sure you want to continue? [yes/no]: ";

  private static String picture(String first, String second) {
    return "    __\n   ()'`;\n   /\\|`  Caution! "
        + first
        + "\n  /  |   "
        + second
        + "\n(/_)_|_  Are you sure you want to continue? [yes/no]: ";
  }

  private static DogRun cluster(String answers) {
    DogRun run = new DogRun();
    run.input = answers.getBytes(StandardCharsets.US_ASCII);
    run.sheep.vdi(FakeSheep.working("vm", 0x100, 0));
    run.sheep.vdi(FakeSheep.inode("parent", "s", 0x200, 1, 1, 0, 0));
    run.sheep.vdi(FakeSheep.inode("parent", "", 0x201, 0, 2, 0x200, 0));
    run.sheep.epochs.add(new EpochLog(1, 1, 1, false, 2, 0, 0, "plain", run.sheep.nodes));
    return run;
  }

  @Test
  void aVdiGetsAnotherNumber() {
    DogRun run = cluster("yes\n");
    run.dog("vdi alter-copy -c 1 vm")
        .prints(
            picture(
                "Changing VDI's redundancy level will affect",
                "the VDI itself only and trigger recovery."),
            "vm's redundancy level is set to 1, the old one was 2.\n",
            0);
    assertEquals(Opcode.ALTER_VDI_COPY, run.sheep.opcodes().getLast());
    assertEquals(
        new RequestFields.VdiStateChange(0, 0x100, 1, 0, 0, 0), run.sheep.desk.lastFields());
  }

  @Test
  void noAnswerChangesNothing() {
    DogRun run = cluster("");
    run.dog("vdi alter-copy -c 1 vm");
    assertEquals(0, run.status());
    assertFalse(run.sheep.opcodes().contains(Opcode.ALTER_VDI_COPY));
    run.dog("cluster alter-copy -c 1");
    assertFalse(run.sheep.opcodes().contains(Opcode.ALTER_CLUSTER_COPY));
  }

  @Test
  void forceLeavesTheLastQuestionOut() {
    cluster("")
        .dog("vdi alter-copy -f -c 1 vm")
        .prints("", "vm's redundancy level is set to 1, the old one was 2.\n", 0);
    cluster("yes\n")
        .dog("vdi alter-copy -f vm")
        .prints(
            "The vdi's redundancy level is not specified, use 3 as default.\n" + TOO_MANY,
            "vm's redundancy level is set to 3, the old one was 2.\n",
            0);
  }

  @Test
  void refusalsOfAVdi() {
    cluster("yes\n")
        .dog("vdi alter-copy -f -c 2 vm")
        .prints(
            TOO_MANY.replace("(3)", "(2)"),
            "vm's redundancy level is already set to 2, nothing changed.\n",
            1);
    for (String name : new String[] {"parent"}) {
      cluster("")
          .dog("vdi alter-copy -f -c 1 " + name)
          .fails(
              """
              Only standalone vdi supports changing redundancy level.
              Please clone parent with -n (--no-share) option first.
              """,
              1);
    }
    cluster("")
        .dog("vdi alter-copy -c 1 gone")
        .fails(
            """
            Failed to open VDI gone (snapshot id: 0 snapshot tag: ): No VDI found
            Reading gone's vdi object failure.
            """,
            1);
    DogRun coded = cluster("").dog("vdi alter-copy -c 4:2 vm");
    assertEquals(
        "Changing redundancy level of erasure coded vdi is not supported yet.\n", coded.err());
    assertEquals(64, coded.status());
    assertTrue(coded.out().startsWith("Usage: dog vdi alter-copy "), coded.out());
    DogRun run = cluster("");
    run.sheep.refusals.put(Opcode.ALTER_VDI_COPY, ResultCode.EIO);
    run.dog("vdi alter-copy -f -c 1 vm")
        .fails("Response's result: I/O error\nChanging vm's redundancy level failure.\n", 1);
  }

  @Test
  void theClusterGetsAnotherNumber() {
    DogRun run = cluster("yes\n");
    run.dog("cluster alter-copy -c 1")
        .prints(
            picture(
                "Changing cluster's redundancy level will affect",
                "all the VDIs to be created later."),
            "The cluster's redundancy level is set to 1, the old one was 2.\n",
            0);
    assertEquals(
        new RequestFields.Cluster(new ObjectId(0), 0, 1, 0, 0, 0, 0, 0),
        run.sheep.desk.lastFields());
  }

  @Test
  void refusalsOfTheCluster() {
    cluster("yes\n")
        .dog("cluster alter-copy")
        .prints(
            "The cluster's redundancy level is not specified, use 3 as default.\n"
                + TOO_MANY
                + picture(
                    "Changing cluster's redundancy level will affect",
                    "all the VDIs to be created later."));
    DogRun same = cluster("yes\n");
    same.dog("cluster alter-copy -c 2")
        .prints(
            TOO_MANY.replace("(3)", "(2)"),
            "The cluster's redundancy level is already set to 2, nothing changed.\n",
            1);
    DogRun waiting = cluster("");
    waiting.sheep.clusterState = ResultCode.WAIT_FOR_FORMAT;
    waiting
        .dog("cluster alter-copy -c 1")
        .fails("Response's result: Waiting for cluster to be formatted\n", 1);
    DogRun failing = cluster("");
    failing.sheep.refusals.put(Opcode.ALTER_CLUSTER_COPY, ResultCode.EIO);
    failing
        .dog("cluster alter-copy -f -c 1")
        .fails(
            "Response's result: I/O error\nChanging the cluster's redundancy level failure.\n", 1);
  }
}

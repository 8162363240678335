package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `dog vdi create`, `snapshot`, `clone`, `delete`, `rollback`, `resize` and `cache`.
final class VdiCommandsTest {
  private static final int TEST = 0x7c2b25;
  private static final int ALPHA = 0xed202b;
  private static final String UNKNOWN_SIZE =
      """
      Invalid size '%s'
      You may use B, K, M, G, T or P suffixes for bytes, kilobytes, megabytes, gigabytes, terabytes \
      and petabytes.
      """;

  private static RequestFields.Vdi newVdi(DogRun run) {
    RequestHeader request =
        run.sheep.requests.stream()
            .filter(r -> r.opcode().orElseThrow() == Opcode.NEW_VDI)
            .reduce((a, b) -> b)
            .orElseThrow();
    return (RequestFields.Vdi) request.fields();
  }

  private static void wrongUsage(DogRun run, String command, String expectedErr) {
    run.dog(command);
    assertEquals(expectedErr, run.err());
    assertEquals(64, run.status());
    assertTrue(run.out().startsWith("Usage: dog "), run.out());
  }

  /// A VDI "test" with a snapshot "t1", id 1.
  private static DogRun withSnapshot() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("test", "t1", TEST, 1, 1, 0, 20 << 20), TEST, 0, TEST);
    run.sheep.vdi(FakeSheep.inode("test", "", TEST + 1, 0, 2, TEST, 20 << 20), TEST, 0, TEST);
    for (int index : new int[] {0, 2}) {
      run.sheep.objects.put(
          ObjectId.data(new VdiId(TEST), index),
          ("object " + index).getBytes(StandardCharsets.US_ASCII));
    }
    return run;
  }

  @Test
  void createIsSilent() {
    DogRun run = new DogRun();
    run.dog("vdi create test 1.5G").prints("");
    RequestFields.Vdi fields = newVdi(run);
    assertEquals(3L << 29, fields.size());
    assertEquals(0, fields.copies());
    assertEquals(0, fields.snapId());
    assertEquals(256, run.sheep.payloads.getLast().length);
  }

  @Test
  void createTellsTheIdWhereAsked() {
    new DogRun().dog("vdi create -v test 0").prints("VDI ID of newly created VDI: 7c2b25\n");
    new DogRun().dog("vdi create -v -r alpha 513").prints("ed202b\n");
  }

  @Test
  void createTakesRedundancy() {
    DogRun run = new DogRun();
    run.dog("vdi create test 1G -c 2").prints("");
    assertEquals(2, newVdi(run).copies());
    run.dog("vdi create alpha 1G --copie 8:3").prints("");
    assertEquals(11, newVdi(run).copies());
    assertEquals(0x43, newVdi(run).copyPolicy());
    run.dog("vdi create -y x 1P").prints("");
    assertEquals(1, newVdi(run).storePolicy());
  }

  @Test
  void createChecksTheSize() {
    wrongUsage(new DogRun(), "vdi create test", "Please specify the VDI size\n");
    wrongUsage(new DogRun(), "vdi create test 10X", UNKNOWN_SIZE.replace("%s", "10X"));
    wrongUsage(
        new DogRun(),
        "vdi create test 4398046511105",
        "VDI size is larger than 4.0 TB bytes, please use '-y' to create a hyper volume with size"
            + " up to 16 PB bytes\n");
    wrongUsage(
        new DogRun(),
        "vdi create -r test 5T",
        "VDI size is larger than 4398046511104 bytes, please use '-y' to create a hyper volume"
            + " with size up to 18014398509481984 bytes\n");
    wrongUsage(new DogRun(), "vdi create -y test 17P", "VDI size is too large\n");
    new DogRun().dog("vdi create test 4T").prints("");
  }

  @Test
  void createMayBeRefused() {
    DogRun run = withSnapshot();
    run.dog("vdi create test 1G").fails("Failed to create VDI test: VDI exists already\n", 1);
    run.sheep.refusals.put(Opcode.NEW_VDI, ResultCode.WAIT_FOR_FORMAT);
    run.dog("vdi create x 1G")
        .fails("Failed to create VDI x: Waiting for cluster to be formatted\n", 1);
  }

  @Test
  void createMayPreallocate() {
    DogRun run = new DogRun();
    run.dog("vdi create -P test 410M").prints("");
    for (int i = 0; i < 103; i++) {
      assertEquals(TEST, run.sheep.owner(TEST, i), "entry " + i);
      assertTrue(run.sheep.objects.containsKey(ObjectId.data(new VdiId(TEST), i)));
    }
    assertEquals(0, run.sheep.owner(TEST, 103));
  }

  @Test
  void noEntryNamesAnObjectThatTheSheepDoesNotHaveYet() {
    DogRun run = new DogRun();
    run.dog("vdi create -P test 1G").prints("");
    int created = 0;
    for (int i = 0; i < run.sheep.requests.size(); i++) {
      RequestHeader request = run.sheep.requests.get(i);
      if (request.opcode().orElseThrow() == Opcode.CREATE_AND_WRITE_OBJ) {
        created++;
      } else if (request.opcode().orElseThrow() == Opcode.WRITE_OBJ) {
        long offset = ((RequestFields.Obj) request.fields()).offset();
        long end = (offset - InodeHeader.MAP_OFFSET + request.dataLength()) / 4;
        assertTrue(end <= created, "entries up to " + end + " after " + created + " objects");
      }
    }
    assertEquals(256, created);
  }

  @Test
  void preallocationMayFail() {
    DogRun run = new DogRun();
    run.sheep.badObject = 0x007c2b2500000001L;
    run.dog("vdi create -P test 12M")
        .fails("Failed to write object 007c2b2500000001: I/O error\n", 1);
    run = new DogRun();
    run.sheep.badObject = 0x807c2b2500000000L;
    run.dog("vdi create -P test 12M")
        .fails(
            """
            Failed to read object 807c2b2500000000 I/O error
            Failed to read a vdi test
            Failed to read a newly created VDI object
            """,
            1);
  }

  @Test
  void preallocationShowsProgressOnATerminal() {
    DogRun run = new DogRun();
    run.terminal = DogRun.terminalOf(80);
    run.dog("vdi create -P test 8M");
    String bar = "                                                  ";
    assertEquals(
        "\r  0.0 % [>"
            + bar.substring(1)
            + "] 0.0 MB / 8.0 MB    "
            + "\r 50.0 % ["
            + "=".repeat(25)
            + ">"
            + bar.substring(26)
            + "] 4.0 MB / 8.0 MB    "
            + "\r100.0 % ["
            + "=".repeat(50)
            + "] 8.0 MB / 8.0 MB    \n",
        run.out());
  }

  @Test
  void snapshotFreezesTheVdiUnderATag() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("test", TEST, 20 << 20), TEST);
    run.dog("vdi snapshot -s t1 test").prints("");
    assertEquals("t1", run.sheep.inode(TEST).tag());
    assertTrue(run.sheep.inode(TEST).snapshot());
    assertEquals(20 << 20, newVdi(run).size());
    assertEquals(TEST, newVdi(run).baseVdi());
    assertEquals(1, newVdi(run).snapId());
    assertEquals(
        List.of(
            Opcode.GET_VDI_INFO,
            Opcode.GET_VDI_INFO,
            Opcode.READ_OBJ,
            Opcode.WRITE_OBJ,
            Opcode.NEW_VDI),
        run.sheep.opcodes());
  }

  @Test
  void snapshotTellsTheIdsWhereAsked() {
    withSnapshot()
        .dog("vdi snapshot -v test")
        .prints("new VID of original VDI: 7c2b27, VDI ID of newly created snapshot: 7c2b26\n");
    withSnapshot().dog("vdi snapshot -v -r -s t2 test").prints("7c2b27 7c2b26\n");
  }

  @Test
  void snapshotRefusesNumbersAsTags() {
    wrongUsage(
        withSnapshot(),
        "vdi snapshot -s 12 test",
        "Please specify a non-integer value for a snapshot tag name\n");
    withSnapshot()
        .dog("vdi snapshot -s 0 test")
        .fails("The snapshot id must be larger than zero\n", 1);
    withSnapshot().dog("vdi snapshot -s 12a test").prints("");
  }

  @Test
  void snapshotRefusesATagThatIsTaken() {
    withSnapshot()
        .dog("vdi snapshot -s t1 test")
        .fails(
            "Failed to create snapshot for test, maybe snapshot id (0) or tag (t1) is existed\n",
            1);
  }

  @Test
  void snapshotMayFail() {
    new DogRun()
        .dog("vdi snapshot -s t test")
        .fails("Failed to create snapshot for test: No VDI found\n", 1);
    DogRun run = withSnapshot();
    run.sheep.refusals.put(Opcode.WRITE_OBJ, ResultCode.NO_SPACE);
    run.dog("vdi snapshot -s t2 test")
        .fails("Failed to write object 807c2b2600000000: Server has no space for new objects\n", 1);
    run = withSnapshot();
    run.sheep.refusals.put(Opcode.NEW_VDI, ResultCode.EIO);
    run.dog("vdi snapshot -s t2 test").fails("Failed to create VDI test: I/O error\n", 1);
  }

  @Test
  void cloneSharesWithTheSnapshot() {
    DogRun run = withSnapshot();
    run.dog("vdi clone -s t1 test alpha").prints("");
    assertEquals(TEST, newVdi(run).baseVdi());
    assertEquals(0, newVdi(run).snapId());
    assertEquals(TEST, run.sheep.owner(ALPHA, 2));
  }

  @Test
  void cloneTellsTheIdWhereAsked() {
    withSnapshot()
        .dog("vdi clone -v -s 1 test alpha")
        .prints("VDI ID of newly created clone: ed202b\n");
    withSnapshot().dog("vdi clone -v -r -s 1 test alpha").prints("ed202b\n");
  }

  @Test
  void cloneMayShareNothing() {
    DogRun run = withSnapshot();
    run.dog("vdi clone -n -s t1 test alpha").prints("");
    assertEquals(0, newVdi(run).baseVdi());
    assertEquals(ALPHA, run.sheep.owner(ALPHA, 0));
    assertEquals(0, run.sheep.owner(ALPHA, 1));
    assertEquals(ALPHA, run.sheep.owner(ALPHA, 2));
    assertEquals(
        "object 2",
        new String(
            run.sheep.read(ObjectId.data(new VdiId(ALPHA), 2), 0, 8), StandardCharsets.US_ASCII));
  }

  @Test
  void clonePreallocatesHolesToo() {
    DogRun run = withSnapshot();
    run.dog("vdi clone -P -s t1 test alpha").prints("");
    assertEquals(TEST, newVdi(run).baseVdi());
    for (int i = 0; i < 5; i++) {
      assertEquals(ALPHA, run.sheep.owner(ALPHA, i));
    }
    assertEquals(
        "object 0",
        new String(
            run.sheep.read(ObjectId.data(new VdiId(ALPHA), 0), 0, 8), StandardCharsets.US_ASCII));
  }

  @Test
  void cloneNeedsASnapshotAndADestination() {
    wrongUsage(withSnapshot(), "vdi clone -s t1 test", "Destination VDI name must be specified\n");
    wrongUsage(
        withSnapshot(),
        "vdi clone test alpha",
        "Only snapshot VDIs can be cloned\nPlease specify the '-s' option\n");
    withSnapshot()
        .dog("vdi clone -s t9 test alpha")
        .fails(
            "Failed to open VDI test (snapshot id: 0 snapshot tag: t9): Failed to find requested"
                + " tag\n",
            1);
    withSnapshot()
        .dog("vdi clone -s t1 test test")
        .fails("Failed to create VDI test: VDI exists already\n", 1);
  }

  @Test
  void deleteIsALookUpAndOneRequest() {
    DogRun run = withSnapshot();
    run.dog("vdi delete test").prints("");
    assertEquals(List.of(Opcode.GET_VDI_INFO, Opcode.DEL_VDI), run.sheep.opcodes());
    run.dog("vdi delete -s 1 test").prints("");
    assertEquals(512, run.sheep.payloads.getLast().length);
    assertEquals(1, ((RequestFields.Vdi) run.sheep.requests.getLast().fields()).snapId());
  }

  @Test
  void deletingWhatIsNotThereSucceedsWithAMessage() {
    new DogRun()
        .dog("vdi delete test")
        .fails("Failed to open VDI test (snapshot id: 0 snapshot tag: ): No VDI found\n", 0);
    withSnapshot()
        .dog("vdi delete -s 7 test")
        .fails(
            "Failed to open VDI test (snapshot id: 7 snapshot tag: ): Failed to find requested"
                + " tag\n",
            0);
    DogRun run = withSnapshot();
    run.sheep.refusals.put(Opcode.DEL_VDI, ResultCode.NO_VDI);
    run.dog("vdi delete test").fails("Failed to delete test: No VDI found\n", 0);
  }

  @Test
  void aRefusalToDeleteIsAFailure() {
    DogRun run = withSnapshot();
    run.sheep.refusals.put(Opcode.DEL_VDI, ResultCode.VDI_LOCKED);
    run.dog("vdi delete test").fails("Failed to delete test: VDI is already locked\n", 1);
    run.sheep.refusals.put(Opcode.GET_VDI_INFO, ResultCode.WAIT_FOR_FORMAT);
    run.dog("vdi delete test")
        .fails(
            "Failed to open VDI test (snapshot id: 0 snapshot tag: ): Waiting for cluster to be"
                + " formatted\n",
            1);
  }

  @Test
  void aConnectionThatIsLostWhileDeletingIsASystemFailure() {
    DogRun run = withSnapshot();
    run.network.answersLeft = 1;
    run.dog("vdi delete test").fails("failed to read a response\n", 2);
  }

  private static final String QUESTION =
      """
      This operation discards any changes made since the previous
      snapshot was taken.  Continue? [yes/no]:\
      """
          + " ";

  @Test
  void rollbackAsksAndIsOneRequest() {
    DogRun run = withSnapshot();
    run.input = "yes\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("vdi rollback -s t1 test").prints(QUESTION);
    assertEquals(TEST, newVdi(run).baseVdi());
    assertEquals(2, newVdi(run).snapId());
    assertEquals(2, newVdi(run).copies());
    assertEquals(
        List.of(Opcode.GET_VDI_INFO, Opcode.READ_OBJ, Opcode.NEW_VDI), run.sheep.opcodes());
  }

  @Test
  void rollbackDoesNothingUnlessConfirmed() {
    DogRun run = withSnapshot();
    run.input = "y\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("vdi rollback -s t1 test").prints(QUESTION);
    assertEquals(List.of(Opcode.GET_VDI_INFO, Opcode.READ_OBJ), run.sheep.opcodes());
  }

  @Test
  void rollbackTellsTheIdWhereAsked() {
    withSnapshot()
        .dog("vdi rollback -f -v -s t1 test")
        .prints("New VDI ID of rollbacked VDI: 7c2b27\n");
    withSnapshot().dog("vdi rollback -f -v -r -s t1 test").prints("7c2b27\n");
  }

  @Test
  void rollbackNeedsASnapshot() {
    wrongUsage(withSnapshot(), "vdi rollback -f test", "Please specify the '-s' option\n");
    withSnapshot()
        .dog("vdi rollback -s 9 test")
        .fails(
            "Failed to open VDI test (snapshot id: 9 snapshot tag: ): Failed to find requested"
                + " tag\n",
            1);
    DogRun run = withSnapshot();
    run.sheep.refusals.put(Opcode.NEW_VDI, ResultCode.VDI_LOCKED);
    run.dog("vdi rollback -f -s t1 test")
        .fails("Failed to create VDI test: VDI is already locked\n", 1);
  }

  @Test
  void resizeWritesTheSizeAndNothingElse() {
    DogRun run = withSnapshot();
    run.dog("vdi resize test 1G").prints("");
    assertEquals(1 << 30, run.sheep.inode(TEST + 1).size());
    RequestHeader write = run.sheep.requests.getLast();
    assertEquals(536, ((RequestFields.Obj) write.fields()).offset());
    assertEquals(8, write.dataLength());
    run.dog("vdi resize test 1G").prints("");
  }

  @Test
  void resizeChecksTheSize() {
    wrongUsage(withSnapshot(), "vdi resize test", "Please specify the new size for the VDI\n");
    wrongUsage(withSnapshot(), "vdi resize test 1Q", UNKNOWN_SIZE.replace("%s", "1Q"));
    wrongUsage(withSnapshot(), "vdi resize test 1M", "Shrinking VDIs is not implemented\n");
    wrongUsage(withSnapshot(), "vdi resize test 5T", "New VDI size is too large\n");
    new DogRun()
        .dog("vdi resize test 1M")
        .fails("Failed to open VDI test (snapshot id: 0 snapshot tag: ): No VDI found\n", 1);
  }

  @Test
  void resizeMayFail() {
    DogRun run = withSnapshot();
    run.sheep.refusals.put(Opcode.WRITE_OBJ, ResultCode.EIO);
    run.dog("vdi resize test 1G")
        .fails(
            """
            Failed to write object 807c2b2600000000: I/O error
            Failed to update an inode header
            """,
            1);
  }

  @Test
  void cacheFlushIsSilent() {
    DogRun run = withSnapshot();
    run.dog("vdi cache flush test").prints("");
    RequestHeader flush = run.sheep.requests.getLast();
    assertEquals(Opcode.FLUSH_VDI, flush.opcode().orElseThrow());
    assertEquals(0x807c2b2600000000L, ((RequestFields.Obj) flush.fields()).object().value());
    run.dog("vdi cache flush -s t1 test").prints("");
    run.sheep.refusals.put(Opcode.FLUSH_VDI, ResultCode.INVALID_PARMS);
    run.dog("vdi cache flush test")
        .fails("Response's result: Invalid parameters\nfailed to execute request\n", 1);
    run.dog("vdi cache flush x")
        .fails("Failed to open VDI x (snapshot id: 0 snapshot tag: ): No VDI found\n", 1);
  }

  @Test
  void cacheInfoCountsObjects() {
    DogRun run = withSnapshot();
    run.sheep.cache =
        java.util.Optional.of(
            new dev.kelpie.wire.ObjectCacheInfo(
                10L << 30,
                96 << 20,
                List.of(
                    new dev.kelpie.wire.ObjectCacheInfo.CachedVdi(TEST, 0, 2),
                    new dev.kelpie.wire.ObjectCacheInfo.CachedVdi(TEST + 1, 5, 22)),
                false));
    run.dog("vdi cache info")
        .prints(
            """
            Name\tTag\tTotal\tDirty\tClean
            test\tt1\t8.0 MB\t0.0 MB\t8.0 MB
            test\t\t88 MB\t20 MB\t68 MB

            Cache size 10 GB, used 96 MB, non-directio
            """);
    run.sheep.cache =
        java.util.Optional.of(new dev.kelpie.wire.ObjectCacheInfo(10L << 30, 0, List.of(), true));
    run.dog("vdi cache info")
        .prints("Name\tTag\tTotal\tDirty\tClean\n\nCache size 10 GB, used 0.0 MB, directio\n");
  }

  @Test
  void cacheInfoMayBeRefused() {
    new DogRun()
        .dog("vdi cache info")
        .fails("failed to get cache information: Invalid parameters\n", 1);
  }

  @Test
  void anInodeThatCannotBeReadIsNamed() {
    DogRun run = withSnapshot();
    run.sheep.badObject = 0x807c2b2500000000L;
    run.dog("vdi clone -s t1 test x")
        .fails(
            """
            Failed to read object 807c2b2500000000 I/O error
            Failed to read a snapshot test:t1
            """,
            1);
    run.dog("vdi clone -s 1 test x")
        .fails(
            """
            Failed to read object 807c2b2500000000 I/O error
            Failed to read a snapshot test:1
            """,
            1);
  }

  @Test
  void namesAreCutTo255Bytes() {
    DogRun run = new DogRun();
    run.dog("vdi create " + "n".repeat(300) + " 1M").prints("");
    byte[] field = run.sheep.payloads.getLast();
    assertEquals('n', field[254]);
    assertEquals(0, field[255]);
  }

  @Test
  void onlyPreallocationAndCloningPassTheObjectCache() {
    DogRun run = new DogRun();
    run.dog("vdi create -P test 4M");
    RequestHeader create =
        run.sheep.requests.stream()
            .filter(r -> r.opcode().orElseThrow() == Opcode.CREATE_AND_WRITE_OBJ)
            .findFirst()
            .orElseThrow();
    assertEquals(RequestFlags.WRITE | RequestFlags.DIRECT, create.flags());
    assertEquals(0, create.dataLength());
  }
}

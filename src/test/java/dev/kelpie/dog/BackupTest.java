package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.dog.BackupFormat.Part;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `dog vdi backup` and `restore`; the bytes of the stream as the original writes them.
final class BackupTest {
  private static final int TEST = 0x7c2b25;
  private static final String HEADER = "0100000092119211";
  private static final String END = "ffffffff" + "00".repeat(12);

  /// Two snapshots and the working VDI: object 0 was written in part, 1 stayed, 2 came, 3 went.
  private static DogRun cluster() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("test", "a", TEST, 1, 1, 0, 16 << 20), TEST, TEST, 0, TEST);
    run.sheep.vdi(
        FakeSheep.inode("test", "b", TEST + 1, 1, 2, TEST, 16 << 20), TEST + 1, TEST, TEST + 1, 0);
    run.sheep.vdi(
        FakeSheep.inode("test", "", TEST + 2, 0, 3, TEST + 1, 16 << 20),
        TEST + 1,
        TEST,
        TEST + 1,
        0);
    put(run, TEST, 0, 2000, 'a', 3000);
    put(run, TEST, 1, 0, 'b', 3000);
    put(run, TEST, 3, 1000, 'd', 10);
    put(run, TEST + 1, 0, 2000, 'a', 3000);
    byte[] changed = bytes(run, TEST + 1, 0);
    changed[2500] = 'x';
    put(run, TEST + 1, 2, ObjectId.DATA_SIZE - 1, 'c', 1);
    return run;
  }

  private static void put(DogRun run, int vdi, int index, int from, char fill, int length) {
    byte[] bytes = new byte[from + length];
    Arrays.fill(bytes, from, from + length, (byte) fill);
    run.sheep.objects.put(ObjectId.data(new VdiId(vdi), index), bytes);
  }

  private static byte[] bytes(DogRun run, int vdi, int index) {
    return run.sheep.objects.getOrDefault(ObjectId.data(new VdiId(vdi), index), new byte[0]);
  }

  private static String record(int index, int offset, int length) {
    return HexFormat.of().formatHex(new Part(index, offset, length).encode().array());
  }

  private static byte[] stream(Object... parts) {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    for (Object part : parts) {
      stream.writeBytes(part instanceof byte[] b ? b : HexFormat.of().parseHex((String) part));
    }
    return stream.toByteArray();
  }

  private static byte[] backup() {
    DogRun run = cluster();
    byte[] sector = Arrays.copyOfRange(bytes(run, TEST + 1, 0), 2048, 2560);
    byte[] last = new byte[512];
    last[511] = 'c';
    return stream(
        HEADER,
        "00000000" + "00080000" + "00020000" + "00000000",
        sector,
        "02000000" + "00fe3f00" + "00020000" + "00000000",
        last,
        "03000000" + "00020000" + "00020000" + "00000000",
        new byte[512],
        END);
  }

  @Test
  void onlyTheSectorsThatDifferAreInABackup() {
    DogRun run = cluster();
    assertArrayEquals(backup(), run.dog("vdi backup -F a -s b test").outBytes());
    assertEquals("", run.err());
    assertEquals(0, run.status());
    assertArrayEquals(stream(HEADER, END), run.dog("vdi backup -F b -s 2 test").outBytes());
  }

  @Test
  void theDifferenceIsCutToSectorsAtBothEnds() {
    assertEquals(new Part(7, 512, 1024), difference(1023, 1024));
    assertEquals(new Part(7, 0, 512), difference(0));
    assertEquals(new Part(7, 0, 2048), difference(0, 2047));
    assertEquals(new Part(7, 0, 0), difference());
  }

  private static Part difference(int... changed) {
    byte[] newer = new byte[2048];
    for (int at : changed) {
      newer[at] = 1;
    }
    return BackupFormat.difference(
        7, SheepClient.allocate(2048), SheepClient.allocate(2048).put(newer).flip());
  }

  @Test
  void whatCannotBeBackedUp() {
    for (String words : List.of("-s b test", "-F a test", "-F 0 -s b test")) {
      DogRun run = cluster().dog("vdi backup " + words);
      assertEquals("Please specify snapshots with '-F' and '-s' options\n", run.err());
      assertEquals(64, run.status());
    }
    cluster()
        .dog("vdi backup -F gone -s b test")
        .fails(
            "Failed to open VDI test (snapshot id: 0 snapshot tag: gone):"
                + " Failed to find requested tag\n",
            1);
    DogRun bad = cluster();
    bad.sheep.badObject = ObjectId.data(new VdiId(TEST + 1), 2).value();
    bad.dog("vdi backup -F a -s b test");
    assertEquals("Failed to read object 7c2b26, 2\n", bad.err());
    assertEquals(1, bad.status());
  }

  @Test
  void aBackupBecomesASnapshotAndTheDiskGoesBackToItsParent() {
    DogRun run = cluster();
    run.input = backup();
    run.dog("vdi restore -s a test").prints("");
    int restored = TEST + 3;
    assertTrue(run.sheep.inode(restored).snapshot());
    assertEquals(TEST, run.sheep.inode(restored).parent());
    for (int index : new int[] {0, 2}) {
      assertArrayEquals(
          run.sheep.read(ObjectId.data(new VdiId(TEST + 1), index), 0, ObjectId.DATA_SIZE),
          run.sheep.read(ObjectId.data(new VdiId(restored), index), 0, ObjectId.DATA_SIZE));
    }
    assertEquals(TEST, run.sheep.owner(restored, 1));
    assertEquals(0, run.sheep.read(ObjectId.data(new VdiId(restored), 3), 1000, 1)[0]);
    assertFalse(run.sheep.inode(TEST + 4).snapshot());
    assertEquals(TEST + 1, run.sheep.inode(TEST + 4).parent());
    assertEquals("", run.sheep.inode(TEST + 2).name(), "the former working VDI is gone");
  }

  @Test
  void whereTheParentIsGoneTheDiskGoesOnWithWhatWasRestored() {
    DogRun run = cluster();
    run.sheep.objects.put(ObjectId.inode(new VdiId(TEST + 1)), new byte[4664]);
    run.input = backup();
    run.dog("vdi restore -s a test").prints("");
    assertTrue(run.sheep.inode(TEST + 3).snapshot());
    assertEquals(TEST + 3, run.sheep.inode(TEST + 4).parent());
    assertEquals(TEST + 3, run.sheep.owner(TEST + 4, 2));
  }

  @Test
  void aBackupThatIsNoneLosesNothing() {
    DogRun run = cluster();
    for (byte[] input :
        List.of(new byte[0], stream("0200000092119211" + END), stream("01000000921192"))) {
      run.input = input;
      run.dog("vdi restore -s a test").fails("The backup file is corrupted\n", 2);
    }
    assertFalse(run.sheep.opcodes().contains(Opcode.NEW_VDI));
  }

  @Test
  void aBackupThatEndsEarlyLeavesNoSnapshotBehind() {
    DogRun run = cluster();
    run.input = Arrays.copyOf(backup(), 600);
    run.dog("vdi restore -s a test").fails("failed to read backup data\n", 2);
    assertEquals("", run.sheep.inode(TEST + 3).name(), "what was restored in part");
    assertEquals(TEST + 1, run.sheep.inode(TEST + 4).parent());
    DogRun wrong = cluster();
    wrong.input = stream(HEADER, record(0, 1, ObjectId.DATA_SIZE), END);
    wrong.dog("vdi restore -s a test").fails("The backup file is corrupted\n", 2);
    wrong.input = stream(HEADER, record(4, 0, 0), END);
    wrong.dog("vdi restore -s a test").fails("The backup file is corrupted\n", 2);
  }

  @Test
  void refusalsOfARestore() {
    DogRun run = cluster().dog("vdi restore test");
    assertEquals(
        """
        We can restore a backup file only to snapshots
        Please specify the '-s' option
        """,
        run.err());
    assertEquals(64, run.status());
    cluster()
        .dog("vdi restore -s gone test")
        .fails(
            """
            Failed to open VDI test (snapshot id: 0 snapshot tag: gone): \
            Failed to find requested tag
            Snapshot ID 0 or tag gone doesn't exist
            """,
            1);
    DogRun typing = cluster();
    typing.terminal = DogRun.terminalOf(80);
    typing.dog("vdi restore -s a test");
    assertEquals("stdin must be pipe\n", typing.err());
    assertEquals(64, typing.status());
    DogRun busy = cluster();
    busy.input = backup();
    busy.sheep.refusals.put(Opcode.NEW_VDI, ResultCode.VDI_LOCKED);
    busy.dog("vdi restore -s a test")
        .fails(
            """
            Failed to create VDI test: VDI is already locked
            Failed to delete the current state
            """,
            1);
  }
}

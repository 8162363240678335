package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.dog.Farm.Digest;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `dog cluster snapshot`, and its directory as the original lays it out.
final class ClusterSnapshotTest {
  private static final int TEST = 0x7c2b25;
  private static final int OTHER = 0x562a55;
  private static final int SLICE = 128 << 10;

  @TempDir Path temp;

  /// A name with two snapshots, a clone of the first with one, and a VDI without.
  private static DogRun cluster() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("test", "s1", TEST, 1, 1, 0, 8 << 20), TEST, TEST);
    run.sheep.vdi(FakeSheep.inode("test", "s2", TEST + 1, 1, 2, TEST, 12 << 20), TEST + 1, TEST);
    run.sheep.vdi(FakeSheep.inode("test", "", TEST + 2, 0, 3, TEST + 1, 12 << 20), TEST + 1, TEST);
    run.sheep.vdi(FakeSheep.inode("other", "o", OTHER, 1, 1, TEST, 8 << 20), TEST, OTHER);
    run.sheep.vdi(FakeSheep.working("alone", 0x300, 4 << 20));
    put(run, TEST, 0, "first");
    put(run, TEST, 1, "second");
    put(run, TEST + 1, 0, "changed");
    put(run, OTHER, 1, "cloned");
    return run;
  }

  private static void put(DogRun run, int vdi, int index, String text) {
    run.sheep.objects.put(
        ObjectId.data(new VdiId(vdi), index), text.getBytes(StandardCharsets.US_ASCII));
  }

  private DogRun saved() {
    DogRun run = cluster();
    run.dog("cluster snapshot save t1 " + farm()).prints("");
    return run;
  }

  private String farm() {
    return temp.resolve("farm").toString();
  }

  @Test
  void snapshotsAreSavedAndListed() {
    DogRun run = saved();
    run.dog("cluster snapshot save t2 " + farm() + " other").prints("");
    run.dog("cluster snapshot list " + farm())
        .prints(
            """
            Index\t\tTag\t\tSnapshot Time
            1\t\tt1\t\tSun Nov 22 13:34:15 2026
            2\t\tt2\t\tSun Nov 22 13:34:15 2026
            """);
    run.dog("cluster snapshot list --json " + farm())
        .prints(
            "[{\"index\":1,\"tag\":\"t1\",\"time\":1795354455},"
                + "{\"index\":2,\"tag\":\"t2\",\"time\":1795354455}]\n");
    run.dog("cluster snapshot show 1 " + farm())
        .fails(
            """
            1. VDI id: 562a55, name: other, tag: o
            2. VDI id: 7c2b25, name: test, tag: s1
            3. VDI id: 7c2b26, name: test, tag: s2
            """,
            0);
    run.dog("cluster snapshot show t2 " + farm())
        .fails("1. VDI id: 562a55, name: other, tag: o\n", 0);
  }

  @Test
  void theDirectoryIsAsTheOriginalLaysItOut() throws IOException {
    saved();
    ByteBuffer list =
        ByteBuffer.wrap(Files.readAllBytes(temp.resolve("farm/user_snap")))
            .order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(32 + 296, list.capacity());
    assertEquals(0xfee1c001, list.getInt(0));
    assertEquals(1, list.getInt(4));
    assertEquals(2, list.get(8));
    assertEquals(0, list.get(9));
    assertEquals(1, list.getInt(32));
    assertEquals('t', list.get(36));
    assertEquals(FakeSheep.NOW, list.getLong(32 + 264));
    for (int i = 0; i < 256; i++) {
      assertTrue(Files.isDirectory(temp.resolve("farm/objects/" + String.format("%02x", i))));
    }
    ByteBuffer trunk = object(list, 32 + 272);
    assertEquals(7 * 32, trunk.capacity(), "three inodes and four data objects");
    assertEquals(0x00562a5500000001L, trunk.getLong(0));
    assertEquals(2, trunk.get(8));
    ByteBuffer slices = object(trunk, 12);
    assertEquals(32 * 20, slices.capacity());
    byte[] first = Arrays.copyOf("cloned".getBytes(StandardCharsets.US_ASCII), SLICE);
    assertArrayEquals(first, object(slices, 0).array());
    assertArrayEquals(new byte[SLICE], object(slices, 20).array());
  }

  /// The data whose SHA-1 stands there.
  private ByteBuffer object(ByteBuffer bytes, int at) throws IOException {
    byte[] digest = new byte[20];
    bytes.get(at, digest);
    String hex = HexFormat.of().formatHex(digest);
    Path file = temp.resolve("farm/objects/" + hex.substring(0, 2) + "/" + hex.substring(2));
    ByteBuffer data = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(hex, Digest.of(data).hex());
    return data;
  }

  @Test
  void aClusterIsMadeAnewFromASnapshot() {
    saved();
    DogRun run = new DogRun();
    run.dog("cluster snapshot load t1 " + farm())
        .prints(
            "Number of copies (2) is larger than number of zones (1).\n"
                + "Are you sure you want to continue? [yes/no]: ");
    run.input = "yes\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("cluster snapshot load t1 " + farm());
    assertEquals("", run.err());
    assertEquals(0, run.status());
    run.dog("vdi list -r")
        .prints(
            """
            s other 1 8388608 4194304 4194304 1795354455 562a55 2 o
            = other 0 8388608 0 8388608 1795354455 562a56 2\s
            s test 1 8388608 8388608 0 1795354455 7c2b25 2 s1
            s test 2 12582912 4194304 4194304 1795354455 7c2b26 2 s2
            = test 0 12582912 0 8388608 1795354455 7c2b27 2\s
            """);
    for (String[] disk :
        new String[][] {
          {"-s s1 test 0 5", "first"},
          {"-s s1 test 4M 6", "second"},
          {"-s s2 test 0 7", "changed"},
          {"test 4M 6", "second"},
          {"-s o other 0 5", "first"},
          {"other 4M 6", "cloned"}
        }) {
      run.dog("vdi read " + disk[0]).prints(disk[1]);
    }
  }

  @Test
  void someNamesAreMadeAnew() {
    saved();
    DogRun run = new DogRun();
    run.input = "yes\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("cluster snapshot load 1 " + farm() + " other");
    assertEquals(0, run.status(), run.err());
    run.dog("vdi read other 0 5").prints("first");
    run.dog("vdi list -r test").prints("");
    run.dog("cluster snapshot load 1 " + farm() + " gone")
        .fails(
            """
            Objects of specified VDIs are not found in local cluster snapshot storage.
            Fail to load snapshot
            """,
            2);
    run.dog("cluster snapshot load t9 " + farm())
        .fails("Snapshot index or tag does not exist.\nFail to load snapshot\n", 2);
  }

  @Test
  void damagedDataIsNotLoaded() throws IOException {
    saved();
    Digest digest =
        Digest.of(
            ByteBuffer.wrap(Arrays.copyOf("changed".getBytes(StandardCharsets.US_ASCII), SLICE)));
    Path file =
        temp.resolve(
            "farm/objects/" + digest.hex().substring(0, 2) + "/" + digest.hex().substring(2));
    Files.write(file, new byte[SLICE - 1]);
    DogRun run = new DogRun();
    run.input = "yes\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("cluster snapshot load t1 " + farm());
    assertEquals(2, run.status());
    assertTrue(
        run.err()
            .endsWith(
                """
                 is damaged: its SHA-1 is not its name
                Fail to load object, oid 007c2b2600000000
                Fail to load snapshot
                """),
        run.err());
  }

  @Test
  void whatCannotBeSaved() throws IOException {
    DogRun run = saved();
    String last = "Fail to save snapshot to path: " + farm() + ".\n";
    run.dog("cluster snapshot save t1 " + farm())
        .fails(
            "Snapshot tag has already been used for another snapshot, please, use another one.\n"
                + last,
            2);
    run.dog("cluster snapshot save t2 " + farm() + " alone")
        .fails(
            """
            Cannot execute. It may be caused by:
            1. The specified VDIs are not found.
            2. The specified VDIs don't have snapshots.
            """
                + last,
            2);
    new DogRun()
        .dog("cluster snapshot save t2 " + farm())
        .fails(
            """
            Cannot execute. It may be caused by:
            1. The cluster is empty.
            2. All VDIs of the cluster don't have snapshots.
            """
                + last,
            2);
    run.sheep.badObject = ObjectId.data(new VdiId(OTHER), 1).value();
    run.dog("cluster snapshot save t2 " + farm())
        .fails(
            """
            Failed to read object 00562a5500000001 I/O error
            Fail to save object, oid 00562a5500000001
            """
                + last,
            2);
    Files.write(temp.resolve("farm/user_snap"), new byte[40]);
    run.dog("cluster snapshot save t2 " + farm()).fails("magic number mismatch\n" + last, 2);
    run.dog("cluster snapshot list " + farm())
        .fails("magic number mismatch\nFail to list snapshot.\n", 2);
  }

  @Test
  void wrongWordsAndPaths() {
    for (String[] wrong :
        new String[][] {
          {"save 1x /x", "Tag should not start with number."},
          {"save t", "Please specify the path to save snapshot."},
          {"load t", "Please specify the path to load snapshot."},
          {"show t", "Please specify the path to show snapshot."}
        }) {
      DogRun run = new DogRun().dog("cluster snapshot " + wrong[0]);
      assertEquals(wrong[1] + "\n", run.err());
      assertEquals(64, run.status());
    }
    DogRun.withoutSheep()
        .dog("cluster snapshot list " + farm())
        .fails(
            "Path is not a directory: " + farm() + "\nFail to init farm.\nFail to list snapshot.\n",
            2);
  }
}

package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.placement.Site;
import dev.kelpie.placement.SlotHolders;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `dog vdi object location`, `map` and `dump-inode`.
final class ObjectCommandsTest {
  private static final int TEST = 0x7c2b25;
  private static final String NO_TEST =
      "Failed to open VDI test (snapshot id: 0 snapshot tag: ): No VDI found\n";

  private static DogRun withVdi() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("test", TEST, 20 << 20), 0, TEST, 0x10, TEST);
    run.sheep.objects.put(ObjectId.data(new VdiId(TEST), 1), new byte[1]);
    return run;
  }

  @Test
  void mapShowsTheOwners() {
    withVdi()
        .dog("vdi object map test")
        .prints(
            """
            Index       VID
            00000001   7c2b25
            00000002       10
            00000003   7c2b25
            """);
  }

  @Test
  void mapOfOneIndexShowsItAlsoWhereItIsAHole() {
    withVdi().dog("vdi object map test -i 2").prints("Index       VID\n00000002       10\n");
    withVdi().dog("vdi object map -i 0x0 test").prints("Index       VID\n00000000        0\n");
    withVdi()
        .dog("vdi object map -i 99999999999 test")
        .prints("Index       VID\n99999999999        0\n");
    withVdi()
        .dog("vdi object map -i x test")
        .fails("The index must be a decimal integer or a hexadecimal integer started with 0x\n", 1);
  }

  @Test
  void mapOfAnUnknownVdiIsFatal() {
    new DogRun().dog("vdi object map test").fails(NO_TEST + "FATAL: test not found\n", 1);
  }

  @Test
  void locationOfTheInode() {
    DogRun run = withVdi();
    run.sheep.nodes.add(FakeSheep.node(7001, 128, 2));
    run.network.listen(7001, new FakeSheep());
    run.dog("vdi object location test");
    String[] parts = run.out().split("\n\n", -1);
    assertEquals("Looking for the inode object 0x7c2b25 with 2 nodes", parts[0]);
    assertEquals("127.0.0.1:7000 has the object\n127.0.0.1:7001 doesn't have the object", parts[1]);
    assertTrue(
        parts[2].equals(
                """
                According to sheepdog algorithm, the object should be located at:
                127.0.0.1:7000 127.0.0.1:7001
                """)
            || parts[2].equals(
                """
                According to sheepdog algorithm, the object should be located at:
                127.0.0.1:7001 127.0.0.1:7000
                """),
        parts[2]);
  }

  @Test
  void locationOfADataObject() {
    withVdi()
        .dog("vdi object location -i 1 test")
        .prints(
            """
            Looking for the object 007c2b2500000001 (vid 0x7c2b25 idx 1, 2 copies) with 1 nodes

            127.0.0.1:7000 has the object

            According to sheepdog algorithm, the object should be located at:
            127.0.0.1:7000
            """);
  }

  @Test
  void locationOfAHoleOrBehindTheEnd() {
    withVdi()
        .dog("vdi object location -i 0 test")
        .prints("The inode object 0x7c2b25 idx 0 is not allocated\n");
    withVdi()
        .dog("vdi object location -i 4294967296 test")
        .prints("The offset is too large!\n", "", 1);
  }

  @Test
  void locationTellsOfNodesThatCannotSay() {
    DogRun run = withVdi();
    run.sheep.nodes.add(FakeSheep.node(7001, 128, 2));
    run.sheep.nodes.add(FakeSheep.node(7002, 128, 3));
    FakeSheep third = new FakeSheep();
    third.refusals.put(Opcode.EXIST, ResultCode.OLD_NODE_VER);
    run.network.listen(7002, third);
    run.sheep.refusals.put(Opcode.EXIST, ResultCode.EIO);
    run.dog("vdi object location test");
    assertEquals(
        "127.0.0.1:7000: hit an unexpected error (I/O error)\n"
            + "failed to connect to 127.0.0.1:7001: Connection refused\n".repeat(2)
            + "The node list has changed: please try again\n",
        run.err());
    assertEquals(0, run.status());
  }

  @Test
  void locationOfAnUnknownVdiIsFatal() {
    new DogRun().dog("vdi object location test").fails(NO_TEST + "FATAL: no inode objects\n", 1);
  }

  @Test
  void dumpInodeShowsAFileAndAsksNoSheep(@TempDir Path dir) throws IOException {
    byte[] inode = new byte[ObjectId.INODE_SIZE];
    ByteBuffer bytes = ByteBuffer.wrap(inode).order(ByteOrder.LITTLE_ENDIAN);
    new InodeHeader("vm1", "t", 0x1ab, 0x2cd, 0x3ef, 1, 2, 0x22, 0, 6, 22, 17, 0xc59887, 0xabc, 5)
        .encode(bytes);
    bytes.putInt(4664 + 4 * 3, 0xc59887);
    bytes.putInt(4_198_968 + 8 * 3, 1);
    bytes.putInt(4_198_968 + 8 * 3 + 4, 2);
    bytes.putInt(4664 + 4 * ((1 << 20) - 1), 0xabc);
    Path file = Files.write(dir.resolve("inode"), inode);
    DogRun.withoutSheep()
        .dog("vdi object dump-inode " + file)
        .prints(
            """
            name: vm1
            tag: t
            create_time: 1ab
            snap_ctime: 2cd
            vm_clock_nsec: 3ef
            copy_policy: 34
            store_policy: 0
            nr_copies: 6
            block_size_shift: 22
            snap_id: 17
            vdi_id: c59887
            parent_vdi_id: abc
            btree_counter: 5
            data_vdi_id:
            3: 12949639
            1048575: 2748
            gref:
            3: c59887, 1, 2
            1048575: abc, 0, 0
            """);
  }

  @Test
  void dumpInodeOfABadFileFails(@TempDir Path dir) throws IOException {
    new DogRun()
        .dog("vdi object dump-inode /no/such/file")
        .fails("failed to open inode object file: No such file or directory\n", 1);
    new DogRun()
        .dog("vdi object dump-inode " + dir)
        .fails("failed to read inode object file: Is a directory\n", 1);
    Path file = Files.write(dir.resolve("short"), new byte[100]);
    new DogRun()
        .dog("vdi object dump-inode " + file)
        .fails("failed to read inode object file: it has 100 bytes, an inode has 12587576\n", 1);
  }

  @Test
  void locationIsByTheSlotOfAnObject() {
    List<Node> nodes = new ArrayList<>();
    List<Site> sites = new ArrayList<>();
    for (int i = 10; i <= 13; i++) {
      NodeAddress address = new NodeAddress(0, 0xc0a80100L + i, 7000);
      nodes.add(new Node(new NodeId(address, NodeAddress.NONE), 128, address.zone(), 0));
      sites.add(new Site(address.hash(), 128, address.zone()));
    }
    SlotHolders holders = new SlotHolders(sites, 4);
    for (int i = 0; i < 1000; i++) {
      ObjectId object = ObjectId.data(new VdiId(TEST), i);
      int[] expected = holders.of(object, 3);
      List<Node> found = new Ring(nodes).holders(object, 3);
      assertEquals(Arrays.stream(expected).mapToObj(nodes::get).toList(), found);
    }
    assertEquals(4, new Ring(nodes).holders(new ObjectId(1), 9).size());
  }
}

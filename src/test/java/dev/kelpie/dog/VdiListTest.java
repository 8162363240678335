package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.SheepHash;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;

/// `dog vdi list`, `tree` and `graph`.
final class VdiListTest {
  private static final String HEADER =
      "  Name        Id    Size    Used  Shared    Creation time   VDI id  Copies  Tag\n";
  private static final int FOO = 0xd9d577;
  private static final int BAR = 0x39461a;
  private static final int EC = 0x3933f9;
  private static final long SIZE = 20 << 20;

  private static InodeHeader erasureCoded() {
    return new InodeHeader(
        "ec", "", (FakeSheep.NOW + 1) << 32, 0, 0, SIZE, 0, 0x11, 0, 3, 22, 1, EC, 0, 0);
  }

  /// The VDIs of the samples in the spec.
  private static DogRun samples() {
    DogRun run = new DogRun();
    run.sheep.vdi(erasureCoded());
    run.sheep.vdi(FakeSheep.inode("bar", "", BAR, 0, 1, FOO, SIZE), FOO, 0, FOO);
    run.sheep.vdi(FakeSheep.inode("foo", "tag1", FOO, 5, 1, 0, SIZE), FOO, FOO, 0, 0, 0, FOO);
    return run;
  }

  @Test
  void linesAreAsInTheOriginal() {
    samples()
        .dog("vdi list")
        .prints(
            HEADER
                + "  ec           0   20 MB  0.0 MB  0.0 MB 2026-11-22 13:34   3933f9    2:1"
                + " ".repeat(14)
                + "\n"
                + "c bar          0   20 MB  0.0 MB  8.0 MB 2026-11-22 13:34   39461a      2"
                + " ".repeat(14)
                + "\n"
                + "s foo          1   20 MB  8.0 MB  0.0 MB 2026-11-22 13:34   d9d577      2"
                + "          tag1\n");
  }

  @Test
  void rawLinesAreAsInTheOriginal() {
    samples()
        .dog("vdi list -r")
        .prints(
            """
            = ec 0 20971520 0 0 1795354456 3933f9 2:1\s
            c bar 0 20971520 0 8388608 1795354455 39461a 2\s
            s foo 1 20971520 8388608 0 1795354455 d9d577 2 tag1
            """);
  }

  @Test
  void whiteSpaceAndBackslashesInNamesAreEscapedInRawMode() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("a b", 0x833892, 1 << 20), 0x833892);
    run.sheep.vdi(FakeSheep.inode("x\\\ty", "a tag", 0x900000, 1, 3, 0, 0));
    run.dog("vdi list -r")
        .prints(
            """
            = a\\ b 0 1048576 4194304 0 1795354455 833892 2\s
            s x\\\\\\\ty 3 0 0 0 1795354455 900000 2 a tag
            """);
  }

  @Test
  void namesAreBytesAllTheWay() {
    DogRun run = new DogRun();
    String name =
        new String("\u00e4\u20ac".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    int vid = SheepHash.vdiSlot(name.getBytes(StandardCharsets.ISO_8859_1));
    run.sheep.vdi(FakeSheep.working(name, vid, 0));
    run.dog(List.of("vdi", "list", "-r", name));
    assertEquals(
        "= \u00e4\u20ac 0 0 0 0 1795354455 " + Integer.toHexString(vid) + " 2 \n",
        new String(run.outBytes(), StandardCharsets.UTF_8));
  }

  @Test
  void longValuesAreNeverCut() {
    InodeHeader inode =
        new InodeHeader(
            "a-long-name",
            "a-tag-of-its-own",
            0,
            1,
            0,
            4L << 40,
            0,
            0,
            0,
            3,
            22,
            1_234_567,
            1,
            0,
            0);
    assertEquals(
        "s a-long-name 1234567  4.0 TB   12 MB  8.0 MB 1970-01-01 00:00        1      3"
            + " a-tag-of-its-own\n",
        VdiList.render(inode, 3, 2, VdiList.Form.HUMAN));
  }

  @Test
  void timesAreLocal() {
    TimeZone before = TimeZone.getDefault();
    try {
      TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
      assertTrue(
          VdiList.render(FakeSheep.working("a", 1, 0), 0, 0, VdiList.Form.HUMAN)
              .contains("2026-11-22 08:34"));
      assertEquals("Sun Nov 22 08:34:15 2026", Times.at(FakeSheep.NOW).ctime());
      assertEquals("Mon Jun  1 08:00:00 2026", Times.at(1_780_315_200L).ctime());
    } finally {
      TimeZone.setDefault(before);
    }
  }

  @Test
  void aNameSelectsTheVdiAndItsSnapshots() {
    assertEquals(FOO, SheepHash.vdiSlot("foo".getBytes(StandardCharsets.US_ASCII)));
    DogRun run = samples();
    run.sheep.vdi(FakeSheep.inode("foo", "", FOO + 1, 0, 2, FOO, SIZE), FOO);
    run.sheep.vdi(FakeSheep.working("other", FOO + 2, 0));
    run.dog("vdi list foo -r -a 127.0.0.1 -p 7000")
        .prints(
            """
            s foo 1 20971520 8388608 0 1795354455 d9d577 2 tag1
            = foo 0 20971520 0 4194304 1795354455 d9d578 2\s
            """);
  }

  @Test
  void aNameIsSearchedAcrossTheEndOfTheIds() {
    DogRun run = new DogRun();
    String name = nameAt(0xffffff);
    run.sheep.vdi(FakeSheep.inode(name, "t", 0xffffff, 1, 1, 0, 0));
    run.sheep.vdi(FakeSheep.inode(name, "", 1, 0, 2, 0xffffff, 0));
    run.dog("vdi list -r " + name)
        .prints(
            "= "
                + name
                + " 0 0 0 0 1795354455 1 2 \ns "
                + name
                + " 1 0 0 0 1795354455 ffffff 2 t\n");
  }

  /// A name whose search starts at this id.
  private static String nameAt(int slot) {
    for (long i = 0; ; i++) {
      String name = Long.toString(i, 36);
      if (SheepHash.vdiSlot(name.getBytes(StandardCharsets.US_ASCII)) == slot) {
        return name;
      }
    }
  }

  @Test
  void anUnknownNameGivesTheHeaderAlone() {
    samples().dog("vdi list nobody").prints(HEADER);
    samples().dog("vdi list -r nobody").prints("");
  }

  @Test
  void deletedVdisAreLeftOut() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("", "old", 0x10, 1, 1, 0, 0));
    run.dog("vdi list -r").prints("");
  }

  @Test
  void anObjectSelectsTheVdisThatHoldIt() {
    samples()
        .dog("vdi list -r -o 00d9d57700000000")
        .prints(
            """
            c bar 0 20971520 0 8388608 1795354455 39461a 2\s
            s foo 1 20971520 8388608 0 1795354455 d9d577 2 tag1
            """);
    samples().dog("vdi list -r -o 0xd9d57700000001");
    samples().dog("vdi list -r -o d9d57700000003").prints("");
    samples().dog("vdi list -o 80d9d57700000000").prints(HEADER, "", 1);
    samples().dog("vdi list -o xyz").fails("object id must be a hex integer\n", 1);
  }

  @Test
  void anInodeThatCannotBeReadIsSkipped() {
    DogRun run = samples();
    run.sheep.badObject = 0x8039461a00000000L;
    run.dog("vdi list -r")
        .prints(
            """
            = ec 0 20971520 0 0 1795354456 3933f9 2:1\s
            s foo 1 20971520 8388608 0 1795354455 d9d577 2 tag1
            """,
            """
            Failed to read object 8039461a00000000 I/O error
            Failed to read inode header
            """,
            0);
  }

  @Test
  void aRefusedScanIsTold() {
    DogRun run = new DogRun();
    run.sheep.refusals.put(Opcode.READ_VDIS, ResultCode.SHUTDOWN);
    run.dog("vdi list").prints(HEADER, "System is shutting down\n", 0);
    run.dog("vdi tree").fails("System is shutting down\n", 0);
  }

  @Test
  void aThousandVdisComeInTheOrderOfTheirIdsWhateverTheOrderOfTheAnswers() {
    DogRun run = new DogRun();
    List<String> expected = new ArrayList<>();
    for (int i = 1; i <= 1000; i++) {
      run.sheep.vdi(FakeSheep.working("vm" + i, i * 7, 8L << 20), i * 7, 1);
      expected.add("vm" + i + ",4194304,4194304");
    }
    run.dog("vdi list -r");
    List<String> seen =
        run.out()
            .lines()
            .map(l -> l.split(" ", -1))
            .map(f -> f[1] + "," + f[4] + "," + f[5])
            .toList();
    assertEquals(expected, seen);
  }

  @Test
  void onlyHeadersAndTheUsedPartOfTheMapsAreRead() {
    DogRun run = samples();
    run.dog("vdi list -r");
    List<String> reads =
        run.sheep.requests.stream()
            .filter(r -> r.opcode().orElseThrow() == Opcode.READ_OBJ)
            .map(r -> ((RequestFields.Obj) r.fields()).offset() + "+" + r.dataLength())
            .toList();
    assertEquals(List.of("0+4664", "0+4664", "0+4664", "4664+20", "4664+20", "4664+20"), reads);
  }

  @Test
  void treeDrawsSnapshotsAndWhereYouAre() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("foo", "t", 0x10, 1, 1, 0, 0));
    run.sheep.vdi(FakeSheep.inode("foo", "u", 0x11, 1, 2, 0x10, 0));
    run.sheep.vdi(FakeSheep.inode("foo", "", 0x12, 0, 3, 0x10, 0));
    run.sheep.vdi(FakeSheep.inode("clone", "", 0x20, 0, 1, 0x10, 0));
    run.dog("vdi tree")
        .prints(
            """
            foo---[2026-11-22 13:34]-+-[2026-11-22 13:34]
                                     `-(you are here)
            clone---(you are here)
            """);
  }

  @Test
  void treeCarriesTheLinesOfBranchesStillToCome() {
    List<InodeHeader> inodes =
        List.of(
            FakeSheep.inode("vm", "a", 1, 1, 1, 0, 0),
            FakeSheep.inode("vm", "b", 2, 1, 2, 1, 0),
            FakeSheep.inode("vm", "c", 3, 1, 3, 2, 0),
            FakeSheep.inode("vm", "d", 4, 1, 4, 2, 0),
            FakeSheep.inode("vm", "e", 5, 1, 5, 1, 0),
            FakeSheep.inode("vm", "", 6, 0, 6, 1, 0));
    String label = "[2026-11-22 13:34]";
    String behindRoot = " ".repeat(24);
    assertEquals(
        "vm---"
            + label
            + "-+-"
            + label
            + "-+-"
            + label
            + "\n"
            + behindRoot
            + "| "
            + " ".repeat(19)
            + "`-"
            + label
            + "\n"
            + behindRoot
            + "|-"
            + label
            + "\n"
            + behindRoot
            + "`-(you are here)\n",
        VdiTree.render(inodes, false));
  }

  @Test
  void treeIsBoldOnATerminal() {
    DogRun run = new DogRun();
    run.terminal = DogRun.terminalOf(80);
    run.sheep.vdi(FakeSheep.working("foo", 0x10, 0));
    run.dog("vdi tree").prints("foo---\u001b[1m(you are here)\u001b[0m\n");
  }

  @Test
  void graphIsForGraphviz() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("foo", "t", 0xd9d577, 1, 26, 0, 10L << 30));
    run.sheep.vdi(FakeSheep.inode("foo", "", 0xd9d578, 0, 2, 0xd9d577, 10L << 30));
    run.dog("vdi graph")
        .prints(
            """
            digraph G {
              node [shape = "box", fontname = "Courier"];

              "0" [shape = "ellipse", label = "root"];

              "0" -> "d9d577";
              "d9d577" [
                group = "foo",
                label = "Name:        foo\\nTag:          1a\\nSize:      10 GB\\n\
            Date: 2026-11-22\\nTime:   13:34:15"
              ];

              "d9d577" -> "d9d578";
              "d9d578" [
                group = "foo",
                label = "Name:        foo\\nTag:           0\\nSize:      10 GB\\n\
            Date: 2026-11-22\\nTime:   13:34:15",
                color="red"
              ];

            }
            """);
  }
}

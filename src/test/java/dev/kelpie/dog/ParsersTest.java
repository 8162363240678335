package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What other programs make of the output, by their own rules (spec/cli.md §9,
/// spec/protocol-and-cache.md §5).
final class ParsersTest {
  private static final int VM1 = 0xc59887;

  private static DogRun cluster() {
    DogRun run = new DogRun();
    run.sheep.epochs.add(
        new EpochLog(
            FakeSheep.NOW << 32, FakeSheep.NOW, 1, false, 2, 0, 0, "plain", run.sheep.nodes));
    run.sheep.vdi(FakeSheep.inode("vm1", "base", VM1, 1, 1, 0, 20), VM1, VM1);
    run.sheep.vdi(FakeSheep.inode("vm1", "", VM1 + 1, 0, 2, VM1, 50 << 20), VM1 + 1);
    return run;
  }

  /// libvirt's reader of `node info -r`.
  private static long[] libvirtPool(String text) {
    for (String line : text.split("(?<=\n)", -1)) {
      if (line.startsWith("Total ")) {
        Matcher m = Pattern.compile("Total (\\d+).(\\d+).[^\n]*\n").matcher(line);
        if (m.matches()) {
          return new long[] {Long.parseLong(m.group(1)), Long.parseLong(m.group(2))};
        }
      }
    }
    throw new IllegalArgumentException("no pool");
  }

  /// libvirt's reader of `vdi list NAME -r`.
  private static long[] libvirtVolume(String text) {
    for (String line : text.split("(?<=\n)", -1)) {
      if (line.startsWith("=") && line.endsWith("\n")) {
        int at = 2;
        while (line.charAt(at) != ' ') {
          at += line.charAt(at) == '\\' ? 2 : 1;
        }
        String[] fields = line.substring(at + 1).split("[ \n]", -1);
        Integer.parseInt(fields[0]);
        return new long[] {Long.parseLong(fields[1]), Long.parseLong(fields[2])};
      }
    }
    throw new IllegalArgumentException("no volume");
  }

  @Test
  void theReadersOfLibvirtReadItsOwnVectors() {
    long[] pool = libvirtPool("Total 15245667872 117571104 0% 20972341\n");
    assertEquals(15_245_667_872L, pool[0]);
    assertEquals(117_571_104, pool[1]);
    assertThrows(RuntimeException.class, () -> libvirtPool("Total 15245667872 117571104"));
    assertEquals(10, libvirtVolume("= test 3 10 20 0 1336557216 7c2b27\n")[0]);
    assertEquals(20, libvirtVolume("= test\\ with\\ spaces 3 10 20 0 1336557216 7c2b27\n")[1]);
    assertEquals(10, libvirtVolume("= backslashattheend\\\\ 3 10 20 0 1336557216 7c2b27\n")[0]);
    assertEquals(
        50,
        libvirtVolume("s test 1 10 20 0 1336556634 7c2b25\n= test 3 50 60 0 1336557216 7c2b27\n")[
            0]);
    assertThrows(
        RuntimeException.class, () -> libvirtVolume("= test 3 a 20 0 1336557216 7c2b27\n"));
  }

  @Test
  void libvirtRefreshesItsPool() {
    long[] pool = libvirtPool(cluster().dog("node info -r -a localhost -p 7000").out());
    assertEquals(100L << 30, pool[0]);
    assertEquals(25L << 30, pool[1]);
  }

  @Test
  void libvirtReadsAVolumeWhateverItsName() {
    DogRun run = cluster();
    long[] volume = libvirtVolume(run.dog("vdi list vm1 -r -a localhost -p 7000").out());
    assertEquals(50 << 20, volume[0]);
    assertEquals(4 << 20, volume[1]);
    for (String name : List.of("test with spaces", "backslashattheend\\", "tab\there")) {
      InodeHeader inode = FakeSheep.working(name, 5, 12_345);
      assertEquals(12_345, libvirtVolume(VdiList.render(inode, 0, 0, VdiList.Form.RAW))[0]);
    }
  }

  @Test
  void libvirtListsVolumesByTheSecondWord() {
    List<String> names =
        cluster()
            .dog("vdi list -r -a localhost -p 7000")
            .out()
            .lines()
            .map(l -> l.split(" ", -1))
            .filter(w -> w.length > 2)
            .map(w -> w[1])
            .distinct()
            .toList();
    assertEquals(List.of("vm1"), names);
  }

  @Test
  void cinderSeesThatTheClusterRuns() {
    DogRun run = cluster();
    assertTrue(
        run.dog("cluster info -a 127.0.0.1 -p 7000").out().startsWith("Cluster status: running"));
    assertEquals(0, run.status());
    run.sheep.epochs.clear();
    run.sheep.clusterState = ResultCode.WAIT_FOR_FORMAT;
    assertTrue(
        run.dog("cluster info")
            .out()
            .startsWith("Cluster status: Waiting for cluster to be formatted"));
    assertEquals(0, run.status());
    run.sheep.clusterState = ResultCode.WAIT_FOR_JOIN;
    assertTrue(
        run.dog("cluster info")
            .out()
            .startsWith("Cluster status: Waiting for other nodes to join cluster"));
    assertEquals(0, run.status());
  }

  @Test
  void cinderReadsErrors() {
    DogRun run = cluster();
    assertTrue(DogRun.withoutSheep().dog("vdi list").err().startsWith("failed to connect to"));
    assertTrue(run.dog("vdi create vm1 1G").err().strip().endsWith(": VDI exists already"));
    assertTrue(run.dog("vdi delete gone").err().strip().endsWith(": No VDI found"));
    assertEquals(0, run.status());
    assertTrue(
        run.dog("vdi delete -s gone vm1").err().strip().endsWith(": Failed to find requested tag"));
    assertEquals(0, run.status());
    assertTrue(run.dog("vdi snapshot -s s gone").err().strip().endsWith(": No VDI found"));
    assertTrue(run.dog("vdi snapshot -s base vm1").err().strip().endsWith("tag (base) is existed"));
    assertTrue(run.dog("vdi resize gone 1G").err().strip().endsWith(": No VDI found"));
    assertTrue(run.dog("vdi resize vm1 1M").err().startsWith("Shrinking VDIs is not implemented"));
    assertTrue(run.dog("vdi resize vm1 9P").err().startsWith("New VDI size is too large"));
  }

  @Test
  void cinderReadsTheSpace() {
    Matcher m =
        Pattern.compile("[\\w\\s%]*Total\\s(\\d+)\\s(\\d+)\\s(\\d+)*")
            .matcher(cluster().dog("node info -r").out());
    assertTrue(m.lookingAt());
    assertEquals(100L << 30, Long.parseLong(m.group(1)));
    assertEquals(25L << 30, Long.parseLong(m.group(2)));
    DogRun run = new DogRun();
    run.sheep.refusals.put(Opcode.STAT_SHEEP, ResultCode.WAIT_FOR_FORMAT);
    assertTrue(run.dog("node info -r").err().contains("Cannot get information from any nodes"));
  }

  @Test
  void cinderReadsTheAddressesOfNodes() {
    String line = cluster().dog("node list -r").out();
    assertEquals("127.0.0.1", line.split(" ", -1)[1].split(":", -1)[0]);
  }

  @Test
  void glanceFindsTheProgramAndTheSizeOfAnImage() {
    assertEquals(0, new DogRun().dog("").status());
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("vm1", VM1, 64 << 20));
    assertEquals(
        "67108864", run.dog("vdi list -r -a 127.0.0.1 -p 7000 vm1").out().split(" ", -1)[3]);
    run.dog("vdi list -r -a 127.0.0.1 -p 7000 other").prints("");
    run.dog("vdi resize -a 127.0.0.1 -p 7000 vm1 67108864").prints("");
  }

  @Test
  void proxmoxReadsListsAndGraphs() {
    DogRun run = cluster();
    run.sheep.vdi(FakeSheep.inode("vm-100-disk-1", "", 0x500, 0, 1, VM1, 50 << 20), 0, VM1);
    String list = run.dog("vdi list -r").out();
    Pattern volume =
        Pattern.compile(
            "^([=c]) ((vm|base)-(\\d+)-\\S+)\\s+(\\d+)\\s+(\\d+)\\s(\\d+)\\s(\\d+)\\s(\\d+)"
                + "\\s(\\S+)\\s(\\d+)",
            Pattern.MULTILINE);
    Matcher m = volume.matcher(list);
    assertTrue(m.find());
    assertEquals("vm-100-disk-1", m.group(2));
    assertEquals("52428800", m.group(6));
    assertFalse(m.find());
    Pattern snapshot =
        Pattern.compile(
            "^s (\\S+) (\\d+) (\\d+) (\\d+) (\\d+) (\\d+) (\\S+) (\\d+) (\\S+)$",
            Pattern.MULTILINE);
    Matcher s = snapshot.matcher(list);
    assertTrue(s.find());
    assertEquals("base", s.group(9));
    String graph = run.dog("vdi graph").out();
    assertTrue(
        Pattern.compile("^\\s*\"c59887\" -> \"c59888\"", Pattern.MULTILINE).matcher(graph).find());
    assertTrue(
        Pattern.compile("^\\s*group = \"vm-100-disk-1\",$", Pattern.MULTILINE)
            .matcher(graph)
            .find());
  }

  @Test
  void sheepfsReadsSizeAndId() {
    String[] fields =
        cluster().dog("vdi list -r vm1").out().lines().toList().getLast().split(" ", -1);
    assertEquals(50 << 20, Long.parseLong(fields[3]));
    assertEquals(VM1 + 1, Integer.parseInt(fields[7], 16));
  }
}

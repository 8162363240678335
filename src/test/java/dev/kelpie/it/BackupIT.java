package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A full and an incremental backup with the tools that people have for it.
final class BackupIT {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final long MIB = 1 << 20;

  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));

  @BeforeEach
  void startWithAFullBackup() throws IOException {
    sheep = SheepProcess.in(temp).with("-w", "size=128M,keep=always").start();
    sheep.format();
    sheep.dog("vdi", "create", "disk", "66M").ok();
    byte[] data = new byte[(int) (30 * MIB)];
    new Random(SEED).nextBytes(data);
    Path image = Files.write(temp.resolve("image"), data);
    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), uri("disk"));
    sheep.dog("vdi", "snapshot", "-s", "s1", "disk").ok();
    run("nbdcopy", uri("disk@s1"), backup());
    assertIdentical("disk@s1");
    change();
    sheep.dog("vdi", "snapshot", "-s", "s2", "disk").ok();
    run("qemu-io", "-f", "raw", "-c", "write -P 9 40M 1M", "-c", "flush", uri("disk"));
  }

  /// Objects 0, 2, 5 and 7 get data, 12 too, and 4 becomes a hole.
  private void change() {
    run(
        "qemu-io",
        "-f",
        "raw",
        "-c",
        "write -P 1 100 5000",
        "-c",
        "write -P 2 11M 64k",
        "-c",
        "write -P 3 23M 10M",
        "-c",
        "discard 16M 4M",
        "-c",
        "write -P 4 50M 512",
        "-c",
        "flush",
        uri("disk"));
  }

  @AfterEach
  void end() {
    sheep.close();
  }

  private String uri(String export) {
    return sheep.nbd(export);
  }

  private String backup() {
    return temp.resolve("backup").toString();
  }

  private static String run(String... command) {
    return Ran.run(command).ok().out();
  }

  private void assertIdentical(String export) {
    Ran ran = Ran.run("qemu-img", "compare", "-f", "raw", "-F", "raw", backup(), uri(export));
    assertTrue(ran.status() == 0 && ran.out().contains("identical"), ran::toString);
  }

  /// A map as `nbdinfo` tells it: offset, length, value.
  private static List<List<Long>> map(String text) {
    List<List<Long>> map = new ArrayList<>();
    for (String line : text.lines().toList()) {
      String[] words = line.strip().split("\\s+", -1);
      map.add(List.of(Long.valueOf(words[0]), Long.valueOf(words[1]), Long.valueOf(words[2])));
    }
    return map;
  }

  private static List<Long> extent(long offset, long length, long value) {
    return List.of(offset * MIB, length * MIB, value);
  }

  /// What has changed between s1 and s2.
  private static List<List<Long>> changes() {
    return List.of(
        extent(0, 4, 1),
        extent(4, 4, 0),
        extent(8, 4, 1),
        extent(12, 4, 0),
        extent(16, 20, 1),
        extent(36, 12, 0),
        extent(48, 4, 1),
        extent(52, 14, 0));
  }

  @Test
  void nbdinfoAndNbdcopyBringABackupUpToDate() {
    String text = run("nbdinfo", "--map=qemu:dirty-bitmap:s1", uri("disk@s2"));
    assertEquals(changes(), map(text));
    assertTrue(text.contains("dirty") && text.contains("clean"), text);
    for (List<Long> extent : map(text)) {
      if (extent.get(2) == 1) {
        copyWithQemuImg(extent.get(0), extent.get(1));
      }
    }
    assertIdentical("disk@s2");
  }

  private void copyWithQemuImg(long offset, long length) {
    run(
        "qemu-img",
        "dd",
        "-f",
        "raw",
        "-O",
        "raw",
        "bs=" + length,
        "count=1",
        "if=" + part("disk@s2", offset, length),
        "of=" + temp.resolve("piece"));
    run(
        "dd",
        "if=" + temp.resolve("piece"),
        "of=" + backup(),
        "bs=1M",
        "seek=" + offset / MIB,
        "conv=notrunc",
        "status=none");
  }

  private String part(String export, long offset, long length) {
    return "json:{\"driver\": \"raw\", \"offset\": "
        + offset
        + ", \"size\": "
        + length
        + ", \"file\": {\"driver\": \"nbd\", \"host\": \"127.0.0.1\", \"port\": \""
        + sheep.nbdPort()
        + "\", \"export\": \""
        + export
        + "\"}}";
  }

  @Test
  void aScriptOfLibnbdBringsABackupUpToDate() {
    String script =
        """
        context = 'qemu:dirty-bitmap:s1'
        assert h.can_meta_context(context)
        assert h.is_read_only()
        extents = []
        def take(name, offset, entries, error):
            if name == context:
                for length, flags in zip(entries[0::2], entries[1::2]):
                    extents.append((offset, length, flags))
                    offset += length
        at = 0
        while at < h.get_size():
            h.block_status(h.get_size() - at, at, take)
            at = extents[-1][0] + extents[-1][1]
        copied = 0
        with open(backup, 'r+b') as out:
            for offset, length, flags in extents:
                while length > 0 and flags & 1:
                    part = min(length, 1 << 20)
                    out.seek(offset)
                    out.write(h.pread(part, offset))
                    offset += part
                    length -= part
                    copied += part
        assert copied == 32 << 20, copied
        """;
    nbdsh("qemu:dirty-bitmap:s1", "disk@s2", "backup = '" + backup() + "'\n" + script).ok();
    assertIdentical("disk@s2");
  }

  private Ran nbdsh(String context, String export, String script) {
    return Ran.run(
        new byte[0],
        Map.of("PATH", "/usr/bin:/bin"),
        List.of(
            "/usr/bin/nbdsh",
            "-c",
            "h.add_meta_context('" + context + "')",
            "-u",
            uri(export),
            "-c",
            script));
  }

  /// What QEMU sees of the running disk in a context.
  private String qemuMap(String context) {
    return run(
        "qemu-img",
        "map",
        "--output=json",
        "--image-opts",
        "driver=nbd,host=127.0.0.1,port="
            + sheep.nbdPort()
            + ",export=disk,x-dirty-bitmap="
            + context);
  }

  @Test
  void qemuSeesTheChangesOfTheRunningDisk() {
    String map = qemuMap("qemu:dirty-bitmap:s2");
    // QEMU tells a dirty extent as one without data.
    List<String> dirty =
        map.lines()
            .filter(line -> line.contains("\"data\": false"))
            .map(line -> line.replaceAll(".*\"start\": (\\d+), \"length\": (\\d+),.*", "$1 $2"))
            .toList();
    assertEquals(List.of(40 * MIB + " " + 4 * MIB), dirty, map);
  }

  @Test
  void depthTellsWhereEachObjectComesFrom() {
    List<List<Long>> map = map(run("nbdinfo", "--map=qemu:allocation-depth", uri("disk")));
    List<List<Long>> right =
        List.of(
            extent(0, 4, 2),
            extent(4, 4, 3),
            extent(8, 4, 2),
            extent(12, 4, 3),
            extent(16, 4, 0),
            extent(20, 16, 2),
            extent(36, 4, 0),
            extent(40, 4, 1),
            extent(44, 4, 0),
            extent(48, 4, 2),
            extent(52, 14, 0));
    assertEquals(right, map);
    String qemu = qemuMap("qemu:allocation-depth");
    assertTrue(qemu.contains("\"start\": " + 16 * MIB), qemu);
  }

  @Test
  void theContextsAreListed() {
    String list = run("nbdinfo", "--list", uri(""));
    for (String context :
        List.of(
            "base:allocation",
            "qemu:allocation-depth",
            "qemu:dirty-bitmap:s1",
            "qemu:dirty-bitmap:s2")) {
      assertTrue(list.contains(context), () -> context + " in " + list);
    }
  }

  @Test
  void aSnapshotInUseByABackupStaysAndAMissingOneIsToldSo() {
    String script =
        """
        import subprocess
        deleted = subprocess.run(command, capture_output=True)
        assert deleted.returncode != 0, deleted
        h.block_status(4096, 0, lambda *_: 0)
        """;
    String command =
        "command = ['%s', 'vdi', 'delete', '-s', 's1', 'disk', '-p', '%d']\n"
            .formatted(SheepProcess.program("dog"), sheep.port());
    nbdsh("qemu:dirty-bitmap:s1", "disk@s2", command + script).ok();
    sheep.dog("vdi", "delete", "-s", "s1", "disk").ok();
    Ran gone = Ran.run("nbdinfo", "--map=qemu:dirty-bitmap:s1", uri("disk@s2"));
    assertFalse(gone.status() == 0, gone::toString);
  }
}

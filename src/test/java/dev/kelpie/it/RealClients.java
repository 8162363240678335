package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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

/// The programs that people attach disks with, from Debian's packages, against the real daemon. A
/// program that is missing fails the test: `bin/test` installs it.
abstract class RealClients {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final int IMAGE_SIZE = 96 << 20;

  @TempDir Path temp;
  private SheepProcess sheep = SheepProcess.in(Path.of("."));

  @BeforeEach
  void start() {
    sheep = SheepProcess.in(temp).with("-w", "size=128M,keep=always").with(listening(temp));
    sheep.start().format();
    sheep.dog("vdi", "create", "disk", "128M").ok();
  }

  @AfterEach
  void end() {
    sheep.close();
  }

  /// The options that make the daemon listen as the test wants it.
  abstract List<String> listening(Path directory);

  /// The address of an export.
  abstract String uri(SheepProcess running, String export);

  private String uri(String export) {
    return uri(sheep, export);
  }

  /// An image with data, zeros and holes.
  private Path image() throws IOException {
    byte[] bytes = new byte[IMAGE_SIZE];
    byte[] data = new byte[24 << 20];
    new Random(SEED).nextBytes(data);
    System.arraycopy(data, 0, bytes, 0, data.length);
    System.arraycopy(data, 0, bytes, (50 << 20) + 12_345, 9 << 20);
    return Files.write(temp.resolve("image.raw"), bytes);
  }

  private static String run(String... command) {
    return Ran.run(command).ok().out();
  }

  @Test
  void nbdinfoSeesWhatTheServerCanDo() {
    String uri = uri("disk");
    assertEquals("134217728\n", run("nbdinfo", "--size", uri));
    String info = run("nbdinfo", "--json", uri);
    for (String can :
        List.of("cache", "df", "fast_zero", "flush", "fua", "multi_conn", "trim", "zero")) {
      assertTrue(info.contains("\"can_" + can + "\": true"), () -> can + " in " + info);
    }
    assertTrue(info.contains("\"block_size_preferred\": 4096"), info);
    assertTrue(run("nbdinfo", "--list", uri("")).contains("export=\"disk\""));
  }

  @Test
  void whatDoesNotExistIsRefusedWithAReason() {
    Ran missing = Ran.run("nbdinfo", uri("nothing"));
    assertFalse(missing.status() == 0);
    assertTrue(missing.err().contains("nothing"), missing::toString);
    Ran snapshot = Ran.run("nbdinfo", uri("disk@never"));
    assertFalse(snapshot.status() == 0);
    assertTrue(snapshot.err().contains("never"), snapshot::toString);
  }

  @Test
  void qemuImgCopiesInComparesMapsAndBenches() throws IOException {
    String image = image().toString();
    String uri = uri("disk");
    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, uri);
    assertTrue(
        run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, uri).contains("identical"));
    String map = run("qemu-img", "map", "--output=json", "-f", "raw", uri);
    assertTrue(map.contains("\"data\": true") && map.contains("\"zero\": true"), map);
    run(
        "qemu-img",
        "bench",
        "-f",
        "raw",
        "-c",
        "500",
        "-d",
        "32",
        "-w",
        "--flush-interval=50",
        uri);
    run("qemu-img", "bench", "-f", "raw", "-c", "500", "-d", "32", "-s", "64k", uri);
  }

  @Test
  void qemuIoWritesTrimsZeroesAndReadsBack() {
    String uri = uri("disk");
    run(
        "qemu-io",
        "-f",
        "raw",
        "-c",
        "write -P 0x11 3M 6M",
        "-c",
        "write -f -P 0x22 4095k 3k",
        "-c",
        "write -z 5M 64k",
        "-c",
        "write -z -u 6M 1M",
        "-c",
        "discard 8M 1M",
        "-c",
        "aio_write -P 0x33 20M 256k",
        "-c",
        "aio_flush",
        "-c",
        "flush",
        "-c",
        "read -P 0x11 3M 1023k",
        "-c",
        "read -P 0x22 4095k 3k",
        "-c",
        "read -P 0 5M 64k",
        "-c",
        "read -P 0 6M 1M",
        "-c",
        "read -P 0 8M 1M",
        "-c",
        "read -P 0x33 20M 256k",
        uri);
  }

  @Test
  void nbdcopyCopiesBothWays() throws IOException {
    Path image = image();
    Path back = temp.resolve("back.raw");
    String uri = uri("disk");
    run("nbdcopy", "--flush", image.toString(), uri);
    run("nbdcopy", uri, back.toString());
    try (var original = Files.newInputStream(image);
        var copy = Files.newInputStream(back)) {
      assertArrayEquals(original.readAllBytes(), copy.readNBytes(IMAGE_SIZE));
    }
    Files.delete(back);
  }

  @Test
  void nbdshScriptGetsWhatItAsksFor() {
    String script =
        """
        assert h.get_size() == 134217728
        h.pwrite(b'x' * 1000, 12345, nbd.CMD_FLAG_FUA)
        h.flush()
        assert h.pread(1002, 12344) == bytearray(b'\\0' + b'x' * 1000 + b'\\0')
        h.zero(500, 12345)
        assert h.pread(1000, 12345) == bytearray(b'\\0' * 500 + b'x' * 500)
        h.trim(4 << 20, 0)
        assert h.pread(4096, 12288) == bytearray(4096)
        h.cache(1 << 20, 0)
        extents = []
        h.block_status(16 << 20, 0, lambda c, o, e, err: extents.extend(e))
        assert sum(extents[0::2]) >= 16 << 20, extents
        try:
            h.pread(512, 134217728)
            raise SystemExit('a read behind the end was answered')
        except nbd.Error as e:
            pass
        assert h.pread(512, 0) == bytearray(512)
        """;
    String uri = uri("disk");
    Ran.run(
            new byte[0],
            Map.of("PATH", "/usr/bin:/bin"),
            List.of(
                "/usr/bin/nbdsh",
                "-c",
                "h.add_meta_context('base:allocation')",
                "-c",
                "h.set_strict_mode(0)",
                "-u",
                uri,
                "-c",
                script))
        .ok();
  }

  @Test
  void nbdkitPassesEverythingOn() throws IOException {
    String image = image().toString();
    String command =
        "qemu-img convert -n -f raw -O raw "
            + image
            + " $uri && "
            + "qemu-img compare -f raw -F raw "
            + image
            + " $uri";
    Ran ran = Ran.run("nbdkit", "-U", "-", "nbd", "uri=" + uri("disk"), "--run", command).ok();
    assertTrue(ran.out().contains("identical"), ran::toString);
  }

  @Test
  void fioFindsWhatItWrote() {
    String uri = uri("disk");
    List<String> command =
        new ArrayList<>(List.of("fio", "--ioengine=nbd", "--uri=" + uri, "--name=verify"));
    command.addAll(
        List.of(
            "--rw=randwrite",
            "--bsrange=512-256k",
            "--blockalign=512",
            "--size=64m",
            "--iodepth=32",
            "--fsync=64",
            "--verify=crc32c",
            "--do_verify=1",
            "--verify_fatal=1",
            "--verify_state_save=0",
            "--randseed=" + Math.abs(SEED)));
    Ran.run(command.toArray(String[]::new)).ok();
  }

  @Test
  void fourConnectionsAtOnceFindWhatTheyWrote() {
    Ran.run(
            "fio",
            "--ioengine=nbd",
            "--uri=" + uri("disk"),
            "--name=verify",
            "--numjobs=4",
            "--size=16m",
            "--offset_increment=32m",
            "--rw=randrw",
            "--bs=4k",
            "--iodepth=16",
            "--verify=crc32c",
            "--verify_fatal=1",
            "--verify_state_save=0",
            "--fsync=128",
            "--thread")
        .ok();
  }

  @Test
  void snapshotIsReadOnlyAndStaysAsItWas() throws IOException {
    String image = image().toString();
    run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, uri("disk"));
    sheep.dog("vdi", "snapshot", "-s", "clean", "disk").ok();
    run("qemu-io", "-f", "raw", "-c", "write -P 7 0 8M", "-c", "flush", uri("disk"));
    String uri = uri("disk@clean");
    assertTrue(
        run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, uri).contains("identical"));
    assertTrue(run("nbdinfo", uri).contains("is_read_only: true"));
    Ran write = Ran.run("qemu-io", "-f", "raw", "-c", "write 0 512", uri("disk@clean"));
    assertFalse(write.status() == 0, write::toString);
  }

  @Test
  void everyCacheModeKeepsWhatWasFlushedOverAKill() {
    for (String mode : List.of("writeback", "writethrough", "none")) {
      // A question mark would begin the address's own query.
      String uri = uri("disk%3Fcache=" + mode);
      run("qemu-io", "-f", "raw", "-c", "write -P 0x5a 1M 3M", "-c", "flush", uri);
      sheep.kill();
      sheep.start();
      run("qemu-io", "-f", "raw", "-c", "read -P 0x5a 1M 3M", "-c", "write -z 1M 3M", uri);
    }
  }
}

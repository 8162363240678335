package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The status pages and the counters of a real daemon under the load of fio.
final class StatusIT {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final int DISK = 16 << 20;

  @TempDir Path temp;
  private final HttpClient client = HttpClient.newHttpClient();
  private SheepProcess sheep = SheepProcess.in(Path.of("."));

  /// With the status pages at their default port.
  private void start() {
    sheep =
        SheepProcess.in(temp).with("-w", "size=64M,keep=always", "--status", "127.0.0.1").start();
  }

  @AfterEach
  void end() {
    client.close();
    sheep.close();
  }

  private HttpResponse<String> get(String path) {
    URI uri = URI.create("http://127.0.0.1:" + (sheep.port() + 2700) + path);
    try {
      return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /// The value of a sample.
  private long metric(String series) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(series + " "))
        .map(line -> (long) Double.parseDouble(line.substring(series.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError(series + " is missing"));
  }

  private long ofDisk(String name) {
    return metric("kelpie_vdi_cache_" + name + "{vdi=\"disk\",vid=\"" + vid() + "\"}");
  }

  private String vid() {
    return sheep.dog("vdi", "list", "-r", "disk").ok().out().split(" ", -1)[7];
  }

  private void fio(String... options) {
    String[] command = new String[options.length + 5];
    command[0] = "fio";
    command[1] = "--ioengine=nbd";
    command[2] = "--uri=" + sheep.nbd("disk");
    command[3] = "--name=load";
    command[4] = "--bs=4k";
    System.arraycopy(options, 0, command, 5, options.length);
    Ran.run(command).ok();
  }

  @Test
  void healthFollowsTheCluster() {
    start();
    HttpResponse<String> before = get("/health");
    assertEquals(503, before.statusCode());
    assertTrue(before.body().contains("dog cluster format"), before.body());
    sheep.format();
    assertEquals(200, get("/health").statusCode());
    assertEquals(1, metric("kelpie_up"));
    assertTrue(get("/").body().contains("127.0.0.1:" + sheep.port()));
    assertEquals(404, get("/nothing").statusCode());
  }

  @Test
  void countersSayWhatFioDid() {
    start();
    sheep.format();
    sheep.dog("vdi", "create", "disk", "" + DISK).ok();
    byte[] image = new byte[DISK];
    new Random(SEED).nextBytes(image);
    sheep.dog(image, "vdi", "write", "disk", "0", "" + DISK).ok();
    sheep.dog("vdi", "cache", "delete", "disk").ok();
    coldReadsPullWhatTheyAskFor();
    warmReadsPullNothing();
    aFlushPushesWhatIsDirty();
    theListShowsTheSame();
  }

  private void coldReadsPullWhatTheyAskFor() {
    long pulled = ofDisk("pulled_bytes_total");
    long reads = metric("kelpie_nbd_requests_total{kind=\"read\"}");
    fio("--rw=randread", "--size=" + DISK, "--iodepth=32");
    long asked = DISK;
    long got = ofDisk("pulled_bytes_total") - pulled;
    assertTrue(got >= asked && got <= asked * 105 / 100, got + " of " + asked + " pulled");
    long counted = metric("kelpie_nbd_requests_total{kind=\"read\"}") - reads;
    assertEquals(DISK / 4096, counted);
    assertTrue(ofDisk("valid_bytes") >= DISK);
  }

  private void warmReadsPullNothing() {
    long pulled = ofDisk("pulled_bytes_total");
    long hits = ofDisk("read_hits_total");
    fio("--rw=randread", "--size=" + DISK, "--iodepth=32");
    // But for the disk's inode, which the commands of this test read past the cache.
    assertTrue(ofDisk("pulled_bytes_total") - pulled < DISK / 100);
    assertTrue(ofDisk("read_hits_total") - hits >= DISK / 4096);
  }

  private void aFlushPushesWhatIsDirty() {
    sheep.dog("vdi", "cache", "flush", "disk").ok();
    long pushed = ofDisk("pushed_bytes_total");
    long written = 4 << 20;
    fio("--rw=randwrite", "--size=" + written, "--iodepth=32");
    sheep.dog("vdi", "cache", "flush", "disk").ok();
    assertEquals(written, ofDisk("pushed_bytes_total") - pushed);
    assertEquals(0, ofDisk("dirty_bytes"));
    assertEquals(0, metric("kelpie_cache_push_failures_total"));
  }

  private void theListShowsTheSame() {
    String[] raw = sheep.dog("vdi", "cache", "list", "-r").ok().out().split(" ", -1);
    assertEquals("disk", raw[1]);
    assertEquals("" + ofDisk("pushed_bytes_total"), raw[8]);
    String json = sheep.dog("vdi", "cache", "list", "--json").ok().out();
    assertTrue(json.contains("\"name\":\"disk\""), json);
    String checked = sheep.dog("vdi", "cache", "check", "-r", "--deep", "disk").ok().out();
    long blocks = Long.parseLong(checked.split(" ", -1)[0]);
    assertTrue(blocks >= DISK / 4096, checked);
    assertTrue(checked.endsWith(" 0 0 0 0\n"), checked);
  }

  @Test
  void aPortThatWasAskedForAndIsTakenIsRefused() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String at = "127.0.0.1:" + taken.getLocalPort();
      Ran ran =
          Ran.run(
              SheepProcess.program("sheep"),
              "-p",
              "" + SheepProcess.freePort(),
              "--nbd",
              "none",
              "--status",
              at,
              temp.resolve("base").toString());
      assertEquals(1, ran.status());
      assertTrue(ran.err().startsWith("failed to bind status socket: " + at), ran.err());
      assertFalse(Files.exists(temp.resolve("base")));
    }
  }
}

package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Linux guest with a journalling file system on a VDI: what it made durable is there after its
/// death, the daemon's, and in a snapshot.
final class GuestBootIT {
  private static GuestFiles files = new GuestFiles(Path.of("unset"), Path.of("unset"));

  @TempDir Path temp;

  @BeforeAll
  static void makeFiles() throws IOException {
    files = GuestFiles.make();
  }

  @AfterAll
  static void removeFiles() throws IOException {
    Files.deleteIfExists(files.initramfs());
  }

  @Test
  void whatAGuestSyncedIsThereAfterItAndTheDaemonAreKilled() {
    try (SheepProcess sheep = sheep().start().format()) {
      sheep.dog("vdi", "create", "disk", "256M").ok();
      Map<Integer, String> durable;
      try (Guest guest = boot("make", sheep.nbd("disk"))) {
        guest.awaitDurable(12);
        guest.kill();
        sheep.kill();
        durable = guest.files("durable");
      }
      sheep.start();
      assertAllFound(durable, sheep.nbd("disk"));
    }
  }

  @Test
  void aSnapshotOfARunningGuestHoldsWhatItSyncedAndTheGuestGoesOn() {
    try (SheepProcess sheep = sheep().start().format()) {
      sheep.dog("vdi", "create", "disk", "256M").ok();
      try (Guest guest = boot("make", sheep.nbd("disk"))) {
        Map<Integer, String> before = guest.awaitDurable(8);
        sheep.dog("vdi", "snapshot", "-s", "live", "disk").ok();
        guest.awaitDurable(guest.files("durable").size() + 4);
        sheep.dog("vdi", "clone", "-s", "live", "disk", "copy").ok();
        assertAllFound(before, sheep.nbd("copy"));
        guest.awaitDurable(guest.files("durable").size() + 1);
        sheep.kill();
        guest.kill();
        Map<Integer, String> after = guest.files("durable");
        sheep.start();
        assertAllFound(after, sheep.nbd("disk"));
      }
    }
  }

  @Test
  void whatAGuestReadAtItsBootIsFetchedAheadOfTheNext() {
    try (SheepProcess sheep = sheep().start().format()) {
      sheep.dog("vdi", "create", "disk", "256M").ok();
      Map<Integer, String> durable;
      try (Guest guest = boot("make", sheep.nbd("disk"))) {
        durable = guest.awaitDurable(12);
      }
      assertAllFound(durable, sheep.nbd("disk")); // its file system is in order from now on
      sheep.kill(); // which leaves no boot set
      sheep.start();
      Counts first = countsOfABoot(sheep, durable);
      assertFalse(sheep.log().contains("of its boot set were fetched"), sheep::log);
      sheep.stop();
      sheep.start();
      Counts second = countsOfABoot(sheep, durable);
      assertTrue(sheep.log().contains("of its boot set were fetched"), sheep::log);
      assertTrue(second.readAhead > 0, second::toString);
      assertTrue(second.misses < first.misses, () -> first + ", " + second);
    }
  }

  private record Counts(long misses, long readAhead) {}

  /// What the cache counts while a guest boots that finds nothing in it.
  private Counts countsOfABoot(SheepProcess sheep, Map<Integer, String> durable) {
    sheep.dog("vdi", "cache", "delete", "disk").ok();
    assertAllFound(durable, sheep.nbd("disk"));
    String counts = sheep.dog("vdi", "cache", "list", "--json").ok().out();
    return new Counts(count("misses", counts), count("read_ahead", counts));
  }

  private static long count(String name, String json) {
    Matcher found = Pattern.compile("\"" + name + "\":(\\d+)").matcher(json);
    assertTrue(found.find(), json);
    return Long.parseLong(found.group(1));
  }

  private SheepProcess sheep() {
    return SheepProcess.in(temp).with("-w", "size=64M,keep=always");
  }

  private Guest boot(String job, String disk) {
    return Guest.boot(files, job, disk, temp.resolve(job + temp.toFile().list().length));
  }

  private void assertAllFound(Map<Integer, String> durable, String disk) {
    try (Guest guest = boot("verify", disk).awaitPowerOff()) {
      Map<Integer, String> found = guest.files("found");
      durable.forEach(
          (file, sum) -> assertEquals(sum, found.get(file), () -> "file " + file + "\n" + guest));
      assertTrue(guest.console().contains("guest: e2fsck 0"), guest::toString);
    }
  }
}

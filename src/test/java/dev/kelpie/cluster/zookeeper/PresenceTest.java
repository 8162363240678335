package dev.kelpie.cluster.zookeeper;

import static dev.kelpie.cluster.zookeeper.Handles.bytes;
import static dev.kelpie.cluster.zookeeper.Handles.delete;
import static dev.kelpie.cluster.zookeeper.Handles.show;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.log.Level;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who is there, for how long, and who knows.
final class PresenceTest {
  private static Servers servers;

  private Handles handles;

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    servers = new Servers(directory);
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @BeforeEach
  void begin() {
    handles = new Handles(servers);
  }

  @AfterEach
  void closeAll() throws IOException {
    handles.close();
  }

  @Test
  void theLeaseOfWhoIsCutOffEndsBeforeTheOthersMissIt() throws IOException {
    TestPlatform platform = new TestPlatform(new MemoryDisk());
    cutOff(platform.platform());
    platform.assertNoFailures();
  }

  @Test
  void theLeaseEndsInTimeByAClockThatIsATenthSlow() throws IOException {
    Clock real = JvmPlatform.clock();
    TestPlatform slow =
        new TestPlatform(
            new MemoryDisk(),
            new Clock() {
              @Override
              public long nanos() {
                return real.nanos() / 10 * 9;
              }

              @Override
              public Instant now() {
                return real.now();
              }
            });
    cutOff(slow.platform());
    slow.assertNoFailures();
  }

  private void cutOff(Platform on) throws IOException {
    AtomicInteger lost = new AtomicInteger();
    try (Coordination records = handles.open(Handles.SHORT, on);
        Coordination other = handles.open(Handles.LONG)) {
      Presence presence =
          records.announce("live/a", bytes("here"), lost::incrementAndGet).orElseThrow();
      Handles.awaitRenewal(presence);
      handles.route(records).hold();
      long served = System.nanoTime();
      while (other.read("live/a").isPresent()) {
        long now = System.nanoTime();
        served = presence.lease() > 0 ? now : served;
      }
      long early = System.nanoTime() - served;
      assertTrue(presence.lease() <= 0);
      assertTrue(early > Handles.SHORT.toNanos() / 4, "only " + early + " ns earlier");
      assertEquals(0, lost.get(), "it cannot know yet");
      handles.route(records).breakConnections();
      handles.route(records).release();
      Await.until("it is told", () -> lost.get() > 0);
      assertThrows(IOException.class, () -> presence.update(new byte[0]));
      presence.close();
      try (Presence again = records.announce("live/a", bytes("again"), () -> {}).orElseThrow()) {
        assertEquals("again v1", show(other.read("live/a")));
        assertTrue(again.lease() > 0);
        assertTrue(presence.lease() <= 0, "that one is over for good");
      }
      assertEquals(1, lost.get());
      assertTrue(
          handles.logged(Level.ERROR).stream()
              .anyMatch(line -> line.startsWith("detect a session timeout. reconnecting...")));
    }
  }

  @Test
  void whoHasLeftHasNoLease() throws IOException {
    Presence presence;
    try (Coordination records = handles.open(Handles.LONG)) {
      presence = records.announce("live/a", new byte[0], () -> {}).orElseThrow();
      assertTrue(presence.lease() > 0);
    }
    assertTrue(presence.lease() <= 0);
    presence.close();
    assertTrue(presence.lease() <= 0);
  }

  @Test
  void aConnectionThatBreaksCostsNothing() throws IOException {
    AtomicInteger lost = new AtomicInteger();
    try (Coordination records = handles.open(Handles.LONG);
        Presence presence =
            records.announce("live/a", new byte[0], lost::incrementAndGet).orElseThrow()) {
      for (int i = 0; i < 3; i++) {
        handles.route(records).breakConnections();
        presence.update(new byte[] {(byte) i});
        assertEquals(i + 2, records.read("live/a").orElseThrow().version());
        Await.until("the lease goes on", () -> presence.lease() > 0);
      }
      assertEquals(0, lost.get());
    }
  }

  @Test
  void whatAnOperatorDeletesIsLostAndNothingElse() throws IOException {
    AtomicInteger lost = new AtomicInteger();
    AtomicInteger wrong = new AtomicInteger();
    try (Coordination records = handles.open(Handles.LONG);
        Coordination operator = handles.open(Handles.LONG);
        Presence stays =
            records.announce("live/b", new byte[0], wrong::incrementAndGet).orElseThrow()) {
      Presence deleted =
          records.announce("live/a", new byte[0], lost::incrementAndGet).orElseThrow();
      // Deletes the znode, with the version of an ordinary record that would look like this one.
      assertTrue(operator.commit(List.of(delete("live/a", 2))));
      Await.until("it is told", () -> lost.get() > 0);
      assertTrue(deleted.lease() <= 0);
      try (Presence again =
          records.announce("live/a", new byte[0], wrong::incrementAndGet).orElseThrow()) {
        Handles.awaitRenewal(again);
      }
      assertTrue(stays.lease() > 0);
      assertEquals(1, lost.get());
      assertEquals(0, wrong.get());
    }
  }
}

package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdClient.good;
import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.NbdClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LimitsTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final int MIB = 1 << 20;

  @Test
  void aHandshakeThatTakesTooLongIsCut() throws IOException {
    ManualClock clock = new ManualClock();
    try (ServedDisk served = new ServedDisk(NbdConfig.DEFAULT, clock);
        NbdClient silent = served.stranger(Transport.TCP);
        NbdClient slow = served.stranger(Transport.UNIX).greet();
        NbdClient quick = served.client(Transport.UNIX)) {
      slow.option(OPT_LIST);
      Await.until("all are there", () -> served.server.clients() == 3);
      clock.advance(MINUTE.plusSeconds(1));
      silent.greet(0);
      silent.expectEnd();
      slow.expectEnd();
      quick.read(0, 1);
      assertEquals(2, served.log.at(Level.WARN).size(), served.log.at(Level.WARN).toString());
    }
  }

  @Test
  void oneClientTooManyIsTurnedAway() throws IOException {
    NbdConfig three = new NbdConfig(3, MINUTE, 64L << 20);
    try (ServedDisk served = new ServedDisk(three)) {
      List<NbdClient> clients = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        clients.add(served.client(Transport.TCP));
      }
      for (int i = 0; i < 5; i++) {
        served.stranger(Transport.UNIX).expectEnd();
      }
      assertEquals(1, served.log.at(Level.WARN).size(), served.log.at(Level.WARN).toString());
      clients.removeFirst().close();
      Await.until("one has left", () -> served.server.clients() == 2);
      clients.add(served.client(Transport.UNIX));
      for (NbdClient client : clients) {
        client.close();
      }
    }
  }

  @Test
  void whoHoardsMemoryIsCutOffWhenOthersNeedIt() throws IOException {
    ManualClock clock = new ManualClock();
    NbdConfig tight = new NbdConfig(10, MINUTE, 64L << 20);
    try (ServedDisk served = new ServedDisk(tight, clock);
        NbdClient good = served.client(Transport.UNIX);
        NbdClient silent = served.client(Transport.TCP);
        NbdClient deaf = served.client(Transport.UNIX)) {
      silent.send(WRITE, 0, 0, 32 * MIB, new byte[100]);
      served.disk.put(0, new byte[1]);
      deaf.send(READ, DF, 0, 32 * MIB);
      Await.until("all memory is out", () -> served.server.payloadBytes() == 64 * MIB);
      long cookie = good.sendRead(0, MIB);
      Await.until("it waits", () -> served.server.waitingForMemory() == 1);
      Await.until(
          "both are cut off",
          () -> {
            clock.advance(Duration.ofSeconds(1));
            return served.server.clients() == 1;
          });
      assertEquals(cookie, good(good.receive()).cookie());
      silent.expectEnd();
    }
  }

  @Test
  void hundredsOfIdleClientsHoldNoMemory() throws IOException {
    try (ServedDisk served = new ServedDisk()) {
      List<NbdClient> clients = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        clients.add(served.client(i % 2 == 0 ? Transport.TCP : Transport.UNIX));
        clients.getLast().read(0, 512);
      }
      assertEquals(300, served.server.clients());
      assertEquals(0, served.server.payloadBytes());
      for (NbdClient client : clients) {
        client.close();
      }
    }
  }

  @Test
  void badConfigurationIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new NbdConfig(0, MINUTE, 64L << 20));
    assertThrows(IllegalArgumentException.class, () -> new NbdConfig(1, Duration.ZERO, 64L << 20));
    assertThrows(IllegalArgumentException.class, () -> new NbdConfig(1, MINUTE, (64L << 20) - 1));
    assertTrue(NbdConfig.DEFAULT.payloadBytesMax() >= 64L << 20);
  }
}

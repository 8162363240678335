package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdClient.good;
import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.DeviceCall.Kind;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.Valve;
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
      silent.greet(0);
      Await.until("all are there", () -> served.server.clients() == 3);
      clock.advance(MINUTE.plusSeconds(1));
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
  void whoSendsNoPayloadIsCutOffWhenOthersNeedTheMemory() throws IOException {
    assertOnlyTheHoarderIsCutOff(silent -> silent.send(WRITE, 0, 0, 32 * MIB, new byte[100]));
  }

  @Test
  void whoTakesNoReplyIsCutOffWhenOthersNeedTheMemory() throws IOException {
    assertOnlyTheHoarderIsCutOff(deaf -> deaf.send(READ, DF, 0, 32 * MIB));
  }

  private interface Hoarding {
    void by(NbdClient client) throws IOException;
  }

  /// Half of the memory is the hoarder's, and the other half waits for the disk, which is nobody's
  /// fault.
  private static void assertOnlyTheHoarderIsCutOff(Hoarding hoarding) throws IOException {
    ManualClock clock = new ManualClock();
    NbdConfig tight = new NbdConfig(10, MINUTE, 64L << 20);
    try (ServedDisk served = new ServedDisk(tight, clock);
        NbdClient good = served.client(Transport.UNIX);
        NbdClient patient = served.client(Transport.TCP);
        NbdClient hoarder = served.client(Transport.UNIX)) {
      Valve valve = new Valve(call -> call.kind() == Kind.READ && call.offset() >= 32 * MIB);
      served.disk.hook(valve);
      try {
        long slow = patient.send(READ, DF, 32 * MIB, 32 * MIB);
        Await.until("the disk is waited for", () -> valve.waiting() == 1);
        hoarding.by(hoarder);
        Await.until("all memory is out", () -> served.server.payloadBytes() == 64 * MIB);
        long cookie = good.send(READ, DF, 0, MIB);
        Await.until("it waits", () -> served.server.waitingForMemory() == 1);
        Await.until("the hoarder is cut off", () -> isCutOff(served, clock));
        assertEquals(cookie, good(good.receive()).cookie());
        valve.open();
        assertEquals(slow, good(patient.receive()).cookie());
      } finally {
        valve.open();
      }
    }
  }

  /// Lets time pass until somebody was cut off; no longer, as it runs faster than good clients do.
  private static boolean isCutOff(ServedDisk served, ManualClock clock) {
    if (served.log.at(Level.WARN).isEmpty()) {
      clock.advance(Duration.ofSeconds(1));
    }
    return served.server.clients() == 2;
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

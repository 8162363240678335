package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdClient.good;
import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.DeviceCall.Kind;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.Valve;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Transport.class)
@Timeout(60)
final class DrainTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final Transport transport;
  private final ServedDisk served = new ServedDisk();

  DrainTest(Transport transport) throws IOException {
    this.transport = transport;
  }

  @AfterEach
  void close() throws IOException {
    served.close();
  }

  @Test
  void requestsInFlightFinishAndNewOnesAreTurnedAway() throws Exception {
    NbdClient client = served.client(transport);
    Valve valve = Valve.on(Kind.FLUSH);
    served.disk.hook(valve);
    long flush = client.send(FLUSH, 0, 0, 0);
    Await.until("the flush waits", () -> valve.waiting() == 1);
    CompletableFuture<Boolean> drained = drain(LONG);
    Await.until("requests are turned away", () -> client.call(READ, 0, 0, 1).error() == ESHUTDOWN);
    assertEquals(ESHUTDOWN, client.call(WRITE, 0, 0, 4, new byte[4]).error());
    assertFalse(drained.isDone());
    valve.open();
    assertEquals(flush, good(client.receive()).cookie());
    client.expectEnd();
    client.close();
    assertTrue(drained.get());
  }

  @Test
  void idleClientsAreToldAtOnce() throws Exception {
    NbdClient client = served.client(transport);
    NbdClient shy = served.stranger(transport).greet();
    CompletableFuture<Boolean> drained = drain(LONG);
    client.expectEnd();
    shy.expectEnd();
    client.close();
    shy.close();
    assertTrue(drained.get());
  }

  @Test
  void aClientThatIsNotListeningIsCutOff() throws Exception {
    try (NbdClient client = served.client(transport)) {
      assertTrue(drain(LONG).get());
      client.expectEnd();
    }
  }

  @Test
  void nobodyNewIsLetIn() throws Exception {
    assertTrue(drain(LONG).get());
    assertThrows(IOException.class, () -> served.stranger(transport).greet());
  }

  @Test
  void requestsThatDoNotEndInTimeAreLeftBehind() throws Exception {
    NbdClient client = served.client(transport);
    Valve valve = Valve.on(Kind.FLUSH);
    served.disk.hook(valve);
    client.send(FLUSH, 0, 0, 0);
    Await.until("the flush waits", () -> valve.waiting() == 1);
    CompletableFuture<Boolean> drained = drain(Duration.ofMillis(300));
    client.expectEnd();
    assertEquals(0, served.disk.closed());
    valve.open();
    assertFalse(drained.get());
    assertEquals(1, served.disk.closed());
    assertTrue(served.log.at(Level.WARN).toString().contains("not done within PT0.3S"));
    client.close();
  }

  @Test
  void aClientThatTakesNoAnswersDoesNotHoldUpTheDrain() throws Exception {
    NbdClient deaf = served.client(transport);
    served.disk.put(0, new byte[1 << 20]);
    for (int i = 0; i < 64; i++) {
      deaf.sendRead(0, 1 << 20);
    }
    Await.until(
        "it is stuck", () -> served.server.payloadBytes() >= NbdConnection.IN_FLIGHT_BYTES_MAX);
    assertFalse(drain(Duration.ofMillis(300)).get());
    assertEquals(0, served.disk.open());
    deaf.close();
  }

  @Test
  void closingCutsEverybodyOff() throws Exception {
    NbdClient client = served.client(transport);
    served.server.close();
    client.expectEnd();
    assertEquals(1, served.disk.closed());
    client.close();
  }

  private CompletableFuture<Boolean> drain(Duration limit) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    Thread.ofPlatform().start(() -> done.complete(served.server.drain(limit)));
    return done;
  }
}

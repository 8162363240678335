package dev.kelpie.frontend.sheepdog;

import static dev.kelpie.wire.RequestFlags.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Many clients at once, bad ones among them, and the end of the server.
@Timeout(120)
final class SheepdogServerTest {
  private static final ObjectId OBJECT = ObjectId.data(new VdiId(1), 0);
  private static final ObjectId SLOW = ObjectId.data(new VdiId(1), 1);
  private static final long POOL = 16 << 20;
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path home;

  @Test
  void everyListenerIsServed() throws IOException {
    try (Rig rig = new Rig()) {
      Endpoint unix = rig.listen(new Endpoint.Unix(home.resolve("sock")));
      rig.client(unix).create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      rig.client().read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
      rig.client(unix).call(Opcode.SHUTDOWN, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
      String line = rig.log.messages(Level.INFO).getFirst();
      assertTrue(line.contains("client=unix:" + home.resolve("sock")), line);
    }
  }

  @Test
  void aFloodOfHalfOpenConnectionsKeepsNobodyOut() throws IOException {
    try (Rig rig = Rig.formatted(true, new SheepdogConfig(20, POOL))) {
      StrictClient busy = rig.client();
      busy.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      List<StrictClient> flood = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        StrictClient half = rig.client();
        half.sendBytes(new byte[i % 48]);
        flood.add(half);
      }
      Await.until("all have knocked", () -> rig.log.messages(Level.WARN).size() == 1);
      StrictClient late = rig.client();
      late.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
      busy.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
      assertTrue(rig.server.clients() <= 20, rig.server.clients() + " clients");
      flood.getFirst().assertClosed();
    }
  }

  @Test
  void whereAllClientsAreAtWorkANewOneIsTurnedAway() throws IOException {
    try (Rig rig = Rig.formatted(true, new SheepdogConfig(2, POOL))) {
      StrictClient first = rig.client();
      StrictClient second = rig.client();
      first.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      second.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
      rig.client().assertClosed();
      rig.client().assertClosed();
      first.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
      assertEquals(1, rig.log.messages(Level.WARN).size(), "one complaint is enough");
      second.close();
      Await.until("there is room again", () -> rig.server.clients() == 1);
      rig.client().read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
    }
  }

  @Test
  void whoAnnouncesAPayloadAndSendsNothingIsCutOffWhereOthersNeedTheMemory() throws Exception {
    assertOnlyTheHoarderIsCutOff(
        hoarder -> hoarder.send(writing(ObjectId.DATA_SIZE), new byte[100]));
  }

  @Test
  void whoTakesNoReplyIsCutOffWhereOthersNeedTheMemory() throws Exception {
    assertOnlyTheHoarderIsCutOff(hoarder -> hoarder.send(reading(OBJECT)));
  }

  private interface Hoarding {
    void by(StrictClient client) throws IOException;
  }

  /// A quarter of the memory is the hoarder's, and the rest waits for the store, which is nobody's
  /// fault. The hoarder comes through a Unix socket, which holds less of a reply than it has.
  private void assertOnlyTheHoarderIsCutOff(Hoarding hoarding) throws Exception {
    ManualClock clock = new ManualClock();
    try (Rig rig = Rig.withClock(new SheepdogConfig(100, POOL), clock)) {
      StrictClient honest = rig.client();
      honest.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      honest.create(SLOW, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.READ, SLOW::equals);
      StrictClient patient = rig.client();
      for (int i = 0; i < 3; i++) {
        patient.send(reading(SLOW));
      }
      hang.awaitArrived(3);
      StrictClient hoarder = rig.client(rig.listen(new Endpoint.Unix(home.resolve("sock"))));
      hoarding.by(hoarder);
      Await.until("the memory is taken", () -> rig.server.memoryUsed() == POOL);
      int waiting = honest.send(reading(OBJECT));
      Await.until("it waits", () -> rig.server.waitingForMemory() == 1);
      Await.until("the hoarder is cut off", () -> isCutOff(rig, clock));
      honest.receive(waiting).is(ResultCode.SUCCESS);
      hang.close();
      for (int i = 0; i < 3; i++) {
        patient.receive().is(ResultCode.SUCCESS);
      }
    }
  }

  /// Lets time pass until somebody was cut off; no longer, as it runs faster than good clients do.
  private static boolean isCutOff(Rig rig, ManualClock clock) {
    if (rig.log.messages(Level.WARN).isEmpty()) {
      clock.advance(Duration.ofSeconds(1));
    }
    return rig.server.clients() == 2;
  }

  @Test
  void aDrainLetsRequestsInFlightFinish() throws Exception {
    try (Rig rig = new Rig()) {
      StrictClient client = rig.client();
      client.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      StrictClient idle = rig.client();
      idle.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
      Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.READ, OBJECT::equals);
      int slow = client.send(RequestHeader.of(Opcode.READ_OBJ, 0, 1, fields()));
      hang.awaitArrived(1);
      rig.node.standing = NodeControl.Standing.SHUTTING_DOWN;
      FutureTask<Boolean> draining = new FutureTask<>(() -> rig.server.drain(LIMIT));
      Thread.ofVirtual().start(draining);
      Await.until("it accepts nobody", () -> refused(rig));
      client.call(Opcode.STAT_SHEEP, 0, 0, RequestFields.NONE).is(ResultCode.SHUTDOWN);
      hang.close();
      client.receive(slow).is(ResultCode.SUCCESS);
      assertTrue(draining.get());
      client.assertClosed();
      idle.assertClosed();
      assertEquals(0, rig.server.clients());
    }
  }

  private static boolean refused(Rig rig) {
    try {
      rig.client().close();
      return false;
    } catch (IOException refused) {
      return true;
    }
  }

  @Test
  void aDrainDoesNotWaitForEver() throws Exception {
    try (Rig rig = new Rig()) {
      StrictClient client = rig.client();
      client.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      Await.until("nothing is in flight", () -> rig.server.memoryUsed() == 0);
      StrictClient stuck = rig.client();
      stuck.send(writing(4096), new byte[1]);
      Await.until("its payload is awaited", () -> rig.server.memoryUsed() > 0);
      assertFalse(rig.server.drain(Duration.ofMillis(50)));
      stuck.assertClosed();
      assertEquals(0, rig.server.clients());
      assertEquals(1, rig.log.messages(Level.WARN).size());
    }
  }

  @Test
  void aClosedServerGivesAllMemoryBack() throws Exception {
    Rig rig = new Rig();
    rig.client().create(OBJECT, 0, 0, new byte[100_000]).is(ResultCode.SUCCESS);
    for (int i = 0; i < 10; i++) {
      StrictClient client = rig.client();
      client.send(reading(OBJECT));
      client.send(writing(4096), new byte[100]);
    }
    rig.close();
    assertEquals(0, rig.server.memoryUsed());
    // One that the kernel had queued may still be taken, and is closed.
    Await.until("nobody listens any more", () -> isRefused(rig));
  }

  private static boolean isRefused(Rig rig) {
    try {
      rig.client().assertClosed();
      return false;
    } catch (IOException refused) {
      return true;
    }
  }

  private static RequestFields fields() {
    return RequestFields.Obj.at(OBJECT, 0);
  }

  private static RequestHeader reading(ObjectId object) {
    return RequestHeader.of(
        Opcode.READ_OBJ, 0, ObjectId.DATA_SIZE, RequestFields.Obj.at(object, 0));
  }

  private static RequestHeader writing(int length) {
    return RequestHeader.of(Opcode.CREATE_AND_WRITE_OBJ, WRITE, length, fields());
  }
}

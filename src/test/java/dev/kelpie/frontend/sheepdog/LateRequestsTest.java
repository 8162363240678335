package dev.kelpie.frontend.sheepdog;

import static dev.kelpie.wire.RequestFlags.CACHE;
import static dev.kelpie.wire.RequestFlags.WRITE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.InFlight;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.testing.TestCertificates;
import dev.kelpie.testing.TestTls;
import dev.kelpie.tls.TlsPolicy;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What an old connection brings late (I13), and that connections of healthy clients live.
@Timeout(120)
final class LateRequestsTest {
  private static final VdiId VDI = new VdiId(0x123456);
  private static final ObjectId OBJECT = ObjectId.data(VDI, 0);
  private static final ObjectId OTHER = ObjectId.data(VDI, 1);
  private static final ObjectId THIRD = ObjectId.data(VDI, 2);

  @TempDir Path temp;

  /// A connection that has so many requests in flight that its next is not read, and behind them an
  /// old write.
  private static Faults.Hang stuff(Rig rig, StrictClient old) throws IOException {
    Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.READ, OTHER::equals);
    for (int i = 0; i < InFlight.REQUESTS_MAX; i++) {
      old.send(RequestHeader.of(Opcode.READ_OBJ, 0, 1, RequestFields.Obj.at(OTHER, 0)));
    }
    hang.awaitArrived(InFlight.REQUESTS_MAX);
    old.send(writing(OBJECT), (byte) 66);
    return hang;
  }

  private static RequestHeader writing(ObjectId object) {
    return RequestHeader.of(Opcode.WRITE_OBJ, WRITE | CACHE, 1, RequestFields.Obj.at(object, 0));
  }

  @Test
  void whatWaitsUnreadInAnOldSocketIsCarriedOutFirst_I13() throws IOException {
    try (Rig rig = new Rig()) {
      StrictClient old = rig.client();
      old.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      Faults.Hang hang = stuff(rig, old);
      old.shutdownOutput();
      StrictClient fresh = rig.client();
      fresh.read(OBJECT, 0, 0, 1).is(ResultCode.SUCCESS);
      int id = fresh.send(writing(OBJECT), (byte) 3);
      hang.close();
      fresh.receive(id).is(ResultCode.SUCCESS);
      rig.awaitClients(1);
      assertArrayEquals(new byte[] {3}, fresh.read(OBJECT, 0, 0, 1).bytes());
      assertEquals(List.of(), rig.log.messages(Level.WARN));
    }
  }

  @Test
  void whatIsReadTooLateIsNotCarriedOut_I13() throws IOException {
    try (Rig rig = new Rig()) {
      StrictClient old = rig.client();
      old.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      Faults.Hang hang = stuff(rig, old);
      old.shutdownOutput();
      StrictClient fresh = rig.client();
      fresh.write(OBJECT, CACHE, 0, (byte) 2).is(ResultCode.SUCCESS);
      fresh.create(THIRD, CACHE, 0, (byte) 2).is(ResultCode.SUCCESS);
      fresh.write(OBJECT, CACHE, 0, (byte) 3).is(ResultCode.SUCCESS);
      hang.close();
      rig.awaitClients(1);
      assertArrayEquals(new byte[] {3}, fresh.read(OBJECT, 0, 0, 1).bytes());
      String warning = rig.log.messages(Level.WARN).getLast();
      assertTrue(warning.contains("newer connection has changed"), warning);
    }
  }

  @Test
  void anOldConnectionThatWasStuckGoesOnWithOtherObjects() throws IOException {
    try (Rig rig = new Rig()) {
      StrictClient old = rig.client();
      old.create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      old.create(THIRD, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      Faults.Hang hang = stuff(rig, old);
      StrictClient fresh = rig.client();
      fresh.write(THIRD, CACHE, 0, (byte) 2).is(ResultCode.SUCCESS);
      hang.close();
      for (int i = 0; i <= InFlight.REQUESTS_MAX; i++) {
        old.receive();
      }
      old.write(THIRD, CACHE, 0, (byte) 5).is(ResultCode.SUCCESS);
      fresh.write(THIRD, CACHE, 0, (byte) 6).is(ResultCode.SUCCESS);
      assertArrayEquals(new byte[] {66}, old.read(OBJECT, 0, 0, 1).bytes());
      assertArrayEquals(new byte[] {6}, old.read(THIRD, 0, 0, 1).bytes());
    }
  }

  @Test
  void twoPathsToOneObjectLive() throws IOException {
    try (Rig rig = new Rig()) {
      write(rig, rig.client(), rig.client());
    }
  }

  @Test
  void twoPathsToOneObjectLiveInTls() throws IOException {
    Path good = new TestCertificates(temp).good();
    Access access = new Access(_ -> true, Optional.of(new TlsPolicy(TestTls.server(good), true)));
    try (Rig rig = Rig.withAccess(SheepdogConfig.defaults(), new ManualClock(), access)) {
      write(rig, rig.client(TestTls.client(good)), rig.client(TestTls.client(good)));
    }
  }

  /// Both write one object again and again, each many requests ahead.
  private static void write(Rig rig, StrictClient one, StrictClient two) throws IOException {
    RandomGenerator chance = Seeds.generator("LateRequestsTest");
    one.create(OBJECT, 0, 0, (byte) 0).is(ResultCode.SUCCESS);
    for (int round = 0; round < 200; round++) {
      List<StrictClient> owed = new ArrayList<>();
      for (int i = chance.nextInt(1, 20); i > 0; i--) {
        StrictClient client = chance.nextBoolean() ? one : two;
        client.send(writing(OBJECT), (byte) i);
        owed.add(client);
      }
      for (StrictClient client : owed) {
        client.receive().is(ResultCode.SUCCESS);
      }
      StrictClient last = chance.nextBoolean() ? one : two;
      last.write(OBJECT, CACHE, 0, (byte) round).is(ResultCode.SUCCESS);
      assertArrayEquals(new byte[] {(byte) round}, one.read(OBJECT, 0, 0, 1).bytes());
    }
    assertEquals(2, rig.server.clients());
    assertEquals(List.of(), rig.log.messages(Level.WARN));
  }

  @Test
  void silentAndHalfOpenConnectionsHoldNobodyUp() throws IOException {
    try (Rig rig = new Rig()) {
      for (int i = 0; i < 50; i++) {
        StrictClient open = rig.client();
        if (i % 2 == 0) {
          open.sendBytes(new byte[i % 47]);
        }
      }
      Await.until("all are there", () -> rig.server.clients() == 50);
      StrictClient client = rig.client();
      client.create(OBJECT, CACHE, 0, (byte) 1).is(ResultCode.SUCCESS);
      client.write(OBJECT, CACHE, 0, (byte) 2).is(ResultCode.SUCCESS);
      assertEquals(51, rig.server.clients());
    }
  }
}

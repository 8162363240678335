package dev.kelpie.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.placement.Slots;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Outdated;
import dev.kelpie.replica.Primary;
import dev.kelpie.replica.Step;
import dev.kelpie.replica.Version;
import dev.kelpie.replica.Whole;
import dev.kelpie.testing.Seeds;
import dev.kelpie.wire.MalformedPayload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Requests, answers and frames as bytes.
final class PeerCodecTest {
  private static final VdiId VDI = new VdiId(0x7c2b25);
  private static final ObjectId OBJECT = ObjectId.data(VDI, 5);
  private static final Claim CLAIM = new Claim(Slots.of(OBJECT), 7);
  private static final Version V1 = new Version(6, 100);
  private static final Version V2 = new Version(7, 101);

  private static List<Extent> extents() {
    return List.of(
        new Extent(3, ByteBuffer.wrap(new byte[] {1, 2, 3})),
        new Extent(4096, ByteBuffer.wrap(new byte[5000])),
        new Extent(OBJECT.size() - 1, ByteBuffer.wrap(new byte[] {9})));
  }

  private static Step step(Step.Kind kind) {
    return new Step(kind, extents(), VDI, Durability.DEFERRED);
  }

  private static final List<PeerRequest> REQUESTS =
      List.of(
          new CopiesRequest.Prepare(CLAIM),
          new CopiesRequest.Look(CLAIM, OBJECT),
          new CopiesRequest.Change(CLAIM, OBJECT, V1, V2, step(Step.Kind.WRITE)),
          new CopiesRequest.Change(
              CLAIM,
              OBJECT,
              V1,
              V2,
              new Step(Step.Kind.REMOVE, List.of(), VDI, Durability.DURABLE)),
          new CopiesRequest.Fetch(CLAIM, OBJECT),
          new CopiesRequest.Replace(CLAIM, OBJECT, new Whole(V1, extents())),
          new CopiesRequest.Replace(CLAIM, OBJECT, new Whole(Version.ABSENT, List.of())),
          new CopiesRequest.Flush(CLAIM, VDI),
          new CopiesRequest.FlushAll(CLAIM),
          new StoreRequest.Read(CLAIM, OBJECT, 4096, 512),
          new StoreRequest.Change(CLAIM, OBJECT, step(Step.Kind.CREATE)),
          new StoreRequest.Stat(CLAIM, OBJECT),
          new StoreRequest.Flush(
              VDI, List.of(new Primary.Deferred(3, 4), new Primary.Deferred(16383, 9))),
          new StoreRequest.Settle(VDI),
          new StoreRequest.ListAll(VDI, List.of(CLAIM, new Claim(0, 1))));

  private static byte[] bytes(List<ByteBuffer> parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (ByteBuffer part : parts) {
      byte[] some = new byte[part.remaining()];
      part.duplicate().get(some);
      out.writeBytes(some);
    }
    return out.toByteArray();
  }

  private static byte[] body(PeerRequest request) {
    BodyWriter to = new BodyWriter();
    request.encode(to);
    return bytes(to.parts());
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Optional<? extends PeerRequest> decode(int code, byte[] body)
      throws MalformedPayload {
    BodyReader from = new BodyReader(little(body));
    Optional<? extends PeerRequest> request =
        code < StoreRequest.READ
            ? CopiesRequest.decode(code, from)
            : StoreRequest.decode(code, from);
    if (request.isPresent()) {
      from.end();
    }
    return request;
  }

  @Test
  void everyRequestIsReadAsItWasWritten() throws MalformedPayload {
    for (PeerRequest request : REQUESTS) {
      assertEquals(request, decode(request.code(), body(request)).orElseThrow());
    }
  }

  @Test
  void requestsThatEndTooSoonOrTooLateAreMalformed() throws MalformedPayload {
    for (PeerRequest request : REQUESTS) {
      byte[] whole = body(request);
      int step = Math.max(1, whole.length / 500);
      for (int length = 0; length < whole.length; length += step) {
        byte[] cut = Arrays.copyOf(whole, length);
        assertThrows(MalformedPayload.class, () -> decode(request.code(), cut), () -> request + "");
      }
      byte[] longer = Arrays.copyOf(whole, whole.length + 1);
      assertThrows(MalformedPayload.class, () -> decode(request.code(), longer));
    }
    assertEquals(Optional.empty(), decode(99, new byte[0]));
  }

  @Test
  void damagedRequestsAreMalformedOrAnotherRequest() {
    RandomGenerator chance = Seeds.generator("PeerCodecTest");
    int malformed = 0;
    for (int i = 0; i < 20_000; i++) {
      PeerRequest request = REQUESTS.get(chance.nextInt(REQUESTS.size()));
      byte[] body = body(request);
      for (int faults = 1 + chance.nextInt(3); faults > 0; faults--) {
        body[chance.nextInt(Math.min(body.length, 120))] = (byte) chance.nextInt();
      }
      try {
        Optional<? extends PeerRequest> read = decode(request.code(), body);
        assertTrue(read.isPresent());
      } catch (MalformedPayload expected) {
        malformed++;
      }
    }
    assertTrue(malformed > 1000, "malformed: " + malformed);
  }

  @Test
  void changeOfFourKibHasThatAndSomeFieldsAndCopiesNothing() {
    ByteBuffer block = ByteBuffer.allocate(4096);
    Step step =
        new Step(Step.Kind.WRITE, List.of(new Extent(8192, block)), VDI, Durability.DEFERRED);
    BodyWriter to = new BodyWriter();
    new CopiesRequest.Change(CLAIM, OBJECT, V1, V2, step).encode(to);
    List<ByteBuffer> frame = Frame.of(CopiesRequest.CHANGE, 1, to.parts());
    assertEquals(4096 + 24 + 70, bytes(frame).length);
    assertEquals(block.array(), frame.getLast().array());
    assertEquals(0, block.position());
  }

  @Test
  void theFormatStays() {
    Step step =
        new Step(
            Step.Kind.CREATE,
            List.of(new Extent(0x10, ByteBuffer.wrap(new byte[] {(byte) 0xab}))),
            VDI,
            Durability.DURABLE);
    BodyWriter to = new BodyWriter();
    new CopiesRequest.Change(new Claim(CLAIM.slot(), 2), OBJECT, V1, V2, step).encode(to);
    String slot = HexFormat.of().formatHex(little(new byte[4]).putInt(0, CLAIM.slot()).array());
    String body =
        slot
            + "0200000000000000"
            + "05000000252b7c00"
            + "06000000000000006400000000000000"
            + "07000000000000006500000000000000"
            + "0101"
            + "252b7c00"
            + "01000000"
            + "1000000001000000"
            + "ab";
    String frame = HexFormat.of().formatHex(bytes(Frame.of(3, 0x1122334455667788L, to.parts())));
    assertEquals(body, frame.substring(48));
    assertEquals("47000000" + "0300" + "0000" + "8877665544332211", frame.substring(0, 32));
  }

  @Test
  void anyDamageOfAFrameIsSeen() throws IOException {
    byte[] whole = bytes(Frame.of(5, 77, List.of(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}))));
    Frame frame = Frame.decode(little(whole));
    assertEquals(new Frame(4, 5, 77, frame.bodySum()), frame);
    for (int bit = 0; bit < Frame.SIZE * Byte.SIZE; bit++) {
      byte[] other = whole.clone();
      other[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
      assertThrows(DamagedFrame.class, () -> Frame.decode(little(other)));
    }
  }

  @Test
  void failuresTravel() throws IOException {
    Outdated outdated = assertInstanceOf(Outdated.class, told(new Outdated(CLAIM, 12)));
    assertEquals(CLAIM + " 12", outdated.claim() + " " + outdated.known());
    Primary.ChangesLost lost =
        assertInstanceOf(Primary.ChangesLost.class, told(new Primary.ChangesLost(44)));
    assertEquals(44, lost.slot());
    ObjectDamaged damaged =
        assertInstanceOf(ObjectDamaged.class, told(new ObjectDamaged(OBJECT, 8192, "/disk")));
    assertEquals(OBJECT, damaged.object());
    assertTrue(damaged.where().contains("/disk of node n"), damaged::where);
    assertEquals("node n: no luck", told(new IOException("no luck")).getMessage());
    String longText = "x".repeat(5000);
    assertEquals(1024 + 8, String.valueOf(told(new IOException(longText)).getMessage()).length());
    assertTrue(told(new MalformedPayload("odd")).getMessage() != null);
  }

  private static IOException told(IOException failure) throws IOException {
    Failures.Told told = Failures.tell(failure);
    return Failures.heard("n", told.code(), little(bytes(told.body().parts())));
  }

  @Test
  void failuresThatCannotBeAreMalformed() {
    RandomGenerator chance = Seeds.generator("PeerCodecTest failures");
    List<String> seen = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      byte[] body = new byte[chance.nextInt(40)];
      chance.nextBytes(body);
      try {
        IOException heard = Failures.heard("n", chance.nextInt(9), little(body));
        seen.add(heard.getClass().getSimpleName());
      } catch (MalformedPayload expected) {
        seen.add("malformed");
      }
    }
    assertTrue(seen.contains("malformed") && seen.contains("IOException"));
  }
}

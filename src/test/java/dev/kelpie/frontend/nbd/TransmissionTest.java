package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdClient.good;
import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.DeviceCall;
import dev.kelpie.testing.DeviceCall.Kind;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.NbdClient.Extent;
import dev.kelpie.testing.NbdClient.OptionReply;
import dev.kelpie.testing.NbdClient.Reply;
import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

@ParameterizedClass
@CsvSource({
  "TCP, SIMPLE",
  "TCP, STRUCTURED",
  "TCP, EXTENDED",
  "UNIX, SIMPLE",
  "UNIX, STRUCTURED",
  "UNIX, EXTENDED"
})
@Timeout(120)
final class TransmissionTest {
  private static final int MIB = 1 << 20;
  private static final List<Integer> LENGTHS =
      List.of(1, 511, 4096, 16300, 65535, 65536, 65537, 262144, 262145, MIB, 3 * MIB + 5, 32 * MIB);

  private final Framing framing;
  private final ServedDisk served = new ServedDisk();
  private final NbdClient client;

  TransmissionTest(Transport transport, Framing framing) throws IOException {
    this.framing = framing;
    this.client = served.client(transport, framing);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    RandomGenerator chance = Seeds.generator("whatIsWrittenIsRead");
    for (int length : LENGTHS) {
      byte[] bytes = new byte[length];
      chance.nextBytes(bytes);
      long offset = chance.nextLong(ServedDisk.SIZE - length);
      client.write(offset, bytes);
      assertArrayEquals(bytes, served.disk.bytes(offset, length), "written " + length);
      assertArrayEquals(bytes, client.read(offset, length), "read " + length);
    }
  }

  @Test
  void theLastBytesOfTheDiskCanBeUsed() throws IOException {
    client.write(ServedDisk.SIZE - 3, new byte[] {1, 2, 3});
    assertArrayEquals(new byte[] {1, 2, 3}, client.read(ServedDisk.SIZE - 3, 3));
  }

  @Test
  void manyRequestsInOneBreathAreAllServed() throws IOException {
    byte[] block = new byte[4096];
    for (int i = 0; i < 200; i++) {
      Arrays.fill(block, (byte) i);
      client.sendWrite(i * 4096L, block);
    }
    for (int i = 0; i < 200; i++) {
      good(client.receive());
    }
    for (int i = 0; i < 200; i++) {
      client.sendRead(i * 4096L, 4096);
    }
    for (int i = 0; i < 200; i++) {
      Reply reply = good(client.receive());
      assertEquals((byte) i, reply.data()[4095]);
    }
  }

  @Test
  void flushReachesTheDisk() throws IOException {
    good(client.call(FLUSH, 0, 0, 0));
    assertEquals(1, calls(Kind.FLUSH).size());
  }

  @Test
  void fuaAsksForDurability() throws IOException {
    client.write(0, (byte) 1);
    assertEquals(Durability.DEFERRED, last().durability());
    good(client.call(WRITE, FUA, 0, 1, (byte) 1));
    assertEquals(Durability.DURABLE, last().durability());
    good(client.call(WRITE, FUA, 0, MIB, new byte[MIB]));
    assertEquals(Durability.DURABLE, last().durability());
    good(client.call(TRIM, FUA, 0, 1));
    assertEquals(Durability.DURABLE, last().durability());
    good(client.call(WRITE_ZEROES, FUA, 0, 1));
    assertEquals(Durability.DURABLE, last().durability());
  }

  @Test
  void fuaIsGoodWithEveryCommand() throws IOException {
    good(client.call(READ, FUA, 0, 10));
    good(client.call(FLUSH, FUA, 0, 0));
    good(client.call(CACHE, FUA, 0, 10));
    if (framing.chunks()) {
      good(client.call(BLOCK_STATUS, FUA, 0, 10));
    }
  }

  @Test
  void trimFreesWholePagesAndZerosParts() throws IOException {
    client.write(0, filled(200_000));
    good(client.call(TRIM, 0, 10, 199_000));
    byte[] read = client.read(0, 200_000);
    assertEquals(1, read[9]);
    assertEquals(0, read[10]);
    assertEquals(0, read[199_009]);
    assertEquals(1, read[199_010]);
    assertEquals(
        new DeviceCall(Kind.TRIM, 10, 199_000, Durability.DEFERRED, Patience.WAIT),
        calls(Kind.TRIM).getFirst());
  }

  @Test
  void zeroesMayOrMayNotLeaveAHole() throws IOException {
    client.write(0, filled(131072));
    good(client.call(WRITE_ZEROES, 0, 0, 65536));
    good(client.call(WRITE_ZEROES, NO_HOLE, 65536, 65536));
    assertEquals(1, calls(Kind.ZERO).size());
    assertEquals(1, calls(Kind.ZERO_ALLOCATED).size());
    assertArrayEquals(new byte[131072], client.read(0, 131072));
  }

  @Test
  void fastZeroesAreDoneOnlyWhereTheyAreFast() throws IOException {
    client.write(0, filled(10));
    served.disk.zeroIsFast(false);
    assertEquals(ENOTSUP, client.call(WRITE_ZEROES, FAST_ZERO, 0, 10).error());
    assertArrayEquals(filled(10), client.read(0, 10));
    good(client.call(WRITE_ZEROES, 0, 0, 5));
    served.disk.zeroIsFast(true);
    good(client.call(WRITE_ZEROES, FAST_ZERO | NO_HOLE, 0, 10));
    assertArrayEquals(new byte[10], client.read(0, 10));
  }

  @Test
  void zeroesAndTrimsMayBeLongerThanAPayload() throws IOException {
    client.write(50 * MIB, (byte) 1);
    good(client.call(WRITE_ZEROES, 0, 0, ServedDisk.SIZE));
    assertEquals(0, client.read(50 * MIB, 1)[0]);
    good(client.call(TRIM, 0, 0, ServedDisk.SIZE));
  }

  @Test
  void zerosThatMustBeAllocatedGoInSteps() throws IOException {
    served.disk.resize(3 * ServedDisk.SIZE);
    good(client.call(WRITE_ZEROES, NO_HOLE | FUA, 5, 3 * ServedDisk.SIZE - 5));
    List<DeviceCall> steps = calls(Kind.ZERO_ALLOCATED);
    assertEquals(3, steps.size());
    long at = 5;
    for (DeviceCall step : steps) {
      assertEquals(at, step.offset());
      assertEquals(Durability.DURABLE, step.durability());
      at += step.length();
    }
    assertEquals(3 * ServedDisk.SIZE, at);
  }

  @Test
  void cacheBringsTheWholeRangeNear() throws IOException {
    good(client.call(CACHE, 0, 100, 10 * MIB));
    long at = 100;
    for (DeviceCall call : calls(Kind.PREFETCH)) {
      assertEquals(at, call.offset());
      at += call.length();
    }
    assertEquals(100 + 10 * MIB, at);
  }

  @Test
  void requestsForNothingDoNothing() throws IOException {
    for (int command : List.of(READ, WRITE, TRIM, CACHE, WRITE_ZEROES)) {
      good(client.call(command, 0, 0, 0));
      good(client.call(command, 0, ServedDisk.SIZE, 0));
    }
    assertEquals(List.of(), served.disk.calls());
  }

  @Test
  void aDiskThatGrewCanBeUsedAtOnce() throws IOException {
    assertEquals(EINVAL, client.call(READ, 0, ServedDisk.SIZE, 1).error());
    served.disk.resize(2 * ServedDisk.SIZE);
    client.write(ServedDisk.SIZE, (byte) 9);
    assertEquals(9, client.read(ServedDisk.SIZE, 1)[0]);
  }

  @Test
  void whoComesAfterADiskGrewSeesItsNewSize() throws IOException {
    try (NbdClient asks = served.stranger(Transport.TCP).greet()) {
      served.disk.resize(2 * ServedDisk.SIZE);
      List<OptionReply> info = asks.option(OPT_INFO, NbdClient.info("vm"));
      assertEquals(2 * ServedDisk.SIZE, NbdClient.export(info).size());
      served.disk.resize(3 * ServedDisk.SIZE);
      assertEquals(3 * ServedDisk.SIZE, asks.go("vm").size());
    }
  }

  @Test
  void whatLiesBehindTheEndOfADiskThatShrankIsAnErrorAndTheSessionGoesOn() throws IOException {
    client.write(ServedDisk.SIZE - 1, (byte) 9);
    served.disk.resize(ServedDisk.SIZE / 2);
    assertEquals(EINVAL, client.call(READ, 0, ServedDisk.SIZE - 1, 1).error());
    assertEquals(EINVAL, client.call(TRIM, 0, ServedDisk.SIZE - 1, 1).error());
    assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, ServedDisk.SIZE - 1, 1).error());
    assertEquals(ENOSPC, client.call(WRITE, 0, ServedDisk.SIZE - 1, 1, (byte) 8).error());
    assertEquals(ENOSPC, client.call(WRITE_ZEROES, 0, 0, ServedDisk.SIZE).error());
    client.write(ServedDisk.SIZE / 2 - 1, (byte) 7);
    assertEquals(7, client.read(ServedDisk.SIZE / 2 - 1, 1)[0]);
  }

  @Test
  void goodbyeIsAnsweredByHangingUp() throws IOException {
    client.sendRead(0, 4096);
    client.sendRaw(goodbye());
    good(client.receive());
    client.expectEnd();
    served.awaitNobody();
    assertEquals(1, served.disk.closed());
  }

  @Test
  void smallReadsAndWritesDoNotWait() throws IOException {
    client.write(0, filled(65536));
    client.read(0, 65536);
    assertEquals(
        List.of(Patience.NOW, Patience.NOW),
        served.disk.calls().stream().map(DeviceCall::patience).toList());
  }

  @Test
  void holesInLargeReadsAreToldAsSuch() throws IOException {
    client.write(2 * MIB, filled(65536));
    Reply reply = good(client.call(READ, 0, MIB, 2 * MIB));
    assertEquals(framing.chunks() ? 2 : 0, reply.holes());
    assertEquals(framing.chunks() ? 3 : 0, reply.chunks());
    assertArrayEquals(served.disk.bytes(MIB, 2 * MIB), reply.data());
  }

  @Test
  void aReadWithManyHolesIsStillWhole() throws IOException {
    for (int page = 0; page < 400; page += 2) {
      served.disk.put(page * 65536L, filled(65536));
    }
    Reply reply = good(client.call(READ, 0, 77, 25 * MIB));
    assertArrayEquals(served.disk.bytes(77, 25 * MIB), reply.data());
  }

  @Test
  void df() throws IOException {
    if (!framing.chunks()) {
      assertEquals(EINVAL, client.call(READ, DF, 0, 4096).error());
      return;
    }
    client.write(2 * MIB, filled(65536));
    Reply reply = good(client.call(READ, DF, MIB, 2 * MIB));
    assertEquals(1, reply.chunks());
    assertEquals(0, reply.holes());
    assertArrayEquals(served.disk.bytes(MIB, 2 * MIB), reply.data());
  }

  @Test
  void blockStatusTellsDataFromHoles() throws IOException {
    if (!framing.chunks()) {
      assertEquals(EINVAL, client.call(BLOCK_STATUS, 0, 0, 4096).error());
      return;
    }
    client.write(65536, filled(3 * 65536));
    Reply reply = good(client.call(BLOCK_STATUS, 0, 100, MIB));
    assertEquals(
        List.of(
            new Extent(65536 - 100, 3),
            new Extent(3 * 65536, 0),
            new Extent(MIB - 4 * 65536 + 100, 3)),
        reply.extents());
    assertEquals(
        List.of(new Extent(65536 - 100, 3)),
        good(client.call(BLOCK_STATUS, REQ_ONE, 100, MIB)).extents());
    assertEquals(
        List.of(new Extent(4 * 65536 - 70000, 0)),
        good(client.call(BLOCK_STATUS, REQ_ONE, 70000, ServedDisk.SIZE - 70000)).extents());
  }

  @Test
  void aLongBlockStatusIsCutAndCanBeContinued() throws IOException {
    if (!framing.chunks()) {
      return;
    }
    served.disk.resize(4 * ServedDisk.SIZE);
    for (int page = 0; page < 4096; page += 2) {
      served.disk.put(page * 65536L, new byte[] {1});
    }
    long at = 0;
    int replies = 0;
    while (at < 4 * ServedDisk.SIZE) {
      List<Extent> extents =
          good(client.call(BLOCK_STATUS, 0, at, 4 * ServedDisk.SIZE - at)).extents();
      at += extents.stream().mapToLong(Extent::length).sum();
      replies++;
    }
    assertEquals(4 * ServedDisk.SIZE, at);
    assertEquals(4, replies);
  }

  private byte[] goodbye() {
    return framing == Framing.EXTENDED
        ? NbdClient.extendedRequest(DISC, 0, 1, 0, 0)
        : NbdClient.request(DISC, 0, 1, 0, 0);
  }

  private DeviceCall last() {
    return served.disk.calls().getLast();
  }

  private List<DeviceCall> calls(Kind kind) {
    return served.disk.calls().stream().filter(call -> call.kind() == kind).toList();
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 1);
    return bytes;
  }
}

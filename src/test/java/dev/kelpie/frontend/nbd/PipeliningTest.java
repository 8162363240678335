package dev.kelpie.frontend.nbd;

import static dev.kelpie.testing.NbdClient.good;
import static dev.kelpie.testing.NbdNumbers.*;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.object.Patience;
import dev.kelpie.stream.InFlight;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.DeviceCall;
import dev.kelpie.testing.DeviceCall.Kind;
import dev.kelpie.testing.NbdClient;
import dev.kelpie.testing.NbdClient.Reply;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.Valve;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

@ParameterizedClass
@CsvSource({"TCP, true", "UNIX, false", "UNIX, true"})
@Timeout(120)
final class PipeliningTest {
  private static final int MIB = 1 << 20;

  private final Transport transport;
  private final boolean structured;
  private final ServedDisk served = new ServedDisk();
  private final NbdClient client;

  PipeliningTest(Transport transport, boolean structured) throws IOException {
    this.transport = transport;
    this.structured = structured;
    this.client = client();
    for (long at = 0; at < 32 * MIB; at += 65536) {
      served.disk.put(at, new byte[] {1});
    }
  }

  private NbdClient client() throws IOException {
    return structured ? served.client(transport) : served.simpleClient(transport);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void laterRequestsOvertakeOneThatWaits() throws IOException {
    for (int command : List.of(READ, WRITE, FLUSH, TRIM, CACHE, WRITE_ZEROES)) {
      Valve valve = new Valve(call -> call.offset() == 0 && call.length() < 9);
      served.disk.hook(valve);
      int length = command == FLUSH ? 0 : 8;
      long slow = client.send(command, 0, 0, length, command == WRITE ? new byte[8] : new byte[0]);
      Await.until("the request waits", () -> valve.waiting() == 1);
      long read = client.sendRead(4096, 4096);
      long large = client.sendRead(MIB, MIB);
      long write = client.sendWrite(8192, (byte) 1);
      Set<Long> answered = new HashSet<>();
      for (int i = 0; i < 3; i++) {
        answered.add(good(client.receive()).cookie());
      }
      assertEquals(Set.of(read, large, write), answered);
      valve.open();
      assertEquals(slow, good(client.receive()).cookie());
    }
  }

  @Test
  void aFlushThatWaitsDoesNotHoldUpTheNext() throws IOException {
    Valve valve = Valve.on(Kind.FLUSH);
    served.disk.hook(valve);
    client.send(FLUSH, 0, 0, 0);
    client.send(FLUSH, 0, 0, 0);
    Await.until("both wait", () -> valve.waiting() == 2);
    valve.open();
    good(client.receive());
    good(client.receive());
  }

  @Test
  void aWriteThatWaitsKeepsItsBytes() throws IOException {
    Valve valve = new Valve(call -> call.kind() == Kind.WRITE && call.offset() < MIB);
    served.disk.hook(valve);
    for (int i = 0; i < 50; i++) {
      client.sendWrite(i * 4096L, block(i, 4096));
    }
    for (int i = 0; i < 200; i++) {
      client.sendWrite(2 * MIB + i * 4096L, block(200 + i, 4096));
    }
    for (int i = 0; i < 200; i++) {
      good(client.receive());
    }
    Await.until("all wait", () -> valve.waiting() == 50);
    valve.open();
    for (int i = 0; i < 50; i++) {
      good(client.receive());
    }
    for (int i = 0; i < 50; i++) {
      assertArrayEquals(block(i, 4096), served.disk.bytes(i * 4096L, 4096));
    }
  }

  @Test
  void noMoreThanSoManyRequestsWaitAtOnce() throws IOException {
    Valve valve = Valve.on(Kind.READ);
    served.disk.hook(valve);
    int requests = 3 * InFlight.REQUESTS_MAX;
    ByteBuffer all = ByteBuffer.allocate(requests * 28);
    for (int i = 0; i < requests; i++) {
      all.put(NbdClient.request(READ, 0, 2L * i, i * 512L, 16));
    }
    client.sendRaw(all.array());
    Await.until("the bound is reached", () -> valve.waiting() == InFlight.REQUESTS_MAX);
    // Each of those was tried at once first, and so was the next.
    int calls = 2 * InFlight.REQUESTS_MAX + 1;
    Await.until("the next was tried", () -> served.disk.calls().size() == calls);
    assertEquals(InFlight.REQUESTS_MAX * 16L, served.server.payloadBytes());
    valve.open();
    Set<Long> answers = new HashSet<>();
    for (int i = 0; i < requests; i++) {
      answers.add(answer());
    }
    assertEquals(requests, answers.size());
  }

  @Test
  void noMoreThanSoManyBytesWaitAtOnce() throws IOException {
    Valve valve = Valve.on(Kind.WRITE);
    served.disk.hook(valve);
    for (int i = 0; i < 16; i++) {
      client.sendWrite(0, new byte[MIB]);
    }
    Await.until("the bound is reached", () -> valve.waiting() == 16);
    long used = served.server.payloadBytes();
    assertTrue(
        used >= NbdConnection.IN_FLIGHT_BYTES_MAX
            && used <= NbdConnection.IN_FLIGHT_BYTES_MAX + MIB / 2,
        "" + used);
    client.send(READ, 0, 0, MIB);
    valve.open();
    for (int i = 0; i < 17; i++) {
      good(client.receive());
    }
    long large = client.send(READ, 0, 0, 32 * MIB);
    assertEquals(large, good(client.receive()).cookie());
  }

  @Test
  void aFloodIsAnsweredWhole() throws Exception {
    int requests = 20_000;
    RandomGenerator chance = Seeds.generator("aFloodIsAnsweredWhole");
    served.disk.hook(call -> call.patience() == Patience.WAIT || (call.offset() & 4096) == 0);
    Thread flood =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < requests; i++) {
                try {
                  client.sendRaw(mixed(chance, i));
                } catch (IOException failure) {
                  throw new AssertionError(failure);
                }
              }
            });
    Map<Long, Integer> answers = new HashMap<>();
    for (int i = 0; i < requests; i++) {
      answers.merge(answer(), 1, Integer::sum);
    }
    flood.join();
    assertEquals(requests, answers.size());
    assertTrue(answers.values().stream().allMatch(count -> count == 1));
  }

  /// A read or a write of 16 bytes at some place; the cookie is its number, odd for a write.
  private static byte[] mixed(RandomGenerator chance, int number) {
    boolean write = chance.nextBoolean();
    long offset = chance.nextInt(1000) * 4096L;
    long cookie = number * 2L + (write ? 1 : 0);
    return write
        ? NbdClient.request(WRITE, 0, cookie, offset, 16, new byte[16])
        : NbdClient.request(READ, 0, cookie, offset, 16);
  }

  /// Takes one answer to a request of the flood.
  private long answer() throws IOException {
    ByteBuffer header = ByteBuffer.wrap(client.take(16));
    boolean chunk = header.getInt() == 0x668e33ef;
    header.getInt();
    long cookie = header.getLong();
    assertEquals(structured && cookie % 2 == 0, chunk);
    client.take(cookie % 2 == 1 ? 0 : chunk ? 4 + 8 + 16 : 16);
    return cookie;
  }

  @Test
  void aFlushCoversTheWritesAnsweredBeforeItOnAnyConnection() throws IOException {
    RandomGenerator chance =
        Seeds.generator("aFlushCoversTheWritesAnsweredBeforeItOnAnyConnection");
    List<NbdClient> clients = List.of(client, client(), client());
    served.disk.hook(call -> call.patience() == Patience.WAIT || call.offset() % 3 != 0);
    long place = 1;
    List<Long> answered = new ArrayList<>();
    for (int round = 0; round < 300; round++) {
      NbdClient one = clients.get(chance.nextInt(clients.size()));
      if (chance.nextInt(5) > 0) {
        one.write(place, (byte) 1);
        answered.add(place++);
      } else {
        good(one.call(FLUSH, 0, 0, 0));
        assertWrittenBeforeTheLastFlush(answered);
      }
    }
    clients.get(1).close();
    clients.get(2).close();
  }

  private void assertWrittenBeforeTheLastFlush(List<Long> places) {
    List<DeviceCall> calls = served.disk.calls();
    int flush = calls.size() - 1;
    while (calls.get(flush).kind() != Kind.FLUSH) {
      flush--;
    }
    Set<Long> before = new HashSet<>();
    calls.subList(0, flush).stream()
        .filter(call -> call.kind() == Kind.WRITE)
        .forEach(call -> before.add(call.offset()));
    assertTrue(before.containsAll(places));
  }

  @Test
  void aClientThatHangsUpOnOneSideGetsAllItsAnswers() throws IOException {
    Valve valve = Valve.on(Kind.READ);
    served.disk.hook(valve);
    for (int i = 0; i < 20; i++) {
      client.sendRead((long) i * MIB, MIB);
    }
    client.shutdownOutput();
    Await.until("they wait", () -> valve.waiting() == 16);
    valve.open();
    for (int i = 0; i < 20; i++) {
      good(client.receive());
    }
    client.expectEnd();
  }

  @Test
  void theDiskIsClosedOnceAfterTheLastRequestOfAClientThatVanished() throws IOException {
    Valve valve = new Valve(call -> call.kind() == Kind.WRITE || call.kind() == Kind.FLUSH);
    served.disk.hook(valve);
    for (int i = 0; i < 5; i++) {
      client.sendWrite(i, (byte) 7);
    }
    client.send(FLUSH, 0, 0, 0);
    Await.until("they wait", () -> valve.waiting() == 6);
    client.close();
    NbdClient other = client();
    good(other.call(READ, 0, 0, 1));
    other.close();
    Await.until("the other has left", () -> served.disk.closed() == 1);
    assertEquals(1, served.disk.open());
    valve.open();
    served.awaitNobody();
    assertEquals(2, served.disk.closed());
    assertArrayEquals(new byte[] {7, 7, 7, 7, 7}, served.disk.bytes(0, 5));
  }

  @Test
  void aClientThatTakesNoAnswersHarmsNobodyElse() throws IOException {
    NbdClient deaf = client();
    for (int i = 0; i < 100; i++) {
      deaf.sendRead(0, MIB);
    }
    Await.until(
        "it is stuck", () -> served.server.payloadBytes() >= NbdConnection.IN_FLIGHT_BYTES_MAX);
    for (int i = 0; i < 100; i++) {
      assertEquals(MIB, client.read(0, MIB).length);
      client.write(0, (byte) i);
    }
    deaf.close();
    Await.until("the deaf one has left", () -> served.server.clients() == 1);
    Await.until("its memory is back", () -> served.server.payloadBytes() < MIB);
  }

  @Test
  void aDeafClientThatWakesUpGetsEverything() throws IOException {
    List<Long> cookies = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      cookies.add(client.sendRead(0, i % 2 == 0 ? MIB : 4096));
    }
    Await.until("it is stuck", () -> served.server.payloadBytes() >= MIB);
    for (int i = 0; i < 64; i++) {
      Reply reply = good(client.receive());
      assertTrue(cookies.remove(reply.cookie()));
    }
  }

  @Test
  void requestsAreServedWhereThereIsNoThreadForThem() throws IOException {
    served
        .world
        .tasks()
        .refuse(
            "nbd request"::equals,
            () -> {
              throw new RejectedExecutionException("no thread is left");
            });
    good(client.call(FLUSH, 0, 0, 0));
    good(client.call(WRITE, 0, 0, MIB, block(7, MIB)));
    assertArrayEquals(block(7, MIB), client.read(0, MIB));
  }

  @Test
  void aBusyConnectionBecomesSmallAgain() throws IOException {
    for (int i = 0; i < 200; i++) {
      client.sendWrite(i * 4096L, new byte[4096]);
    }
    for (int i = 0; i < 200; i++) {
      good(client.receive());
    }
    for (int i = 0; i < 40; i++) {
      client.read(0, 512);
    }
    assertEquals(0, served.server.payloadBytes());
  }

  private static byte[] block(int number, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      bytes.putInt(number);
    }
    return bytes.array();
  }
}

package dev.kelpie.tls;

import static dev.kelpie.tls.Pair.ALL;
import static dev.kelpie.tls.Pair.ROOMY;
import static dev.kelpie.tls.Pair.read;
import static dev.kelpie.tls.Pair.started;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Await;
import dev.kelpie.testing.TestCertificates;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The stream behind the handshake.
@Timeout(120)
final class TlsConnectionTest {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final String TLS_1_2 = "TLSv1.2";
  private static final String TLS_1_3 = "TLSv1.3";

  @TempDir static Path temp;

  private static Path good = Path.of("");

  @BeforeAll
  static void makeCertificates() {
    good = new TestCertificates(temp).good();
  }

  private static byte[] random(int count) {
    byte[] bytes = new byte[count];
    new Random(SEED).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(strings = {TLS_1_2, TLS_1_3})
  void bytesArriveWhereEveryReadGivesOne(String protocol) throws Exception {
    Pair pair = Pair.shaken(good, protocol, ROOMY, () -> 1);
    byte[] bytes = random(40_000);
    pair.client.write(ByteBuffer.wrap(bytes));
    assertArrayEquals(bytes, read(pair.server, bytes.length));
    pair.server.write(ByteBuffer.wrap(bytes));
    assertArrayEquals(bytes, read(pair.client, bytes.length));
  }

  @ParameterizedTest
  @ValueSource(strings = {TLS_1_2, TLS_1_3})
  void bothDirectionsAtOnceWithNewKeysAndLittleRoom(String protocol) throws Exception {
    Random chance = new Random(SEED);
    Random pieces = new Random(SEED + 1);
    Pair pair = Pair.shaken(good, protocol, 20_000, () -> 1 + pieces.nextInt(30_000));
    byte[] there = random(3 << 20);
    byte[] back = random(5 << 20);
    FutureTask<Boolean> served = started(() -> writeInPieces(pair.server, back, SEED, () -> {}));
    boolean updates = protocol.equals(TLS_1_3);
    FutureTask<Boolean> sent =
        started(() ->
            writeInPieces(
                pair.client,
                there,
                chance.nextLong(),
                () -> {
                  if (updates) {
                    pair.clientEngine.beginHandshake(); // a KeyUpdate, which wants one back
                  }
                }));
    FutureTask<byte[]> arrived = started(() -> readInPieces(pair.server, there.length));
    assertArrayEquals(back, readInPieces(pair.client, back.length), "seed " + SEED);
    assertArrayEquals(there, arrived.get(), "seed " + SEED);
    assertTrue(served.get() && sent.get());
  }

  private interface Interlude {
    void run() throws IOException;
  }

  private static boolean writeInPieces(
      TlsConnection to, byte[] bytes, long seed, Interlude sometimes) throws IOException {
    Random chance = new Random(seed);
    for (int at = 0; at < bytes.length; ) {
      ByteBuffer[] parts = new ByteBuffer[1 + chance.nextInt(20)];
      for (int i = 0; i < parts.length; i++) {
        int size = Math.min(bytes.length - at, chance.nextInt(chance.nextBoolean() ? 60 : 9000));
        parts[i] = ByteBuffer.wrap(bytes, at, size);
        at += size;
      }
      to.write(parts);
      if (chance.nextInt(5) == 0) {
        sometimes.run();
      }
    }
    return true;
  }

  private static byte[] readInPieces(TlsConnection from, int count) throws IOException {
    Random chance = new Random(count);
    ByteBuffer all = ByteBuffer.allocate(count);
    while (all.hasRemaining()) {
      int size = Math.min(all.remaining(), 1 + chance.nextInt(40_000));
      int now = from.read(all.slice(all.position(), size));
      assertTrue(now > 0 && now <= size, "a read of " + now);
      all.position(all.position() + now);
    }
    return all.array();
  }

  /// The server's answer to the KeyUpdate has to wait for its writer, and the reader may not.
  @Test
  void aReaderReadsOnWhileTheWriterIsStuck() throws Exception {
    Pair pair = Pair.shaken(good, TLS_1_3, 50_000, ALL);
    byte[] large = random(300_000);
    FutureTask<Boolean> writer = started(() -> writeInPieces(pair.server, large, SEED, () -> {}));
    Await.until("the server's writer is stuck", pair.pipe.server::stuck);
    FutureTask<byte[]> reader = started(() -> readInPieces(pair.server, large.length));
    pair.clientEngine.beginHandshake();
    FutureTask<Boolean> sent = started(() -> writeInPieces(pair.client, large, SEED, () -> {}));
    assertArrayEquals(large, reader.get());
    assertTrue(sent.get());
    assertFalse(writer.isDone());
    assertArrayEquals(large, readInPieces(pair.client, large.length));
    assertTrue(writer.get());
    pair.server.write(ByteBuffer.wrap(large, 0, 100));
    assertEquals(100, read(pair.client, 100).length);
  }

  @ParameterizedTest
  @ValueSource(strings = {TLS_1_2, TLS_1_3})
  void whatNoReadHasTakenIsUnreadWhereverItLies(String protocol) throws Exception {
    Pair pair = Pair.shaken(good, protocol, ROOMY, ALL);
    FutureTask<byte[]> reader = started(() -> read(pair.server, 1));
    pair.client.write(ByteBuffer.wrap(random(100)));
    assertEquals(1, reader.get().length);
    assertTrue(pair.server.unread(), "opened, and not taken");
    assertEquals(99, read(pair.server, 99).length);
    assertFalse(pair.server.unread());
    pair.client.write(ByteBuffer.wrap(random(10)));
    assertTrue(pair.server.unread(), "on the wire");
    pair.client.write(ByteBuffer.wrap(random(20)));
    assertEquals(10, read(pair.server, 10).length);
    assertTrue(pair.server.unread(), "sealed, and not opened");
    assertEquals(20, read(pair.server, 20).length);
    assertFalse(pair.server.unread());
    FutureTask<byte[]> waiting = started(() -> read(pair.server, 5));
    for (int i = 0; i < 1000; i++) {
      assertFalse(pair.server.unread(), "nothing was sent to the one that waits");
    }
    pair.client.write(ByteBuffer.wrap(random(5)));
    assertEquals(5, waiting.get().length);
    assertFalse(pair.server.unread());
  }

  @Test
  void manySmallBuffersLeaveInFewWrites() throws Exception {
    Pair pair = Pair.shaken(good, TLS_1_3, ROOMY, ALL);
    int before = pair.pipe.client.writes();
    byte[] bytes = random(100_000);
    ByteBuffer[] parts = new ByteBuffer[1000];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = ByteBuffer.wrap(bytes, i * 100, 100);
    }
    pair.client.write(parts);
    assertEquals(1, pair.pipe.client.writes() - before);
    assertArrayEquals(bytes, read(pair.server, bytes.length));
    for (ByteBuffer part : parts) {
      assertFalse(part.hasRemaining());
    }
  }

  @Test
  void oneReadTakesManySmallRecords() throws Exception {
    Pair pair = Pair.shaken(good, TLS_1_3, ROOMY, ALL);
    for (int i = 0; i < 20; i++) {
      pair.client.write(ByteBuffer.wrap(random(28)));
    }
    assertEquals(20 * 28, pair.server.read(ByteBuffer.allocate(1000)));
  }

  @Test
  void nothingToWriteIsNotARecord() throws Exception {
    Pair pair = Pair.shaken(good, TLS_1_3, ROOMY, ALL);
    int before = pair.pipe.client.writes();
    pair.client.write();
    pair.client.write(ByteBuffer.allocate(0), ByteBuffer.allocate(0));
    assertEquals(before, pair.pipe.client.writes());
  }

  @ParameterizedTest
  @ValueSource(strings = {TLS_1_2, TLS_1_3})
  void aGoodbyeIsTheEndAndTheOtherSideMayStillSpeak(String protocol) throws Exception {
    Pair pair = Pair.shaken(good, protocol, ROOMY, ALL);
    pair.client.write(ByteBuffer.wrap(random(10)));
    pair.client.shutdownOutput();
    assertEquals(10, read(pair.server, 10).length);
    assertEquals(-1, pair.server.read(ByteBuffer.allocate(1)));
    assertEquals(-1, pair.server.read(ByteBuffer.allocate(1)));
    if (protocol.equals(TLS_1_3)) {
      pair.server.write(ByteBuffer.wrap(random(10)));
      assertEquals(10, read(pair.client, 10).length);
    }
    pair.server.shutdownOutput();
    assertEquals(-1, pair.client.read(ByteBuffer.allocate(1)));
  }

  @Test
  void anEndWithoutGoodbyeIsALostConnection() throws Exception {
    Pair pair = Pair.shaken(good, TLS_1_3, ROOMY, ALL);
    pair.client.write(ByteBuffer.wrap(random(10)));
    pair.pipe.client.shutdownOutput();
    assertEquals(10, read(pair.server, 10).length);
    assertThrows(EOFException.class, () -> pair.server.read(ByteBuffer.allocate(1)));
  }

  @Test
  void anEndInsideARecordIsALostConnection() throws Exception {
    Pair pair = Pair.shaken(good, TLS_1_3, ROOMY, ALL);
    pair.pipe.client.write(ByteBuffer.wrap(new byte[] {23, 3, 3, 0, 100, 1, 2, 3}));
    pair.pipe.client.shutdownOutput();
    assertThrows(EOFException.class, () -> pair.server.read(ByteBuffer.allocate(1)));
  }

  @Test
  void forgedAndOversizedRecordsEndTheStream() throws Exception {
    byte[] forged = random(100);
    ByteBuffer.wrap(forged).put(new byte[] {23, 3, 3, 0, 95});
    byte[] oversized = random(60_000);
    ByteBuffer.wrap(oversized).put(new byte[] {23, 3, 3, (byte) 0x7f, 0});
    byte[] plain = random(60);
    ByteBuffer.wrap(plain).put(new byte[] {1, 3, 3, 0, 55});
    for (byte[] record : new byte[][] {forged, oversized, plain}) {
      Pair pair = Pair.shaken(good, TLS_1_3, ROOMY, ALL);
      pair.pipe.client.write(ByteBuffer.wrap(record));
      ByteBuffer into = ByteBuffer.allocate(100_000);
      assertThrows(TlsFailure.class, () -> pair.server.read(into));
      assertEquals(0, into.position());
    }
  }

  @Test
  void noOtherHandshakeInTheMiddleOfTheStream() throws Exception {
    Pair pair = Pair.shaken(good, TLS_1_2, ROOMY, ALL);
    pair.clientEngine.beginHandshake();
    FutureTask<Boolean> asking =
        started(() -> writeInPieces(pair.client, random(10), SEED, () -> {}));
    TlsFailure failure =
        assertThrows(TlsFailure.class, () -> pair.server.read(ByteBuffer.allocate(100)));
    assertEquals("asked for another TLS handshake", failure.text());
    pair.server.close();
    Await.until("the client has ended", asking::isDone);
  }

  @Test
  void closingEndsReadsAndWritesThatWait() throws Exception {
    Pair pair = Pair.shaken(good, TLS_1_3, 50_000, ALL);
    FutureTask<Integer> reader = started(() -> pair.server.read(ByteBuffer.allocate(1)));
    FutureTask<Boolean> writer =
        started(() -> writeInPieces(pair.server, random(200_000), SEED, () -> {}));
    Await.until("the writer is stuck", pair.pipe.server::stuck);
    pair.server.close();
    for (FutureTask<?> task : new FutureTask<?>[] {reader, writer}) {
      assertInstanceOf(
          IOException.class, assertThrows(ExecutionException.class, task::get).getCause());
    }
  }
}

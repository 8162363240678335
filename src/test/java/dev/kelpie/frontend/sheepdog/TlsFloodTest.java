package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.stream.Access;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.TestCertificates;
import dev.kelpie.testing.TestTls;
import dev.kelpie.tls.TlsContext;
import dev.kelpie.tls.TlsPolicy;
import dev.kelpie.wire.ResultCode;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Clients that begin TLS and stall, by the hundred.
@Timeout(120)
final class TlsFloodTest {
  private static final ObjectId OBJECT = ObjectId.data(new VdiId(0x123456), 0);
  private static final int FLOOD = 800;

  /// What a client that stalls may make the server hold, with what the test itself holds for it:
  /// its sockets, a task, small buffers, but no record and no engine.
  private static final long BYTES_EACH = 8 << 10;

  /// What handshakes under way may take, all of them.
  private static final long BYTES_UNDER_WAY = 6 << 20;

  @TempDir Path temp;

  @Test
  void aProperClientGetsInAndMemoryIsBounded() throws Exception {
    Path good = new TestCertificates(temp).good();
    TlsPolicy policy = new TlsPolicy(TestTls.server(good), true);
    TlsContext client = TestTls.client(good);
    byte[] mostOfARecord = Arrays.copyOf(new byte[] {22, 3, 1, 0x40, 0, 1, 0, 0x3f}, 16_000);
    try (Rig rig =
        Rig.withAccess(
            SheepdogConfig.defaults(),
            JvmPlatform.clock(),
            new Access(_ -> true, Optional.of(policy)))) {
      rig.client(client).create(OBJECT, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
      long before = heap();
      for (int i = 0; i < FLOOD; i++) {
        rig.client().sendBytes(mostOfARecord);
      }
      Await.until("all have come", () -> rig.server.clients() > FLOOD / 2);
      long more = heap() - before;
      assertTrue(
          more < BYTES_UNDER_WAY + FLOOD * BYTES_EACH, () -> "the flood takes " + more + " bytes");
      StrictClient proper = rig.client(client);
      assertEquals(1, proper.read(OBJECT, 0, 0, 1).bytes()[0]);
      assertTrue(
          rig.log.messages(Level.WARN).stream()
              .anyMatch(said -> said.contains("was slow with its TLS handshake while others")),
          () -> rig.log.lines().toString());
      assertEquals(0, rig.log.messages(Level.ERROR).size());
    }
  }

  /// The bytes of the heap that are in use.
  private static long heap() {
    var memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }
}

package dev.kelpie.tls;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.TestTls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.function.IntSupplier;
import javax.net.ssl.SSLEngine;

/// A client and a server at the two ends of a pipe.
final class Pair {
  static final int ROOMY = 1 << 20;
  static final IntSupplier ALL = () -> Integer.MAX_VALUE;
  private static final Locks LOCKS = JvmPlatform.locks();

  final Pipe pipe;
  final SSLEngine clientEngine;
  final TlsConnection client;
  final TlsConnection server;

  /// @param certificates of the server
  /// @param clientEngine of the client, any
  Pair(Pipe pipe, Path certificates, SSLEngine clientEngine) throws IOException {
    this.pipe = pipe;
    this.clientEngine = clientEngine;
    clientEngine.setUseClientMode(true);
    RecordBuffers buffers =
        new RecordBuffers(LOCKS, clientEngine.getSession().getPacketBufferSize());
    this.client =
        new TlsConnection(pipe.client, clientEngine, buffers, LOCKS, ByteBuffer.allocate(0));
    this.server = TestTls.server(certificates).server(pipe.server, ByteBuffer.allocate(0));
  }

  /// Both come to terms.
  static Pair shaken(Path certificates, String protocol, int capacity, IntSupplier readMax)
      throws Exception {
    SSLEngine engine =
        TestTls.credentials(certificates, Credentials.Side.CLIENT)
            .context()
            .createSSLEngine("localhost", 1);
    engine.setEnabledProtocols(new String[] {protocol});
    Pair pair = new Pair(new Pipe(capacity, readMax), certificates, engine);
    FutureTask<Boolean> serving =
        started(() -> {
          pair.server.handshake();
          return true;
        });
    pair.client.handshake();
    serving.get();
    return pair;
  }

  /// Runs something on a thread of its own.
  static <T> FutureTask<T> started(Callable<T> body) {
    FutureTask<T> task = new FutureTask<>(body);
    Thread.ofVirtual().start(task);
    return task;
  }

  /// Reads so many bytes.
  static byte[] read(TlsConnection from, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      if (from.read(bytes) < 0) {
        throw new AssertionError("the stream ended " + bytes.remaining() + " bytes early");
      }
    }
    return bytes.array();
  }
}

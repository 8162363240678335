package dev.kelpie.frontend.nbd;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.MemoryExports;
import dev.kelpie.testing.MemoryVdi;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// Serves a disk in memory, for measuring the front end by itself: `ServeMemory SOCKET MEGABYTES
/// [PORT]`.
public final class ServeMemory {
  private ServeMemory() {}

  /// Runs until it is killed.
  public static void main(String[] args) throws IOException, InterruptedException {
    Log log = (level, message) -> System.err.println(level + " " + message);
    Platform platform = JvmPlatform.open((thread, failure) -> failure.printStackTrace());
    MemoryVdi disk = new MemoryVdi("memory", Long.parseLong(args[1]) << 20);
    MemoryExports exports = new MemoryExports().with("memory", disk);
    NbdServer server = new NbdServer(platform, log, exports, NbdConfig.DEFAULT);
    server.serve(platform.network().listen(new Endpoint.Unix(Path.of(args[0]))));
    if (args.length > 2) {
      int port = Integer.parseInt(args[2]);
      server.serve(
          platform.network().listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), port)));
    }
    new CountDownLatch(1).await();
  }
}

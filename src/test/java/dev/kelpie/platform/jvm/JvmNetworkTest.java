package dev.kelpie.platform.jvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.NetworkContract;
import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// This machine's network keeps the contract.
final class JvmNetworkTest extends NetworkContract {
  private final JvmNetwork network = new JvmNetwork();
  private final Path home;

  JvmNetworkTest(@TempDir Path home) {
    super(new JvmNetwork(), new Endpoint.Unix(home.resolve("socket")));
    this.home = home;
  }

  @Test
  void aSocketFileThatNobodyListensOnIsReplaced() throws IOException {
    Path path = home.resolve("stale");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertTrue(Files.exists(path), "it stayed behind");
    try (var listener = network.listen(new Endpoint.Unix(path))) {
      network.connect(listener.at(), LIMIT).close();
    }
  }

  @Test
  void anotherKindOfFileIsNot() throws IOException {
    Path path = Files.writeString(home.resolve("precious"), "data");
    assertThrows(BindException.class, () -> network.listen(new Endpoint.Unix(path)));
    assertEquals("data", Files.readString(path));
  }
}

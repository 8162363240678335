package dev.kelpie.testing;

import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.tls.BadCredentials;
import dev.kelpie.tls.Credentials;
import dev.kelpie.tls.TlsContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/// Both sides of TLS with the certificates of a directory.
public final class TestTls {
  private TestTls() {}

  public static TlsContext server(Path directory) {
    return context(directory, Credentials.Side.SERVER);
  }

  public static TlsContext client(Path directory) {
    return context(directory, Credentials.Side.CLIENT);
  }

  private static TlsContext context(Path directory, Credentials.Side side) {
    return new TlsContext(JvmPlatform.locks(), JvmPlatform.clock(), credentials(directory, side));
  }

  /// What is in a directory, which has to be right.
  public static Credentials credentials(Path directory, Credentials.Side side) {
    try {
      return Credentials.read(directory, side, Files::readAllBytes, Instant.now());
    } catch (BadCredentials e) {
      throw new AssertionError(e);
    }
  }
}

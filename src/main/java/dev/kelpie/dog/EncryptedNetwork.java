package dev.kelpie.dog;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.tls.BadCredentials;
import dev.kelpie.tls.Credentials;
import dev.kelpie.tls.TlsConnection;
import dev.kelpie.tls.TlsContext;
import dev.kelpie.tls.TlsFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// A network whose connections are encrypted. Only loaded where TLS is asked for, as the classes
/// behind it take longer than most commands.
final class EncryptedNetwork implements Network {
  private final Network plain;
  private final TlsContext tls;
  private final Options options;

  private EncryptedNetwork(Network plain, TlsContext tls, Options options) {
    this.plain = plain;
    this.tls = tls;
    this.options = options;
  }

  /// Reads the certificates.
  ///
  /// @param options with the sheep's name as the user knows it, which its certificate has to have
  static Network open(Network plain, Path directory, Options options, Clock clock) throws Failure {
    try {
      Credentials credentials =
          Credentials.read(directory, Credentials.Side.CLIENT, Files::readAllBytes, clock.now());
      TlsContext tls = new TlsContext(JvmPlatform.locks(), clock, credentials);
      return new EncryptedNetwork(plain, tls, options);
    } catch (BadCredentials e) {
      throw new Failure(ExitStatus.SYSTEM, "TLS: " + e.text());
    }
  }

  @Override
  public Listener listen(Endpoint at) throws IOException {
    return plain.listen(at);
  }

  @Override
  public Connection connect(Endpoint to, Duration limit) throws IOException {
    Connection wire = plain.connect(to, limit);
    boolean ready = false;
    try {
      TlsConnection encrypted =
          switch (to) {
            case Endpoint.Tcp tcp -> tls.client(wire, name(tcp), tcp.port());
            case Endpoint.Unix _ -> tls.client(wire, options.hostText(), 0);
          };
      encrypted.handshake();
      ready = true;
      return encrypted;
    } catch (TlsFailure failure) {
      throw new IOException("the sheep " + failure.text(), failure);
    } finally {
      if (!ready) {
        wire.close();
      }
    }
  }

  /// What the certificate of a sheep has to name: what the user called it, or else its address.
  private String name(Endpoint.Tcp sheep) {
    return sheep.address().equals(options.host())
        ? options.hostText()
        : sheep.address().getHostAddress();
  }
}

package dev.kelpie.tls;

import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import java.nio.ByteBuffer;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/// Makes encrypted connections, with credentials that can be replaced while others use them.
public final class TlsContext {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  private final Locks locks;
  private final RecordBuffers buffers;
  private final Handshakes handshakes;
  private volatile SSLContext context;

  /// Uses these credentials.
  public TlsContext(Locks locks, Clock clock, Credentials credentials) {
    this.locks = locks;
    this.handshakes = new Handshakes(locks, clock);
    this.context = credentials.context();
    int size = context.createSSLEngine().getSession().getPacketBufferSize();
    this.buffers = new RecordBuffers(locks, size);
  }

  /// Uses others for the connections to come. Those that are there go on as they are, and none of
  /// the sessions made with the old ones can be resumed.
  public void use(Credentials credentials) {
    context = credentials.context();
  }

  /// The handshakes of clients, each of which needs a turn.
  public Handshakes handshakes() {
    return handshakes;
  }

  /// The server's side of a connection, before the handshake. The client has to show a certificate.
  ///
  /// @param wire the encrypted connection's from now on
  /// @param already what was read from it and belongs to TLS
  public TlsConnection server(Network.Connection wire, ByteBuffer already) throws TlsFailure {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = parameters(engine);
    parameters.setNeedClientAuth(true);
    parameters.setUseCipherSuitesOrder(true);
    engine.setSSLParameters(parameters);
    return new TlsConnection(wire, engine, buffers, locks, already);
  }

  /// The client's side of a connection, before the handshake.
  ///
  /// @param wire the encrypted connection's from now on
  /// @param host what the server's certificate has to name: a name, or an address in numbers
  /// @param port of the server, by which sessions are told apart
  public TlsConnection client(Network.Connection wire, String host, int port) throws TlsFailure {
    SSLEngine engine = context.createSSLEngine(host, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = parameters(engine);
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    return new TlsConnection(wire, engine, buffers, locks, ByteBuffer.allocate(0));
  }

  private static SSLParameters parameters(SSLEngine engine) {
    SSLParameters parameters = engine.getSSLParameters();
    List<String> supported = List.of(engine.getSupportedProtocols());
    parameters.setProtocols(
        List.of(PROTOCOLS).stream().filter(supported::contains).toArray(String[]::new));
    return parameters;
  }
}

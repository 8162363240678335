package dev.kelpie.peer;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.ElasticBuffer;
import dev.kelpie.stream.Inbox;
import dev.kelpie.stream.Line;
import dev.kelpie.tls.TlsConnection;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.PeerHello;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.Consumer;

/// Makes connections to other nodes.
final class Dialer {
  /// The version of the protocol between nodes that this release speaks.
  static final int VERSION = 1;

  /// Nothing yet goes beyond that version.
  static final long FEATURES = 0;

  /// The bytes of answers that are taken from a connection at a time, where no one waits for more.
  private static final int READ_AHEAD = 16 << 10;

  private static final int PORT_MAX = 0xffff;

  private final Platform platform;
  private final PeerConfig config;
  private final PeerSelf self;

  /// Which life of this node this is. Lives need no order, only to be different.
  private final long life;

  Dialer(Platform platform, PeerConfig config, PeerSelf self) {
    this.platform = platform;
    this.config = config;
    this.self = self;
    this.life = platform.chance().nextLong();
  }

  /// Connects to a node, and introduces this one.
  ///
  /// @param number of the connection
  /// @param opened told what to close where it takes too long
  PeerConnection dial(String node, Purpose purpose, long number, Consumer<Closeable> opened)
      throws IOException {
    Endpoint.Tcp at = endpoint(node);
    Network.Connection wire = platform.network().connect(at, config.connect());
    opened.accept(wire);
    boolean done = false;
    try {
      Line line = new Line(encrypted(wire, at), platform.clock());
      Inbox inbox = new Inbox(line, new ElasticBuffer(buffer(READ_AHEAD), Optional::empty));
      introduce(node, purpose, number, line, inbox);
      done = true;
      return new PeerConnection(node, line, inbox, platform.clock(), platform.locks());
    } finally {
      if (!done) {
        wire.close();
      }
    }
  }

  private Network.Connection encrypted(Network.Connection wire, Endpoint.Tcp at)
      throws IOException {
    if (self.tls().isEmpty()) {
      return wire;
    }
    String host = at.address().getHostAddress();
    TlsConnection encrypted = self.tls().get().client(wire, host, at.port());
    encrypted.handshake();
    return encrypted;
  }

  private void introduce(String node, Purpose purpose, long number, Line line, Inbox inbox)
      throws IOException {
    long cluster = self.cluster().getAsLong();
    PeerHello hello =
        new PeerHello(
            VERSION, VERSION, purpose.number(), FEATURES, cluster, life, number, self.name(), node);
    ByteBuffer request = buffer(RequestHeader.SIZE + PeerHello.SIZE);
    RequestHeader.of(
            Opcode.PEER_HELLO,
            RequestFlags.WRITE | RequestFlags.PIGGYBACK,
            PeerHello.SIZE,
            RequestFields.NONE)
        .encode(request);
    hello.encode(request);
    line.write(request.flip());
    ResponseHeader reply = ResponseHeader.decode(take(inbox, ResponseHeader.SIZE));
    if (!reply.success()) {
      throw new IOException("node " + node + " refuses: " + ResultCode.text(reply.result()));
    }
    if (reply.dataLength() != PeerHello.SIZE
        || reply.opcodeNumber() != Opcode.PEER_HELLO.number()) {
      throw new IOException("node " + node + " answers something else than was asked");
    }
    check(node, cluster, PeerHello.decode(take(inbox, PeerHello.SIZE)));
  }

  private static void check(String node, long cluster, PeerHello other) throws IOException {
    if (other.highest() != VERSION) {
      throw new IOException(
          "node " + node + " speaks version " + other.highest() + ", this one " + VERSION);
    }
    if (!other.from().equals(node) || other.cluster() != cluster) {
      throw new IOException(
          "where node " + node + " should be is node " + other.from() + " of its cluster");
    }
  }

  private static ByteBuffer take(Inbox inbox, int size) throws IOException {
    ByteBuffer bytes = buffer(size);
    if (!inbox.take(bytes)) {
      throw new EOFException("the node hung up before it had introduced itself");
    }
    return bytes.flip();
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Where a node is, which its name says: an address in numbers, a colon, and a port.
  static Endpoint.Tcp endpoint(String node) throws IOException {
    int colon = node.lastIndexOf(':');
    try {
      InetAddress address = InetAddress.ofLiteral(node.substring(0, Math.max(0, colon)));
      int port = Integer.parseInt(node.substring(colon + 1));
      if (port > 0 && port <= PORT_MAX) {
        return new Endpoint.Tcp(address, port);
      }
      throw new IOException("the name of node " + node + " has no port");
    } catch (IllegalArgumentException e) {
      throw new IOException("the name of node " + node + " is no address and port", e);
    }
  }
}

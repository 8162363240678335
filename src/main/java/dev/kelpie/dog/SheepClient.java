package dev.kelpie.dog;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One connection to one sheep, made when it is first needed and kept for the life of the program.
/// There is no limit to how long an answer may take, because some operations are long (spec/cli.md
/// §3.9).
final class SheepClient {
  /// Beyond what a kernel tries by itself, so that its own word for the failure is seen.
  private static final Duration CONNECT_LIMIT = Duration.ofMinutes(3);

  /// As the original, which also says twice that it failed.
  private static final int CONNECT_TRIES = 2;

  private static final ByteBuffer[] NO_PAYLOAD = {};

  private final Network network;
  private final NodeAddress address;
  private final ByteBuffer header = allocate(RequestHeader.SIZE);
  private Optional<Network.Connection> connection = Optional.empty();

  SheepClient(Network network, NodeAddress address) {
    this.network = network;
    this.address = address;
  }

  /// A buffer for the wire.
  static ByteBuffer allocate(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Where the sheep is.
  NodeAddress address() {
    return address;
  }

  /// Asks something that has no payload.
  Reply call(Opcode opcode, int flags, int room, RequestFields fields) throws Failure {
    return call(RequestHeader.of(opcode, flags, room, fields), NO_PAYLOAD);
  }

  /// Asks and waits for the answer.
  Reply call(RequestHeader request, ByteBuffer... payload) throws Failure {
    send(request, payload);
    ResponseHeader answer = receive();
    ByteBuffer data = allocate(length(answer, room(request)));
    receive(data);
    return new Reply(answer, data.flip());
  }

  /// How many bytes the answer may have.
  private static int room(RequestHeader request) {
    boolean both = request.has(RequestFlags.PIGGYBACK);
    return request.has(RequestFlags.WRITE) && !both ? 0 : request.dataLength();
  }

  /// Asks something without payload that a sheep carries out or refuses; says so where it refuses.
  ///
  /// @return whether it was carried out
  boolean lightCall(Console console, Opcode opcode, RequestFields fields) throws Failure {
    Reply reply = call(opcode, 0, 0, fields);
    if (!reply.success()) {
      console.error("Response's result: " + reply.text());
    }
    return reply.success();
  }

  /// Sends a request and does not wait.
  void send(RequestHeader request, ByteBuffer... payload) throws Failure {
    Network.Connection to = connected();
    request.encode(header.clear());
    header.flip();
    try {
      if (payload.length == 0) {
        to.write(header);
      } else {
        ByteBuffer[] all = new ByteBuffer[payload.length + 1];
        all[0] = header;
        System.arraycopy(payload, 0, all, 1, payload.length);
        to.write(all);
      }
    } catch (IOException e) {
      String text = SystemText.of(e);
      throw lost(
          "failed to write to socket: " + text,
          "failed to send request "
              + Integer.toHexString(request.opcodeNumber())
              + ", "
              + request.dataLength()
              + ": "
              + text);
    }
  }

  /// Waits for the next answer; its payload is still to come.
  ResponseHeader receive() throws Failure {
    fill(header.clear(), "failed to read a response");
    return ResponseHeader.decode(header.flip());
  }

  /// Reads a payload, as much as the buffer holds.
  void receive(ByteBuffer data) throws Failure {
    fill(data, "failed to read the response data");
  }

  /// The length of an answer's payload.
  ///
  /// @param room that the request offered for it
  int length(ResponseHeader answer, int room) throws Failure {
    int length = answer.dataLength();
    if (length < 0 || length > room) {
      throw new Failure(
          ExitStatus.SYSTEM,
          address
              + " answered with "
              + length
              + " bytes where at most "
              + room
              + " were asked for");
    }
    return length;
  }

  private void fill(ByteBuffer into, String failure) throws Failure {
    Network.Connection from = connected();
    try {
      while (into.hasRemaining()) {
        if (from.read(into) < 0) {
          throw lost(failure);
        }
      }
    } catch (IOException e) {
      throw lost("failed to read from socket: -1, " + SystemText.of(e), failure);
    }
  }

  private LostConnection lost(String... lines) {
    connection.ifPresent(SheepClient::closeQuietly);
    connection = Optional.empty();
    return new LostConnection(List.of(lines));
  }

  /// A connection that is given up anyway has nothing more to say.
  private static void closeQuietly(Network.Connection lost) {
    try {
      lost.close();
    } catch (IOException _) {
      // it was lost before
    }
  }

  private Network.Connection connected() throws Failure {
    if (connection.isEmpty()) {
      connection = Optional.of(connect());
    }
    return connection.get();
  }

  private Network.Connection connect() throws Failure {
    List<String> failures = new ArrayList<>();
    for (int i = 0; i < CONNECT_TRIES; i++) {
      try {
        InetAddress to = InetAddress.getByAddress(address.address());
        return network.connect(new Endpoint.Tcp(to, address.port()), CONNECT_LIMIT);
      } catch (IOException e) {
        failures.add("failed to connect to " + address + ": " + SystemText.of(e));
      }
    }
    throw new LostConnection(failures);
  }
}

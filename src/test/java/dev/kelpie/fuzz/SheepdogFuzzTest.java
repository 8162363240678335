package dev.kelpie.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.Rig;
import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Network;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The server of the Sheepdog protocol under clients that send anything. After each, a proper
/// client is served and finds its data; after each round nothing is left.
final class SheepdogFuzzTest {
  private static final int SESSIONS = 60;
  private static final ObjectId INTACT = ObjectId.data(SheepdogSession.INTACT, 1);
  private static final int INTACT_LENGTH = 5000;

  /// How a client leaves: cuts the line when it has sent all, or goes with the first reply, or
  /// takes every reply.
  private static final int CUT = 0;

  private static final int EARLY = 1;
  private static final int TO_THE_END = 2;

  @Test
  void anythingIsAnsweredByTheRulesOrCutOff() throws Exception {
    Fuzz.run("SheepdogFuzzTest", SheepdogFuzzTest::round);
  }

  private static void round(Dice dice) throws Exception {
    byte[] intact = dice.bytes(INTACT_LENGTH);
    try (Rig rig = new Rig().steadfast()) {
      ask(rig, Opcode.CREATE_AND_WRITE_OBJ, RequestFlags.WRITE, intact);
      for (int i = 0; i < SESSIONS; i++) {
        SheepdogSession session = SheepdogSession.by(dice);
        if (!session.touchesIntact()) {
          talk(rig, session, dice);
          assertArrayEquals(intact, ask(rig, Opcode.READ_OBJ, 0, new byte[0]));
        }
      }
      rig.assertNothingIsLeft();
    }
  }

  /// Sends a session in pieces while the replies are read, and ends it in one of three ways.
  private static void talk(Rig rig, SheepdogSession session, Dice dice) throws Exception {
    int piece = dice.of(1 << 20, 1 << 20, 48, 1000);
    int end = session.formats() ? TO_THE_END : dice.below(TO_THE_END + 1);
    Network.Connection connection = rig.connect();
    Thread sender =
        Thread.startVirtualThread(() -> {
          try {
            send(connection, session.bytes(), piece);
            if (end == CUT) {
              connection.close();
            } else {
              connection.shutdownOutput();
            }
          } catch (IOException _) {
            // cut off, as it may be
          }
        });
    try (connection) {
      if (end == EARLY) {
        leaveEarly(connection, dice.below(100));
      } else {
        takeReplies(connection, session);
      }
    }
    sender.join();
    if (session.formats()) {
      rig.awaitNobody();
    }
  }

  private static void leaveEarly(Network.Connection connection, int bytes) {
    try {
      int _ = connection.read(ByteBuffer.allocate(1 + bytes));
    } catch (IOException _) {
      // cut off, as it may be
    }
  }

  private static void send(Network.Connection connection, byte[] bytes, int piece)
      throws IOException {
    for (int at = 0; at < bytes.length; at += piece) {
      int length = Math.min(piece, bytes.length - at);
      connection.write(ByteBuffer.wrap(bytes, at, length));
    }
  }

  /// Reads replies until the server hangs up: each to a request that was sent, and none longer than
  /// its request allows.
  private static void takeReplies(Network.Connection connection, SheepdogSession session) {
    Map<Integer, List<SheepdogSession.Request>> open = new HashMap<>();
    session.whole().forEach((id, requests) -> open.put(id, new ArrayList<>(requests)));
    try {
      while (true) {
        ResponseHeader reply = ResponseHeader.decode(take(connection, ResponseHeader.SIZE));
        List<SheepdogSession.Request> candidates = open.getOrDefault(reply.id(), new ArrayList<>());
        Optional<SheepdogSession.Request> answered =
            candidates.stream().filter(request -> answers(reply, request)).findFirst();
        assertTrue(answered.isPresent(), () -> reply + " to one of " + candidates);
        answered.ifPresent(candidates::remove);
        take(connection, reply.dataLength());
      }
    } catch (IOException _) {
      // the end, in whatever way
    }
  }

  private static boolean answers(ResponseHeader reply, SheepdogSession.Request request) {
    boolean both = request.has(RequestFlags.WRITE) && request.has(RequestFlags.PIGGYBACK);
    boolean bare =
        !both
            && (request.has(RequestFlags.WRITE)
                || (!reply.success() && request.opcode() != Opcode.STAT_CLUSTER.number()));
    long room = bare ? 0 : request.length() & 0xffff_ffffL;
    return reply.opcodeNumber() == request.opcode()
        && reply.protocolVersion() == 0
        && reply.flags() == 0
        && (reply.dataLength() & 0xffff_ffffL) <= room;
  }

  /// A proper client's request on its object, which succeeds.
  private static byte[] ask(Rig rig, Opcode opcode, int flags, byte[] data) throws IOException {
    int length = data.length == 0 ? INTACT_LENGTH : data.length;
    RequestHeader request =
        RequestHeader.of(opcode, flags, length, RequestFields.Obj.at(INTACT, 77));
    ByteBuffer bytes =
        ByteBuffer.allocate(RequestHeader.SIZE + data.length).order(ByteOrder.LITTLE_ENDIAN);
    request.encode(bytes);
    bytes.position(RequestHeader.SIZE).put(data).flip();
    try (Network.Connection connection = rig.connect()) {
      connection.write(bytes);
      ResponseHeader reply = ResponseHeader.decode(take(connection, ResponseHeader.SIZE));
      assertEquals(ResultCode.SUCCESS.text(), ResultCode.text(reply.result()));
      return take(connection, reply.dataLength()).array();
    }
  }

  private static ByteBuffer take(Network.Connection connection, int length) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (into.hasRemaining()) {
      if (connection.read(into) < 0) {
        throw new EOFException("after " + into.position() + " of " + length + " bytes");
      }
    }
    return into.flip();
  }
}

package dev.kelpie.fuzz;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.PayloadSize;
import dev.kelpie.wire.ProtocolVersion;
import dev.kelpie.wire.RequestFlags;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What one client sends, and what a server may make of it, read by the rules of
/// spec/protocol-and-cache.md §1.1 and §1.2.
///
/// @param bytes all that is sent
/// @param whole the requests in it that are whole, by id; of some ids there may be several
record SheepdogSession(byte[] bytes, Map<Integer, List<Request>> whole) {
  private static final int HEADER = 48;
  private static final int REQUESTS_MAX = 24;

  /// The most payload that is really sent with one request.
  private static final int SENT_MAX = 128 << 10;

  /// The VDI whose objects no request here may name: another client looks whether it is intact.
  static final VdiId INTACT = new VdiId(0xc0ffee);

  /// A request as far as its reply is concerned.
  record Request(int opcode, int flags, int length) {
    boolean has(int flag) {
      return (flags & flag) != 0;
    }
  }

  /// A session of any kind.
  static SheepdogSession by(Dice dice) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int requests = 1 + dice.below(REQUESTS_MAX); requests > 0; requests--) {
      out.writeBytes(request(dice));
    }
    byte[] bytes = dice.once(2) ? dice.broken(out.toByteArray()) : out.toByteArray();
    return new SheepdogSession(bytes, whole(bytes));
  }

  private static byte[] request(Dice dice) {
    Opcode opcode = dice.of(Opcode.values());
    if (dice.once(3)) {
      opcode = dice.of(Opcode.READ_OBJ, Opcode.WRITE_OBJ, Opcode.CREATE_AND_WRITE_OBJ);
    }
    boolean sends = opcode.requestPayload().max() > 0;
    int flags = sends ? RequestFlags.WRITE : 0;
    if (dice.once(3)) {
      flags ^= dice.of(1, 2, 4, 8, 16, 32, 0x80, 0x100, 0x200, 0x400, 0x4000, dice.any() & 0xffff);
    }
    int length = length(dice, sends ? opcode.requestPayload() : opcode.replyPayload());
    int number = dice.once(20) ? dice.below(256) : opcode.number();
    int version = dice.once(15) ? dice.below(256) : ProtocolVersion.of(opcode);
    int sent =
        (flags & RequestFlags.WRITE) == 0 ? 0 : (int) Math.min(length & 0xffff_ffffL, SENT_MAX);
    ByteBuffer bytes = ByteBuffer.allocate(HEADER + sent).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) version).put((byte) number).putShort((short) flags);
    bytes.putInt(dice.once(20) ? dice.any() : 0).putInt(dice.any()).putInt(length);
    bytes.put(fields(dice)).put(dice.once(4) ? dice.bytes(sent) : new byte[sent]);
    return bytes.array();
  }

  private static int length(Dice dice, PayloadSize size) {
    if (dice.once(8)) {
      return (int) dice.number();
    }
    return switch (size) {
      case OBJECT -> dice.of(0, 1, 512, 4096, dice.below(SENT_MAX));
      case ANY, TEXT, PATHS, IGNORED -> dice.below(600);
      case OBJECT_IDS -> 8 * dice.below(64);
      default -> size.max() == Integer.MAX_VALUE ? 4096 : size.max();
    };
  }

  /// The 32 bytes that depend on the opcode: mostly an object and an offset.
  private static byte[] fields(Dice dice) {
    if (dice.once(5)) {
      return dice.bytes(HEADER - 16);
    }
    ByteBuffer bytes = ByteBuffer.allocate(HEADER - 16).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(object(dice));
    bytes.putLong(dice.once(3) ? object(dice) : 0);
    bytes.put((byte) dice.below(4)).put((byte) 0).put((byte) 0).put((byte) 0);
    bytes.putInt(dice.once(8) ? dice.any() : 0);
    bytes.putLong(dice.once(4) ? dice.number() : dice.below(ObjectId.DATA_SIZE));
    return bytes.array();
  }

  private static long object(Dice dice) {
    VdiId vdi = new VdiId(1 + dice.below(2));
    long data = ObjectId.data(vdi, dice.below(4)).value();
    return dice.once(4) ? data | 1L << (59 + dice.below(5)) : data;
  }

  /// Reads the session as a server does: header, payload, header. What follows a payload that is
  /// not whole, or a header that announces more than anything may have, is nothing.
  private static Map<Integer, List<Request>> whole(byte[] bytes) {
    Map<Integer, List<Request>> whole = new HashMap<>();
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (in.remaining() >= HEADER) {
      int at = in.position();
      Request request =
          new Request(in.get(at + 1) & 0xff, in.getShort(at + 2) & 0xffff, in.getInt(at + 12));
      long payload = request.has(RequestFlags.WRITE) ? request.length & 0xffff_ffffL : 0;
      whole.computeIfAbsent(in.getInt(at + 8), _ -> new ArrayList<>()).add(request);
      if (payload > in.remaining() - HEADER) {
        break; // it may be refused for its header alone
      }
      in.position(at + HEADER + (int) payload);
    }
    return whole;
  }

  /// Whether it asks for a format, by which others lose what they have asked for meanwhile.
  boolean formats() {
    return whole.values().stream()
        .flatMap(List::stream)
        .anyMatch(request -> request.opcode == Opcode.MAKE_FS.number());
  }

  /// Whether some part of it could name the VDI that has to stay intact.
  boolean touchesIntact() {
    byte[] vdi =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(INTACT.value()).array();
    for (int at = 0; at + 3 <= bytes.length; at++) {
      if (bytes[at] == vdi[0] && bytes[at + 1] == vdi[1] && bytes[at + 2] == vdi[2]) {
        return true;
      }
    }
    return false;
  }
}

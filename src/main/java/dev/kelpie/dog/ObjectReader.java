package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Copies a part of a VDI to standard output: several pieces are asked for ahead, and written in
/// their order. The pieces are numbered; piece `n` has room `n mod PIECES` until it is written.
final class ObjectReader implements Pipeline.Replies {
  /// Bytes asked for at once; a whole number of them make an object.
  private static final int PIECE = 1 << 20;

  /// Pieces asked for ahead. They cover the way there and back, and this much memory is used.
  private static final int PIECES = 8;

  private final Console console;
  private final ObjectMap map;
  private final Pipeline pipeline;
  private final ByteBuffer[] rooms = new ByteBuffer[PIECES];
  private final ObjectId[] objects = new ObjectId[PIECES];
  private final int[] lengths = new int[PIECES];
  private final boolean[] arrived = new boolean[PIECES];
  private final ByteBuffer zeros = ByteBuffer.allocateDirect(PIECE);

  ObjectReader(SheepClient sheep, Console console, ObjectMap map) {
    this.console = console;
    this.map = map;
    pipeline = new Pipeline(sheep, this);
    for (int i = 0; i < PIECES; i++) {
      rooms[i] = ByteBuffer.allocateDirect(PIECE).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /// Copies all of it.
  void read(Span span) throws Failure {
    long asked = span.offset();
    long written = span.offset();
    while (written < span.end()) {
      long head = written / PIECE;
      while (asked < span.end() && asked / PIECE < head + PIECES) {
        asked = ask(asked, span.end());
      }
      long next = Math.min(span.end(), (head + 1) * PIECE);
      if (map.owner(written / ObjectId.DATA_SIZE) == 0) {
        console.write(zeros.clear().limit((int) (next - written)));
        written = next;
      } else if (arrived[(int) (head % PIECES)]) {
        console.write(rooms[(int) (head % PIECES)]);
        written = next;
      } else {
        pipeline.takeOne();
      }
    }
  }

  /// Asks for the piece at `from`, unless it is a hole.
  ///
  /// @return where the next piece begins
  private long ask(long from, long end) throws Failure {
    long next = Math.min(end, (from / PIECE + 1) * PIECE);
    int index = (int) (from / ObjectId.DATA_SIZE);
    int room = (int) (from / PIECE % PIECES);
    arrived[room] = false;
    if (map.owner(index) != 0) {
      RequestFields fields = RequestFields.Obj.at(map.object(index), from % ObjectId.DATA_SIZE);
      objects[room] = map.object(index);
      lengths[room] = (int) (next - from);
      pipeline.send(room, RequestHeader.of(Opcode.READ_OBJ, 0, lengths[room], fields));
    }
    return next;
  }

  @Override
  public ByteBuffer room(int token, int length) {
    return rooms[token].clear();
  }

  @Override
  public void onReply(int token, ResponseHeader header, ByteBuffer data) throws Failure {
    if (!header.success() || data.remaining() != lengths[token]) {
      String why = header.success() ? ResultCode.EIO.text() : ResultCode.text(header.result());
      throw Vdis.unread(objects[token], why).and("Failed to read VDI");
    }
    arrived[token] = true;
  }
}

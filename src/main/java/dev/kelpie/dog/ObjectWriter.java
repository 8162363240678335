package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/// Writes objects of one VDI, several at a time, each at most once. An object that the VDI does not
/// own yet is created, filled from its former owner where there is one, and entered in the object
/// map once the sheep has it: an entry never names an object that does not exist.
final class ObjectWriter implements Pipeline.Replies {
  /// New objects that are entered at once; as many are left without an entry at most if the program
  /// is killed, beside those in flight.
  private static final int ENTRIES_AT_ONCE = 64;

  /// The token of a write to the object map, behind all indexes.
  private static final int MAP = InodeHeader.MAP_ENTRIES;

  /// An object could not be written.
  static final class Unwritten extends Failure {
    private static final long serialVersionUID = 1;

    Unwritten(ObjectId object, String why) {
      super(ExitStatus.FAILURE, Vdis.unwritten(object, why));
    }
  }

  private final VdiId vdi;
  private final ObjectMap map;
  private final int flags;
  private final Pipeline pipeline;
  private final int[] created = new int[ENTRIES_AT_ONCE + Pipeline.IN_FLIGHT_MAX];
  private int createdCount;
  private Optional<Unwritten> failure = Optional.empty();

  /// @param flags for every request: how the object cache is used
  ObjectWriter(SheepClient sheep, VdiId vdi, ObjectMap map, int flags) {
    this.vdi = vdi;
    this.map = map;
    this.flags = flags | RequestFlags.WRITE;
    pipeline = new Pipeline(sheep, this);
  }

  /// Writes a part of an object. The data may be used again when this returns.
  void write(int index, int offset, ByteBuffer data) throws Failure {
    ObjectId own = ObjectId.data(vdi, index);
    RequestFields.Obj fields = RequestFields.Obj.at(own, offset);
    int owner = map.owner(index);
    if (owner == vdi.value()) {
      send(index, Opcode.WRITE_OBJ, flags, fields, data);
    } else if (owner == 0) {
      send(index, Opcode.CREATE_AND_WRITE_OBJ, flags, fields, data);
    } else {
      create(index, fields.copying(map.object(index)), data);
    }
  }

  /// Makes a copy of an object of another VDI, without its bytes coming here.
  void copy(int index, ObjectId from) throws Failure {
    RequestFields.Obj fields = RequestFields.Obj.at(ObjectId.data(vdi, index), 0);
    create(index, fields.copying(from), SheepClient.allocate(0));
  }

  /// Waits until everything is written and entered.
  void finish() throws Failure {
    pipeline.drain();
    enterCreated();
    pipeline.drain();
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  /// Waits for the answers of what is on its way, and enters nothing more: the connection can be
  /// used for other requests then.
  void abandon() throws Failure {
    pipeline.drain();
  }

  private void create(int index, RequestFields.Obj fields, ByteBuffer data) throws Failure {
    send(index, Opcode.CREATE_AND_WRITE_OBJ, flags | RequestFlags.COW, fields, data);
  }

  private void send(
      int token, Opcode opcode, int requestFlags, RequestFields.Obj fields, ByteBuffer data)
      throws Failure {
    if (failure.isPresent()) {
      finish();
    }
    if (createdCount >= ENTRIES_AT_ONCE) {
      enterCreated();
    }
    pipeline.send(token, RequestHeader.of(opcode, requestFlags, data.remaining(), fields), data);
  }

  /// Enters the new objects in the map, those that follow each other with one request.
  private void enterCreated() throws Failure {
    int[] indexes = Arrays.copyOf(created, createdCount);
    createdCount = 0;
    Arrays.sort(indexes);
    int start = 0;
    for (int i = 0; i < indexes.length; i++) {
      map.own(indexes[i], vdi.value());
      if (i + 1 == indexes.length || indexes[i + 1] != indexes[i] + 1) {
        enter(indexes[start], i + 1 - start);
        start = i + 1;
      }
    }
  }

  private void enter(int index, int count) throws Failure {
    ByteBuffer entries = map.slice(index, count);
    RequestFields.Obj fields =
        RequestFields.Obj.at(
            ObjectId.inode(vdi), InodeHeader.MAP_OFFSET + (long) index * Integer.BYTES);
    pipeline.send(
        MAP, RequestHeader.of(Opcode.WRITE_OBJ, flags, entries.remaining(), fields), entries);
  }

  @Override
  public void onReply(int token, ResponseHeader header, ByteBuffer data) {
    if (!header.success()) {
      ObjectId object = token == MAP ? ObjectId.inode(vdi) : ObjectId.data(vdi, token);
      if (failure.isEmpty()) {
        failure = Optional.of(new Unwritten(object, ResultCode.text(header.result())));
      }
    } else if (token != MAP && map.owner(token) != vdi.value()) {
      created[createdCount++] = token;
    }
  }
}

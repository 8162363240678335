package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.NameAndTag;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;

/// What several commands ask a sheep about VDIs, and the messages where it goes wrong (spec/cli.md
/// §3.10).
final class Vdis {
  private final SheepClient sheep;

  Vdis(SheepClient sheep) {
    this.sheep = sheep;
  }

  /// Looks a VDI up.
  Reply lookup(String name, Snapshot which) throws Failure {
    return named(Opcode.GET_VDI_INFO, name, which);
  }

  /// Sends name, tag and snapshot id with some opcode.
  Reply named(Opcode opcode, String name, Snapshot which) throws Failure {
    ByteBuffer payload = SheepClient.allocate(NameAndTag.SIZE);
    new NameAndTag(name, which.tag()).encode(payload);
    return sheep.call(
        RequestHeader.of(
            opcode, RequestFlags.WRITE, NameAndTag.SIZE, RequestFields.Vdi.lookup(which.id())),
        payload.flip());
  }

  /// The id of a VDI.
  VdiId find(String name, Snapshot which) throws Failure {
    Reply reply = lookup(name, which);
    if (!reply.success()) {
      throw new Failure(ExitStatus.FAILURE, notFound(name, which, reply));
    }
    return new VdiId(reply.vdi());
  }

  /// The line for a VDI that cannot be found.
  static String notFound(String name, Snapshot which, Reply reply) {
    return "Failed to open VDI "
        + name
        + " (snapshot id: "
        + Integer.toUnsignedString(which.id())
        + " snapshot tag: "
        + which.tag()
        + "): "
        + reply.text();
  }

  /// The inode's header of a VDI.
  InodeHeader open(String name, Snapshot which) throws Failure, MalformedPayload {
    VdiId vdi = find(name, which);
    try {
      return InodeHeader.decode(read(ObjectId.inode(vdi), 0, InodeHeader.SIZE));
    } catch (Failure e) {
      throw e.and(unreadable(name, which));
    }
  }

  private static String unreadable(String name, Snapshot which) {
    if (which.id() != 0) {
      return "Failed to read a snapshot " + name + ":" + Integer.toUnsignedString(which.id());
    }
    return which.tag().isEmpty()
        ? "Failed to read a vdi " + name
        : "Failed to read a snapshot " + name + ":" + which.tag();
  }

  /// The used part of a VDI's object map.
  ObjectMap map(InodeHeader inode) throws Failure {
    if (inode.storePolicy() != 0) {
      throw new Failure(
          ExitStatus.FAILURE, inode.name() + " is a hyper volume, which is not supported");
    }
    int bytes = ObjectMap.bytes(inode.size());
    ObjectId object = ObjectId.inode(new VdiId(inode.vdi()));
    return new ObjectMap(
        bytes == 0 ? SheepClient.allocate(0) : read(object, InodeHeader.MAP_OFFSET, bytes));
  }

  /// Reads a part of an inode, past the object cache.
  private ByteBuffer read(ObjectId object, int offset, int length) throws Failure {
    Reply reply;
    try {
      reply =
          sheep.call(
              Opcode.READ_OBJ, RequestFlags.DIRECT, length, RequestFields.Obj.at(object, offset));
    } catch (LostConnection e) {
      throw e.and("Failed to read object " + object);
    }
    if (!reply.success() || reply.data().remaining() != length) {
      throw unread(object, reply.success() ? ResultCode.EIO.text() : reply.text());
    }
    return reply.data();
  }

  /// The failure to read an object.
  static Failure unread(ObjectId object, String why) {
    return new Failure(ExitStatus.FAILURE, "Failed to read object " + object + " " + why);
  }

  /// The line for an object that cannot be written.
  static String unwritten(ObjectId object, String why) {
    return "Failed to write object " + object + ": " + why;
  }

  /// Overwrites a part of an object.
  void write(ObjectId object, int offset, ByteBuffer data, int flags) throws Failure {
    Reply reply;
    try {
      reply =
          sheep.call(
              RequestHeader.of(
                  Opcode.WRITE_OBJ,
                  RequestFlags.WRITE | flags,
                  data.remaining(),
                  RequestFields.Obj.at(object, offset)),
              data);
    } catch (LostConnection e) {
      throw e.and("Failed to write object " + object);
    }
    if (!reply.success()) {
      throw new Failure(ExitStatus.FAILURE, unwritten(object, reply.text()));
    }
  }

  /// Creates a VDI, in the way that the fields say.
  VdiId create(String name, RequestFields.Vdi fields) throws Failure {
    ByteBuffer payload = SheepClient.allocate(NameAndTag.NAME_SIZE);
    new NameAndTag(name, "").encodeName(payload);
    Reply reply =
        sheep.call(
            RequestHeader.of(Opcode.NEW_VDI, RequestFlags.WRITE, NameAndTag.NAME_SIZE, fields),
            payload.flip());
    if (!reply.success()) {
      throw new Failure(ExitStatus.FAILURE, "Failed to create VDI " + name + ": " + reply.text());
    }
    return new VdiId(reply.vdi());
  }
}

package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.Attribute;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;

/// What `setattr` and `getattr` ask of a sheep, and the messages that they share (spec/cli.md
/// §4.11).
final class AttributeClient {
  private final SheepClient sheep;

  AttributeClient(SheepClient sheep) {
    this.sheep = sheep;
  }

  /// Sends an attribute.
  ///
  /// @param flags what is wanted of it
  Reply ask(String name, String key, byte[] value, int flags) throws Failure {
    ByteBuffer payload = SheepClient.allocate(Attribute.SIZE);
    new Attribute(name, "", 0, 0, key, value).encode(payload);
    return sheep.call(
        RequestHeader.of(
            Opcode.GET_VDI_ATTR,
            RequestFlags.WRITE | flags,
            Attribute.SIZE,
            RequestFields.Vdi.lookup(0)),
        payload.flip());
  }

  /// The failure where the attribute or its VDI is not there.
  ///
  /// @param otherwise the one for any other answer
  static Failure missing(Reply reply, String key, Failure otherwise) {
    if (reply.is(ResultCode.NO_OBJ)) {
      return new Failure(ExitStatus.MISSING, "Attribute '" + key + "' not found");
    }
    return reply.is(ResultCode.NO_VDI)
        ? new Failure(ExitStatus.MISSING, "VDI not found")
        : otherwise;
  }

  /// Reads the object of the attribute that an answer names.
  Reply read(Reply found) throws Failure {
    ObjectId object = new ObjectId(0);
    if (found.header().fields() instanceof ResponseFields.Vdi vdi) {
      object = ObjectId.attribute(new VdiId(vdi.vdi()), vdi.attribute());
    }
    return sheep.call(
        Opcode.READ_OBJ, RequestFlags.DIRECT, Attribute.SIZE, RequestFields.Obj.at(object, 0));
  }
}

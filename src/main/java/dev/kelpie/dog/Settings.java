package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import java.nio.ByteBuffer;

/// Requests for settings of a node, whose failure is the original's -1.
final class Settings {
  private Settings() {}

  /// Asks for a setting of this many bytes.
  static ByteBuffer ask(Invocation in, Opcode opcode, int size) throws Failure {
    return call(in, RequestHeader.of(opcode, 0, size, RequestFields.NONE)).data();
  }

  /// Changes a setting.
  static void call(Invocation in, Opcode opcode, ByteBuffer value) throws Failure {
    RequestHeader request =
        RequestHeader.of(opcode, RequestFlags.WRITE, value.remaining(), RequestFields.NONE);
    call(in, request, value);
  }

  private static Reply call(Invocation in, RequestHeader request, ByteBuffer... payload)
      throws Failure {
    Reply reply;
    try {
      reply = in.sheep().call(request, payload);
    } catch (LostConnection e) {
      throw e.ending(ExitStatus.MINUS_ONE, "Failed to execute request");
    }
    if (!reply.success()) {
      throw new Failure(ExitStatus.MINUS_ONE, "Failed to execute request");
    }
    return reply;
  }
}

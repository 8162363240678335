package dev.kelpie.dog;

import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;

/// A sheep's answer.
///
/// @param data the payload, little-endian
record Reply(ResponseHeader header, ByteBuffer data) {
  boolean success() {
    return header.success();
  }

  boolean is(ResultCode code) {
    return header.is(code);
  }

  /// What the result is called.
  String text() {
    return ResultCode.text(header.result());
  }

  /// The VDI that an answer is about.
  int vdi() {
    return header.fields() instanceof ResponseFields.Vdi vdi ? vdi.vdi() : 0;
  }
}

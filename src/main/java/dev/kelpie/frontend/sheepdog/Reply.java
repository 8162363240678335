package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;

/// What a handler answers.
///
/// @param data from position to limit; empty where the result is not success, STAT_CLUSTER aside.
///   It lies in the exchange's room, or on the heap where it is small
record Reply(ResultCode result, ResponseFields fields, ByteBuffer data) {
  private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0);

  /// Success without anything else.
  static final Reply DONE = of(ResultCode.SUCCESS);

  /// The program is at fault, or the request lost its ground.
  static final Reply BROKEN = of(ResultCode.SYSTEM_ERROR);

  /// A result without anything else.
  static Reply of(ResultCode result) {
    return new Reply(result, ResponseFields.NONE, NO_DATA);
  }

  /// A result that another room has chosen, by its number.
  static Reply of(int result) {
    return of(ResultCode.of(result).orElse(ResultCode.UNKNOWN));
  }

  /// Success, with fields.
  static Reply of(ResponseFields fields) {
    return new Reply(ResultCode.SUCCESS, fields, NO_DATA);
  }

  /// Success, with data.
  static Reply of(ByteBuffer data) {
    return new Reply(ResultCode.SUCCESS, ResponseFields.NONE, data);
  }
}

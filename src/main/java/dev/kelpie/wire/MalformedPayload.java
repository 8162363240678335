package dev.kelpie.wire;

import java.io.IOException;

/// The bytes of a payload are not what its opcode calls for. The one outcome of a decoder besides
/// its record; a server answers [ResultCode#INVALID_PARMS].
public final class MalformedPayload extends IOException {
  private static final long serialVersionUID = 1;

  /// Says what is wrong, with the numbers.
  public MalformedPayload(String message) {
    super(message);
  }
}

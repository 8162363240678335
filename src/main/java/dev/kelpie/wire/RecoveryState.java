package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// The answer to STAT_RECOVERY (spec §1.7).
///
/// @param state 0 preparing the list, 1 recovering, 2 notifying
/// @param finished objects
/// @param total objects
public record RecoveryState(boolean inRecovery, int state, long finished, long total) {
  /// Bytes on the wire.
  public static final int SIZE = 24;

  /// Reads one.
  public static RecoveryState decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "recovery state");
    return new RecoveryState(from.u8(0) != 0, from.i32(4), from.i64(8), from.i64(16));
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.u8(0, inRecovery ? 1 : 0);
    to.i32(4, state);
    to.i64(8, finished);
    to.i64(16, total);
  }
}

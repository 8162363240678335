package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// How fast recovery may go (GET_RECOVERY, SET_RECOVERY; spec §1.7).
///
/// @param max objects per interval, unsigned
/// @param interval in milliseconds
public record RecoveryThrottling(int max, long interval, boolean throttling) {
  /// Bytes on the wire.
  public static final int SIZE = 24;

  /// Reads one.
  public static RecoveryThrottling decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "recovery throttling");
    return new RecoveryThrottling(from.i32(0), from.i64(8), from.u8(16) != 0);
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.i32(0, max);
    to.i64(8, interval);
    to.u8(16, throttling ? 1 : 0);
  }
}

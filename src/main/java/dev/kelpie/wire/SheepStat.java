package dev.kelpie.wire;

import java.nio.ByteBuffer;

/// The request counters of a sheep (STAT; spec §1.7). Requests of clients count at the gateway,
/// requests of other sheep at the peer; bytes are payload.
public record SheepStat(Gateway gateway, Peer peer) {
  /// Bytes on the wire: 15 numbers.
  public static final int SIZE = 120;

  /// What clients asked for.
  ///
  /// @param active requests in flight
  /// @param total requests since the start
  /// @param rx bytes received
  /// @param tx bytes sent
  public record Gateway(
      long active, long total, long rx, long tx, long remove, long read, long write, long flush) {}

  /// What other sheep asked for.
  public record Peer(
      long active, long total, long rx, long tx, long remove, long read, long write) {}

  /// Reads one.
  public static SheepStat decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "counters");
    return new SheepStat(
        new Gateway(
            from.i64(0),
            from.i64(16),
            from.i64(32),
            from.i64(40),
            from.i64(64),
            from.i64(72),
            from.i64(80),
            from.i64(88)),
        new Peer(
            from.i64(8),
            from.i64(24),
            from.i64(48),
            from.i64(56),
            from.i64(96),
            from.i64(104),
            from.i64(112)));
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    to.i64(0, gateway.active);
    to.i64(8, peer.active);
    to.i64(16, gateway.total);
    to.i64(24, peer.total);
    to.i64(32, gateway.rx);
    to.i64(40, gateway.tx);
    to.i64(48, peer.rx);
    to.i64(56, peer.tx);
    to.i64(64, gateway.remove);
    to.i64(72, gateway.read);
    to.i64(80, gateway.write);
    to.i64(88, gateway.flush);
    to.i64(96, peer.remove);
    to.i64(104, peer.read);
    to.i64(112, peer.write);
  }
}

package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.RecoveryState;
import dev.kelpie.wire.RecoveryThrottling;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Requests about recovery. A node that is alone has nobody to recover from, so it is never in
/// recovery, and never waits for members that it could be forced to do without.
final class RecoveryRequests {
  private final RecoverySettings settings;

  RecoveryRequests(RecoverySettings settings) {
    this.settings = settings;
  }

  /// ENABLE_RECOVER.
  Reply enable(Exchange exchange) {
    settings.disable(false);
    return Reply.DONE;
  }

  /// DISABLE_RECOVER.
  Reply disable(Exchange exchange) {
    settings.disable(true);
    return Reply.DONE;
  }

  /// FORCE_RECOVER: only a cluster that waits for members can be forced.
  Reply force(Exchange exchange) {
    return Reply.of(ResultCode.FORCE_RECOVER);
  }

  /// REWEIGHT: all the weight stays with the one node.
  Reply reweight(Exchange exchange) {
    return Reply.DONE;
  }

  /// STAT_RECOVERY.
  Reply state(Exchange exchange) throws IOException {
    ByteBuffer data = exchange.room(RecoveryState.SIZE);
    new RecoveryState(false, 0, 0, 0).encode(data);
    return Reply.of(data.flip());
  }

  /// GET_RECOVERY.
  Reply throttling(Exchange exchange) throws IOException {
    ByteBuffer data = exchange.room(RecoveryThrottling.SIZE);
    settings.throttling().encode(data);
    return Reply.of(data.flip());
  }

  /// SET_RECOVERY.
  Reply throttle(Exchange exchange) throws IOException {
    settings.throttle(RecoveryThrottling.decode(exchange.payload()));
    return Reply.DONE;
  }
}

package dev.kelpie.frontend.sheepdog;

import dev.kelpie.wire.RecoveryState;
import dev.kelpie.wire.RecoveryThrottling;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Requests about recovery. No cluster waits for members that it could be forced to do without:
/// what has enough copies is served, and the rest has none that could be.
final class RecoveryRequests {
  /// Of the states of the protocol: objects are on their way.
  private static final int RECOVERING = 1;

  private final RecoveryControl recovery;

  RecoveryRequests(RecoveryControl recovery) {
    this.recovery = recovery;
  }

  /// ENABLE_RECOVER.
  Reply enable(Exchange exchange) throws IOException {
    recovery.disable(false);
    return Reply.DONE;
  }

  /// DISABLE_RECOVER.
  Reply disable(Exchange exchange) throws IOException {
    recovery.disable(true);
    return Reply.DONE;
  }

  /// FORCE_RECOVER: only a cluster that waits for members can be forced.
  Reply force(Exchange exchange) {
    return Reply.of(ResultCode.FORCE_RECOVER);
  }

  /// REWEIGHT: the weight of a node stays what it was when it came.
  Reply reweight(Exchange exchange) {
    return Reply.DONE;
  }

  /// STAT_RECOVERY.
  Reply state(Exchange exchange) throws IOException {
    ByteBuffer data = exchange.room(RecoveryState.SIZE);
    RecoveryControl.State state = recovery.state();
    int phase = state.running() ? RECOVERING : 0;
    new RecoveryState(state.running(), phase, state.finished(), state.total()).encode(data);
    return Reply.of(data.flip());
  }

  /// GET_RECOVERY.
  Reply throttling(Exchange exchange) throws IOException {
    ByteBuffer data = exchange.room(RecoveryThrottling.SIZE);
    recovery.throttling().encode(data);
    return Reply.of(data.flip());
  }

  /// SET_RECOVERY.
  Reply throttle(Exchange exchange) throws IOException {
    recovery.throttle(RecoveryThrottling.decode(exchange.payload()));
    return Reply.DONE;
  }
}

package dev.kelpie.frontend.sheepdog;

import dev.kelpie.platform.Locks;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// What requests see of the cluster's content, until it is formatted: then it is another world, and
/// no request of the old one reaches into it.
final class World {
  private final Locks.Gate gate;
  private final AtomicLong formats = new AtomicLong();

  World(Locks locks) {
    this.gate = locks.gate();
  }

  /// Which world it is now.
  long number() {
    return formats.get();
  }

  /// Carries out a request in the world in which it arrived, which stays meanwhile.
  ///
  /// @param world where it arrived
  Reply in(long world, Handler handler, Exchange exchange) throws IOException {
    gate.enterShared();
    try {
      return world == formats.get() ? handler.handle(exchange) : Reply.BROKEN;
    } finally {
      gate.leaveShared();
    }
  }

  /// The same for what needs no wait.
  Optional<Reply> atOnceIn(long world, Handler handler, Exchange exchange) throws IOException {
    if (!gate.tryEnterShared()) {
      return Optional.empty();
    }
    try {
      return world == formats.get() ? handler.atOnce(exchange) : Optional.empty();
    } finally {
      gate.leaveShared();
    }
  }

  /// Waits until nothing that began before the call reaches into it.
  void settle() {
    gate.enterAlone();
    gate.leaveAlone();
  }

  /// Makes another world, alone. Where that is refused it is still the old one; where it fails, it
  /// may be half of a new one.
  Reply anew(Handler format, Exchange exchange) throws IOException {
    gate.enterAlone();
    boolean refused = false;
    try {
      Reply reply = format.handle(exchange);
      refused = reply.result() != ResultCode.SUCCESS;
      return reply;
    } finally {
      if (!refused) {
        formats.incrementAndGet();
      }
      gate.leaveAlone();
    }
  }
}

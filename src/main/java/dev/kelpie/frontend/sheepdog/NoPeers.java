package dev.kelpie.frontend.sheepdog;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.stream.Takeover;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.time.Duration;

/// A node that is alone: no other has business with it.
final class NoPeers implements Takeover {
  @Override
  public Verdict verdict(ByteBuffer request, Endpoint client) {
    return new Verdict.Refused(ResultCode.NO_SUPPORT.code());
  }

  @Override
  public boolean memoryIsShortFor(Duration limit) {
    return false;
  }
}

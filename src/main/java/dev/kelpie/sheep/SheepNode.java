package dev.kelpie.sheep;

import dev.kelpie.log.QueuedLog;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;

/// One node: the floors from the front ends down to the disks. Read [#start] first.
final class SheepNode implements Closeable {
  private SheepNode() {}

  /// Builds the floors from the bottom up, and lets clients in.
  static SheepNode start(
      SheepConfig config, Platform platform, QueuedLog log, Ports ports, Shutdown shutdown)
      throws IOException {
    config.remarks().forEach(log::notice);
    ports.remarks().forEach(log::warn);
    return new SheepNode();
  }

  /// The orderly end: front ends first, then floor by floor down, so that everything dirty reaches
  /// the store.
  @Override
  public void close() throws IOException {}
}

package dev.kelpie.sheep;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.frontend.sheepdog.RecoveryControl;
import dev.kelpie.log.Log;
import dev.kelpie.replica.Recovery;
import dev.kelpie.replica.RecoveryTask;
import dev.kelpie.replica.Throttle;
import dev.kelpie.wire.RecoveryThrottling;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What operators see of a node's recovery, and want of it. That all nodes leave objects where they
/// are is a record, which is there while it holds, so that it outlives restarts.
final class ClusterRecovery implements RecoveryControl, Closeable {
  private static final String KEY = "recovery/disabled";

  private final Coordination records;
  private final Log log;
  private final Recovery recovery;
  private final RecoveryTask task;
  private final Watch watch;
  private volatile boolean disabled;

  /// Follows the record from now on.
  ClusterRecovery(Coordination records, Log log, Recovery recovery, RecoveryTask task)
      throws IOException {
    this.records = records;
    this.log = log;
    this.recovery = recovery;
    this.task = task;
    this.watch = records.watch(KEY, this::look);
    follow();
  }

  private void look() {
    try {
      follow();
    } catch (IOException e) {
      log.warn("whether recovery is disabled cannot be read: " + e.getMessage());
    }
  }

  private void follow() throws IOException {
    disabled = records.read(KEY).isPresent();
    task.hold(disabled);
  }

  @Override
  public State state() {
    Recovery.Progress progress = recovery.progress();
    boolean running = progress.done() < progress.slots();
    return running ? new State(true, progress.done(), progress.slots()) : State.IDLE;
  }

  @Override
  public boolean disabled() {
    return disabled;
  }

  @Override
  public void disable(boolean disable) throws IOException {
    Optional<Stored> before = records.read(KEY);
    if (before.isPresent() != disable) {
      Optional<byte[]> value = disable ? Optional.of(new byte[0]) : Optional.empty();
      long version = before.map(Stored::version).orElse(0L);
      // Where it fails somebody else was faster, who wanted the same.
      boolean _ = records.commit(List.of(new Put(KEY, value, version)));
    }
    follow();
  }

  @Override
  public RecoveryThrottling throttling() {
    Throttle now = task.throttle();
    return new RecoveryThrottling(
        now.objects(), now.interval().toMillis(), !now.equals(Throttle.NONE));
  }

  @Override
  public void throttle(RecoveryThrottling limit) {
    boolean unlimited = !limit.throttling() || limit.max() <= 0 || limit.interval() <= 0;
    task.setThrottle(
        unlimited ? Throttle.NONE : new Throttle(limit.max(), Duration.ofMillis(limit.interval())));
  }

  @Override
  public void close() {
    watch.close();
  }
}

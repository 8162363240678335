package dev.kelpie.sheep;

import dev.kelpie.cluster.Announcement;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.cluster.Life;
import dev.kelpie.cluster.Membership;
import dev.kelpie.cluster.MembershipTask;
import dev.kelpie.cluster.Roll;
import dev.kelpie.cluster.StopOrder;
import dev.kelpie.frontend.sheepdog.NodeControl.Standing;
import dev.kelpie.log.Log;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// Lets the nodes of a cluster stop together. Each writes what it has cached to the others, so that
/// none may go before all have; closing this waits for that, and what others need is closed after
/// it.
final class Departure implements Closeable {
  /// How long the others may take to write what they have cached.
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final StopOrder order;
  private final Roll roll;
  private final Membership membership;
  private final MembershipTask task;
  private final Shutdown shutdown;
  private final Log log;
  private final Watch watch;

  Departure(
      StopOrder order,
      Roll roll,
      Membership membership,
      MembershipTask task,
      Shutdown shutdown,
      Log log)
      throws IOException {
    this.order = order;
    this.roll = roll;
    this.membership = membership;
    this.task = task;
    this.shutdown = shutdown;
    this.log = log;
    this.watch = order.watch(this::look);
    look();
  }

  private void look() {
    try {
      if (membership.life().map(Life::incarnation).filter(order.meant()::contains).isPresent()) {
        membership.rest();
        shutdown.ask(Standing.SHUTTING_DOWN, "the cluster is shut down");
      }
    } catch (IOException e) {
      log.error("whether the cluster is shut down cannot be read: " + e.getMessage());
    }
  }

  /// Waits for the others, where all stop.
  @Override
  public void close() throws IOException {
    watch.close();
    if (shutdown.standing() != Standing.SHUTTING_DOWN) {
      return;
    }
    membership.done();
    task.look();
    List<Long> meant = order.meant();
    List<Announcement> late =
        roll.await(all -> all.stream().noneMatch(node -> isAwaited(node, meant)), LIMIT).stream()
            .filter(node -> isAwaited(node, meant))
            .toList();
    if (!late.isEmpty()) {
      log.warn("still busy after " + LIMIT.toSeconds() + " s, not waited for any more: " + late);
    }
  }

  private static boolean isAwaited(Announcement node, List<Long> meant) {
    return !node.done() && meant.contains(node.incarnation());
  }
}

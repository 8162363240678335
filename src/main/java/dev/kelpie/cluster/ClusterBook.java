package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/// Whether and how the cluster is formatted, and its epochs: one record, changed by
/// compare-and-set, a copy of it at hand for every request. A [MapFollower] has what goes by it
/// changed in the same commit.
///
/// Formatting anew takes two steps, with the wiping between them: [#unformat], then [#format]. A
/// crash between the two leaves a cluster that has to be formatted again. The record stays, so that
/// no two editions of it ever have the same version.
public final class ClusterBook {
  static final String KEY = "cluster";

  /// How often a change is tried again because another node changed the record.
  private static final int TRIES = 16;

  private final Coordination coordination;
  private final MapFollower follower;
  private final AtomicReference<Page> page;

  private final AtomicLong readings = new AtomicLong();

  /// The record as it was last seen.
  ///
  /// @param reading which reading of the record this is; a later one began later, and saw no less
  private record Page(long reading, Edition edition) {}

  /// Reads the record, by which nothing else goes.
  public ClusterBook(Coordination coordination) throws IOException {
    this(coordination, MapFollower.NONE);
  }

  /// Reads the record.
  ///
  /// @param follower the same at all nodes
  public ClusterBook(Coordination coordination, MapFollower follower) throws IOException {
    this.coordination = coordination;
    this.follower = follower;
    this.page = new AtomicReference<>(readPage());
  }

  /// The cluster; empty where it is not formatted.
  public Optional<Cluster> cluster() {
    return Objects.requireNonNull(page.get()).edition.cluster();
  }

  /// The number of the current epoch; 0 where the cluster is not formatted.
  public int epoch() {
    return cluster().map(c -> c.current().number()).orElse(0);
  }

  /// Makes it a cluster that is not formatted, durably.
  public void unformat() throws IOException {
    change(false, _ -> Optional.empty());
  }

  /// Formats the cluster, durably: epoch 1, with those that are present.
  public void format(Format how, List<Member> present, Instant now) throws IOException {
    long time = now.getEpochSecond();
    List<Seat> seats = present.stream().map(member -> Seat.of(member, 0, time)).toList();
    change(true, _ -> Optional.of(Cluster.first(how, 1, seats, time)));
  }

  /// Changes how many copies VDIs get that do not say otherwise, durably.
  ///
  /// @throws IOException also where the cluster is not formatted
  public void alterCopies(int copies) throws IOException {
    if (cluster().isEmpty()) {
      throw new IOException("the cluster is not formatted, so it has no number of copies to alter");
    }
    change(false, before -> before.map(cluster -> cluster.withCopies(copies)));
  }

  /// Begins the next epoch with another map, durably, if the given epoch is still the current one.
  ///
  /// @return whether it is done
  public boolean advance(int epoch, List<Seat> seats, Instant now) throws IOException {
    boolean[] done = {false};
    change(
        false,
        before -> {
          done[0] = before.isPresent() && before.get().current().number() == epoch;
          return done[0] ? before.map(c -> c.next(seats, now.getEpochSecond())) : before;
        });
    return done[0];
  }

  /// Ends a hold whose maker went away before it made its change, if the record still is this one.
  void release(Edition held) throws IOException {
    if (held.cluster().isPresent()) {
      boolean _ = coordination.commit(List.of(put(held, held.cluster(), false)));
      refresh();
    }
  }

  /// Reads the record again.
  ///
  /// @return the cluster as it is now
  public Optional<Cluster> look() throws IOException {
    return edition().cluster();
  }

  /// Reads the record again.
  public Edition edition() throws IOException {
    return refresh();
  }

  /// Calls `changed` after every change of the record ([Coordination#watch]).
  public Watch watch(Runnable changed) throws IOException {
    return coordination.watch(KEY, changed);
  }

  /// Where a commit fails because of the follower's records, the next try first holds this one, in
  /// a commit of its own, which only another change of this record can hinder. Everybody else that
  /// changes the follower's records checks this one's version, so that nothing gets through which
  /// began before the hold, and begins nothing under it. So from then on what the follower reads
  /// stays as it is, and a commit fails for one reason only: another change of this record was
  /// made. Leaders and operators make few of those.
  ///
  /// @param anew whether it becomes another cluster, whatever there was
  private void change(boolean anew, Change change) throws IOException {
    boolean hold = false;
    for (int attempt = 0; attempt < TRIES; attempt++) {
      Edition before = refresh();
      Optional<Cluster> after = change.of(before.cluster());
      if (after.equals(before.cluster())) {
        return;
      }
      if (hold && !before.held() && before.cluster().isPresent()) {
        boolean _ = coordination.commit(List.of(put(before, before.cluster(), true)));
        continue;
      }
      Optional<Cluster> same = anew ? Optional.empty() : before.cluster();
      MapFollower.Step step = follower.follow(same, after, before.version() + 1);
      List<Put> puts = new ArrayList<>(List.of(put(before, after, false)));
      puts.addAll(step.changes());
      if (coordination.commit(puts, step.checks())) {
        refresh();
        return;
      }
      hold = !step.equals(MapFollower.Step.NOTHING);
    }
    throw new IOException("the cluster's record changed " + TRIES + " times meanwhile; try again");
  }

  private static Put put(Edition before, Optional<Cluster> after, boolean held) {
    byte[] value = after.map(cluster -> ClusterRecord.encode(cluster, held)).orElse(new byte[0]);
    return new Put(KEY, Optional.of(value), before.version());
  }

  private Edition refresh() throws IOException {
    Page read = readPage();
    page.accumulateAndGet(read, (old, now) -> now.reading > old.reading ? now : old);
    return read.edition;
  }

  private Page readPage() throws IOException {
    long reading = readings.incrementAndGet();
    Optional<Stored> found = coordination.read(KEY);
    if (found.isEmpty()) {
      return new Page(reading, Edition.NONE);
    }
    long version = found.get().version();
    byte[] value = found.get().value();
    Edition edition =
        value.length == 0
            ? new Edition(version, false, Optional.empty())
            : new Edition(
                version, ClusterRecord.isHeld(value), Optional.of(ClusterRecord.decode(value)));
    return new Page(reading, edition);
  }

  private interface Change {
    Optional<Cluster> of(Optional<Cluster> before);
  }
}

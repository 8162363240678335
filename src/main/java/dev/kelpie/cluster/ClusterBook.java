package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/// Whether and how the cluster is formatted, and its epochs: one record, changed by
/// compare-and-set, a copy of it at hand for every request.
///
/// Formatting anew takes two steps, with the wiping between them: [#unformat], then [#format]. A
/// crash between the two leaves a cluster that has to be formatted again.
public final class ClusterBook {
  static final String KEY = "cluster";

  /// How often a change is tried again because another node changed the record.
  private static final int TRIES = 16;

  private final Coordination coordination;
  private final AtomicReference<Page> page;

  private final AtomicLong readings = new AtomicLong();

  /// The record as it was last seen.
  ///
  /// @param reading which reading of the record this is; a later one began later, and saw no less
  /// @param version 0 where there is none
  private record Page(long reading, long version, Optional<Cluster> cluster) {}

  /// Reads the record.
  public ClusterBook(Coordination coordination) throws IOException {
    this.coordination = coordination;
    this.page = new AtomicReference<>(readPage());
  }

  /// The cluster; empty where it is not formatted.
  public Optional<Cluster> cluster() {
    return Objects.requireNonNull(page.get()).cluster;
  }

  /// The number of the current epoch; 0 where the cluster is not formatted.
  public int epoch() {
    return cluster().map(c -> c.current().number()).orElse(0);
  }

  /// Makes it a cluster that is not formatted, durably.
  public void unformat() throws IOException {
    change(_ -> Optional.empty());
  }

  /// Formats the cluster, durably: epoch 1, with those that are present.
  public void format(Format how, List<Member> present, Instant now) throws IOException {
    long time = now.getEpochSecond();
    List<Seat> seats = present.stream().map(member -> Seat.of(member, 0, time)).toList();
    change(_ -> Optional.of(Cluster.first(how, 1, seats, time)));
  }

  /// Changes how many copies VDIs get that do not say otherwise, durably.
  ///
  /// @throws IOException also where the cluster is not formatted
  public void alterCopies(int copies) throws IOException {
    if (cluster().isEmpty()) {
      throw new IOException("the cluster is not formatted, so it has no number of copies to alter");
    }
    change(before -> before.map(cluster -> cluster.withCopies(copies)));
  }

  /// Begins the next epoch with another map, durably, if the given epoch is still the current one.
  ///
  /// @return whether it is done
  public boolean advance(int epoch, List<Seat> seats, Instant now) throws IOException {
    boolean[] done = {false};
    change(before -> {
      done[0] = before.isPresent() && before.get().current().number() == epoch;
      return done[0] ? before.map(c -> c.next(seats, now.getEpochSecond())) : before;
    });
    return done[0];
  }

  /// Reads the record again.
  ///
  /// @return the cluster as it is now
  public Optional<Cluster> look() throws IOException {
    return refresh().cluster;
  }

  private void change(Change change) throws IOException {
    for (int attempt = 0; attempt < TRIES; attempt++) {
      Page before = refresh();
      Optional<Cluster> after = change.of(before.cluster);
      if (after.equals(before.cluster)) {
        return;
      }
      Put put = new Put(KEY, after.map(ClusterRecord::encode), before.version);
      if (coordination.commit(List.of(put))) {
        refresh();
        return;
      }
    }
    throw new IOException("the cluster's record changed " + TRIES + " times meanwhile; try again");
  }

  private Page refresh() throws IOException {
    Page read = readPage();
    page.accumulateAndGet(read, (old, now) -> now.reading > old.reading ? now : old);
    return read;
  }

  private Page readPage() throws IOException {
    long reading = readings.incrementAndGet();
    Optional<Stored> found = coordination.read(KEY);
    if (found.isEmpty()) {
      return new Page(reading, 0, Optional.empty());
    }
    Stored stored = found.get();
    return new Page(reading, stored.version(), Optional.of(ClusterRecord.decode(stored.value())));
  }

  private interface Change {
    Optional<Cluster> of(Optional<Cluster> before);
  }
}

package dev.kelpie.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A formatted cluster: what was chosen then, who its members are, and who they have been.
///
/// @param epochs newest first, never empty; the oldest ones may be forgotten
/// @param seats the map of the current epoch; those that are up are its members
public record Cluster(Format format, List<Epoch> epochs, List<Seat> seats) {
  public Cluster {
    epochs = List.copyOf(epochs);
    seats = List.copyOf(seats);
    if (epochs.isEmpty()) {
      throw new IllegalArgumentException("a cluster has an epoch");
    }
  }

  /// The epoch of now.
  public Epoch current() {
    return epochs.getFirst();
  }

  /// A cluster in its first epoch.
  ///
  /// @param epoch its number
  /// @param time when it begins, in seconds since 1970
  static Cluster first(Format format, int epoch, List<Seat> seats, long time) {
    return new Cluster(format, List.of(new Epoch(epoch, time, up(seats))), seats);
  }

  /// The same cluster, one epoch later.
  Cluster next(List<Seat> now, long time) {
    List<Epoch> all = new ArrayList<>();
    all.add(new Epoch(current().number() + 1, time, up(now)));
    all.addAll(epochs);
    return new Cluster(format, all, now);
  }

  private static List<Member> up(List<Seat> seats) {
    return seats.stream().filter(seat -> seat.state() == Seat.State.UP).map(Seat::member).toList();
  }

  /// The seat of a node; empty where it has none.
  public Optional<Seat> seat(Member node) {
    return seats.stream().filter(seat -> seat.member().sameNode(node)).findFirst();
  }

  /// The same cluster with another number of copies for what is to come.
  Cluster withCopies(int copies) {
    Format altered =
        new Format(
            format.createTime(), copies, format.copyPolicy(), format.flags(), format.store());
    return new Cluster(altered, epochs, seats);
  }

  /// The same cluster, the oldest half of its epochs forgotten.
  Cluster shorter() {
    return new Cluster(format, epochs.subList(0, Math.max(1, epochs.size() / 2)), seats);
  }
}

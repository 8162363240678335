package dev.kelpie.cluster;

import java.util.ArrayList;
import java.util.List;

/// A formatted cluster: what was chosen then, and who its members have been.
///
/// @param epochs newest first, never empty; the oldest ones may be forgotten
public record Cluster(Format format, List<Epoch> epochs) {
  public Cluster {
    epochs = List.copyOf(epochs);
    if (epochs.isEmpty()) {
      throw new IllegalArgumentException("a cluster has an epoch");
    }
  }

  /// The epoch of now.
  public Epoch current() {
    return epochs.getFirst();
  }

  /// The same cluster, one epoch later.
  Cluster next(List<Member> members, long time) {
    List<Epoch> all = new ArrayList<>();
    all.add(new Epoch(current().number() + 1, time, members));
    all.addAll(epochs);
    return new Cluster(format, all);
  }

  /// The same cluster with another number of copies for what is to come.
  Cluster withCopies(int copies) {
    Format altered =
        new Format(
            format.createTime(), copies, format.copyPolicy(), format.flags(), format.store());
    return new Cluster(altered, epochs);
  }

  /// The same cluster, the oldest half of its epochs forgotten.
  Cluster shorter() {
    return new Cluster(format, epochs.subList(0, Math.max(1, epochs.size() / 2)));
  }
}

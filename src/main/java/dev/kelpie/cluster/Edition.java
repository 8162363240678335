package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Check;
import java.util.Optional;

/// The cluster's record as it is at some moment ([ClusterBook]).
///
/// @param version grows with every change, also where the cluster is formatted anew; 0 where there
///   never was one
/// @param held whether the next change was begun: until it is made, nothing is committed that goes
///   by this edition ([MapFollower])
/// @param cluster empty where it is not formatted
/// @param ended the creation time of the cluster that there was, where it is not formatted any
///   more; 0 where it is, or never was
public record Edition(long version, boolean held, Optional<Cluster> cluster, long ended) {
  /// What there is before the first one.
  public static final Edition NONE = new Edition(0, false, Optional.empty(), 0);

  /// What a commit expects that is right only while this is the record.
  public Check unchanged() {
    return new Check(ClusterBook.KEY, version);
  }
}

package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Put;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Records that go by the map: what has to change in them is made in the same commit as the map's
/// change.
///
/// Who else changes such a record expects the [Edition] that it goes by to be
/// [Edition#unchanged()], and does not do it while that is held. So nobody can keep the map from
/// changing by being faster again and again.
public interface MapFollower {
  /// For a map that nothing goes by.
  MapFollower NONE = (_, _, _) -> Step.NOTHING;

  /// What the map's commit does beside the map's change.
  ///
  /// @param checks of the records that stay as they are: somebody could change one meanwhile so
  ///   that it does not
  record Step(List<Put> changes, List<Check> checks) {
    static final Step NOTHING = new Step(List.of(), List.of());

    public Step {
      changes = List.copyOf(changes);
      checks = List.copyOf(checks);
    }
  }

  /// What else is to change. Asked for every try of a commit; reads afresh what it decides about.
  ///
  /// @param before empty where the cluster is formatted, anew or for the first time
  /// @param after empty where it is not formatted any more
  /// @param version of the cluster's record that says so
  Step follow(Optional<Cluster> before, Optional<Cluster> after, long version) throws IOException;
}

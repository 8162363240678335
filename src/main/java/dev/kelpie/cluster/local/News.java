package dev.kelpie.cluster.local;

import dev.kelpie.cluster.journal.Update;
import java.util.ArrayList;
import java.util.List;

/// What a process reads that it did not know.
///
/// @param startOver whether the updates make all records from nothing, rather than go on top
record News(boolean startOver, List<Update> updates) {
  News {
    updates = List.copyOf(updates);
  }

  /// This, and then that.
  News then(News later) {
    if (later.startOver) {
      return later;
    }
    List<Update> both = new ArrayList<>(updates);
    both.addAll(later.updates);
    return new News(startOver, both);
  }
}

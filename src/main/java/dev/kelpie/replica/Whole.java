package dev.kelpie.replica;

import dev.kelpie.object.Extent;
import java.util.List;

/// A whole object: zeros but for the extents; or that there is none, where the version is
/// [Version#ABSENT].
public record Whole(Version version, List<Extent> extents) {
  static final Whole ABSENT = new Whole(Version.ABSENT, List.of());

  boolean isAbsent() {
    return version.equals(Version.ABSENT);
  }
}

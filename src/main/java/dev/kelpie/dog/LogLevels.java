package dev.kelpie.dog;

import java.util.List;

/// The levels of a sheep's log, by their numbers (spec/cli.md §5.7).
final class LogLevels {
  /// The names; the place is the number.
  static final List<String> NAMES =
      List.of("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug");

  private LogLevels() {}

  /// A line for each level.
  static List<String> lines() {
    String[] lines = new String[NAMES.size()];
    for (int i = 0; i < lines.length; i++) {
      lines[i] = NAMES.get(i) + "\t(" + i + ")";
    }
    return List.of(lines);
  }
}

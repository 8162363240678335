package dev.kelpie.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Leaves steps out of a script for as long as it still fails, halves first, then smaller parts.
final class Shrinker {
  private final long seed;
  private final long deadline;
  private List<Op> script;
  private String text;

  private Shrinker(long seed, List<Op> script, String text, long millis) {
    this.seed = seed;
    this.deadline = System.nanoTime() + millis * 1_000_000;
    this.script = script;
    this.text = text;
  }

  /// A shorter script that fails, and how; as text.
  ///
  /// @param text how the whole one fails
  /// @param millis how long to try
  static String shrink(long seed, List<Op> script, String text, long millis) {
    Shrinker shrinker = new Shrinker(seed, script, text, millis);
    for (int part = script.size() / 2; part >= 1; part = part / 2) {
      shrinker.leaveOut(part);
    }
    StringBuilder told = new StringBuilder();
    told.append("replay with -Dmodel.seed=").append(seed).append("; the steps that are needed:\n");
    shrinker.script.forEach(op -> told.append("  ").append(op).append('\n'));
    return told.append(shrinker.text).toString();
  }

  private void leaveOut(int part) {
    int at = 0;
    while (at < script.size() && System.nanoTime() < deadline) {
      List<Op> shorter = new ArrayList<>(script.subList(0, at));
      shorter.addAll(script.subList(Math.min(at + part, script.size()), script.size()));
      Optional<String> failure = Soak.failure(seed, shorter);
      if (failure.isPresent()) {
        script = shorter;
        text = failure.get();
      } else {
        at += part;
      }
    }
  }
}

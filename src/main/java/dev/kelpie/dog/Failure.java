package dev.kelpie.dog;

import java.util.ArrayList;
import java.util.List;

/// The end of a command that did not do what was asked: lines for stderr, and the exit status.
class Failure extends Exception {
  private static final long serialVersionUID = 1;

  private final int exitStatus;
  private final ArrayList<String> lines;

  Failure(int exitStatus, String... lines) {
    this(exitStatus, List.of(lines));
  }

  Failure(int exitStatus, List<String> lines) {
    super(String.join("\n", lines), null, false, false);
    this.exitStatus = exitStatus;
    this.lines = new ArrayList<>(lines);
  }

  int exitStatus() {
    return exitStatus;
  }

  List<String> lines() {
    return lines;
  }

  /// The same with more to say.
  Failure and(String... more) {
    return ending(exitStatus, more);
  }

  /// The same with more to say and another exit status.
  Failure ending(int otherStatus, String... more) {
    List<String> all = new ArrayList<>(lines);
    all.addAll(List.of(more));
    return new Failure(otherStatus, all);
  }
}

package dev.kelpie.dog;

import java.util.ArrayList;
import java.util.List;

/// A command line that makes no sense: lines for stderr, then the usage of the subcommand on
/// stdout.
final class WrongUsage extends Exception {
  private static final long serialVersionUID = 1;

  private final int exitStatus;
  private final ArrayList<String> lines;

  WrongUsage(String... lines) {
    this(ExitStatus.USAGE, lines);
  }

  WrongUsage(int exitStatus, String... lines) {
    super(String.join("\n", lines), null, false, false);
    this.exitStatus = exitStatus;
    this.lines = new ArrayList<>(List.of(lines));
  }

  int exitStatus() {
    return exitStatus;
  }

  List<String> lines() {
    return lines;
  }
}

package dev.kelpie.dog;

import java.util.List;

/// A sheep cannot be reached, or not any more (spec/cli.md §3.9). Where a command says nothing
/// else, the exit status is 2.
final class LostConnection extends Failure {
  private static final long serialVersionUID = 1;

  LostConnection(List<String> lines) {
    super(ExitStatus.SYSTEM, lines);
  }
}

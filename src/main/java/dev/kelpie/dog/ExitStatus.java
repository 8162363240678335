package dev.kelpie.dog;

/// The exit statuses (spec/cli.md §3.3).
final class ExitStatus {
  static final int SUCCESS = 0;

  /// The operation failed.
  static final int FAILURE = 1;

  /// No sheep, no member list, trouble with a local file.
  static final int SYSTEM = 2;

  /// Bad command, arguments or options.
  static final int USAGE = 64;

  private ExitStatus() {}
}

package dev.kelpie.dog;

/// The exit statuses (spec/cli.md §3.3).
final class ExitStatus {
  static final int SUCCESS = 0;

  /// The operation failed.
  static final int FAILURE = 1;

  /// No sheep, no member list, trouble with a local file.
  static final int SYSTEM = 2;

  /// An attribute that was to be new is there already.
  static final int EXISTS = 3;

  /// An attribute, or its VDI, is not there.
  static final int MISSING = 5;

  /// Bad command, arguments or options.
  static final int USAGE = 64;

  /// Trouble in `node log level`, and with the throttling of recovery: the original's -1.
  static final int MINUS_ONE = 255;

  private ExitStatus() {}
}

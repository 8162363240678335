package dev.kelpie.sheep;

/// The daemon cannot start as asked. The message names the thing, the reason and the way out; it
/// goes to the terminal, and the exit status is 1.
final class Refusal extends Exception {
  private static final long serialVersionUID = 1;

  private final String text;
  private final String explanation;

  /// For an error that says everything.
  Refusal(String message) {
    this(message, "");
  }

  /// For an error with help.
  ///
  /// @param explanation more, for standard output; empty or whole lines
  Refusal(String message, String explanation) {
    super(message);
    this.text = message;
    this.explanation = explanation;
  }

  /// For an error that something else caused.
  Refusal(String message, Throwable cause) {
    super(message, cause);
    this.text = message;
    this.explanation = "";
  }

  /// The message, one or more lines.
  String text() {
    return text;
  }

  /// What is printed on standard output beside it; empty or whole lines.
  String explanation() {
    return explanation;
  }
}

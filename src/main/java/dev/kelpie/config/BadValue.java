package dev.kelpie.config;

/// A value that cannot be used. The message is what the user is told, one or more lines without the
/// last line feed.
public final class BadValue extends Exception {
  private static final long serialVersionUID = 1;

  private final String text;

  /// Tells the user `message`.
  public BadValue(String message) {
    super(message);
    this.text = message;
  }

  /// The message.
  public String text() {
    return text;
  }
}

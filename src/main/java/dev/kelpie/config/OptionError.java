package dev.kelpie.config;

import java.util.Optional;

/// A command line that [Getopt] cannot take apart. The message is the line that the C library
/// prints, without the line feed.
public final class OptionError extends Exception {
  private static final long serialVersionUID = 1;

  private final String text;
  private final transient Optional<Option> option;

  OptionError(String message, Optional<Option> option) {
    super(message);
    this.text = message;
    this.option = option;
  }

  /// The message.
  public String text() {
    return text;
  }

  /// The option that was used wrongly, where it is a known one.
  public Optional<Option> option() {
    return option;
  }
}

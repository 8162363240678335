package dev.kelpie.config;

/// One option of a program.
///
/// @param letter the short name, or [#NO_LETTER]
/// @param name the long name, without the dashes
/// @param takesValue whether a value follows
/// @param description what the help says about it; may have several lines
public record Option(char letter, String name, boolean takesValue, String description) {
  /// The `letter` of an option that has only a long name.
  public static final char NO_LETTER = '\0';

  /// An option without a value.
  public static Option flag(char letter, String name, String description) {
    return new Option(letter, name, false, description);
  }

  /// An option with a value.
  public static Option valued(char letter, String name, String description) {
    return new Option(letter, name, true, description);
  }

  /// An option with a value that has only a long name.
  public static Option valued(String name, String description) {
    return new Option(NO_LETTER, name, true, description);
  }
}

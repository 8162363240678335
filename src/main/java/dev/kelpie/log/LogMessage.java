package dev.kelpie.log;

import java.time.Instant;

/// One message and where it came from.
///
/// @param worker the name of the thread
/// @param function that wrote it
/// @param line of the source file
/// @param text one line, at most [#TEXT_BYTES_MAX] bytes long
record LogMessage(
    Instant time, Level level, String worker, String function, int line, String text) {
  /// Longer texts are cut, as the C programs do, so that no message can flood the log.
  static final int TEXT_BYTES_MAX = 1023;

  LogMessage {
    text = cut(oneLine(text));
  }

  /// A name that a client chose must not be able to forge a line of the log.
  private static String oneLine(String text) {
    return text.chars().noneMatch(Character::isISOControl)
        ? text
        : text.replaceAll("\\p{Cntrl}", " ");
  }

  private static String cut(String text) {
    int bytes = 0;
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
      if (bytes > TEXT_BYTES_MAX) {
        return text.substring(0, i);
      }
      i += Character.charCount(codePoint);
    }
    return text;
  }
}

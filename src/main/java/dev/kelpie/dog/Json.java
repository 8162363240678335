package dev.kelpie.dog;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Writes JSON, piece by piece. Names are bytes: those that are UTF-8 stay as they are, of others
/// each byte beyond ASCII becomes the character of that number.
final class Json {
  private final StringBuilder text = new StringBuilder();
  private boolean first = true;

  /// Begins an object or an array.
  ///
  /// @param bracket `{` or `[`
  Json open(char bracket) {
    separate();
    text.append(bracket);
    first = true;
    return this;
  }

  /// Begins one that is the value of a field.
  Json open(String name, char bracket) {
    name(name);
    text.append(bracket);
    first = true;
    return this;
  }

  /// Ends an object or an array.
  Json close(char bracket) {
    text.append(bracket);
    first = false;
    return this;
  }

  Json field(String name, String value) {
    name(name);
    quote(value);
    return this;
  }

  Json field(String name, long value) {
    name(name);
    text.append(Long.toUnsignedString(value));
    return this;
  }

  Json field(String name, boolean value) {
    name(name);
    text.append(value);
    return this;
  }

  /// An element of an array.
  Json element(String value) {
    separate();
    quote(value);
    return this;
  }

  /// The document, with a line feed at its end.
  String document() {
    return text + "\n";
  }

  /// What was written so far.
  @Override
  public String toString() {
    return text.toString();
  }

  private void name(String name) {
    separate();
    quote(name);
    text.append(':');
  }

  private void separate() {
    if (!first) {
      text.append(',');
    }
    first = false;
  }

  private void quote(String value) {
    boolean utf8 = isUtf8(value);
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ' || c == 0x7f || (c > 0x7f && !utf8)) {
        text.append("\\u00").append(Values.hexByte(c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }

  private static boolean isUtf8(String bytes) {
    try {
      StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}

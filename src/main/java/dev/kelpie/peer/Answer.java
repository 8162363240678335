package dev.kelpie.peer;

import java.io.IOException;

/// What is made of the body of an answer.
@FunctionalInterface
interface Answer<T> {
  /// Takes it, in the task that reads from the connection. Waits for nothing but the body.
  T take(Incoming body) throws IOException;

  /// What is made of fields that lie in memory.
  @FunctionalInterface
  interface OfFields<T> {
    T read(BodyReader body) throws IOException;
  }

  /// An answer that is taken whole and then read.
  static <T> Answer<T> of(OfFields<T> fields) {
    return body -> {
      BodyReader reader = new BodyReader(body.take(body.left()));
      T value = fields.read(reader);
      reader.end();
      return value;
    };
  }
}

package dev.kelpie.cluster.local;

import java.io.IOException;

/// A process cannot go on with the directory that it has opened.
final class Unusable extends IOException {
  private static final long serialVersionUID = 1;

  Unusable(String message) {
    super(message);
  }

  Unusable(String message, IOException cause) {
    super(message, cause);
  }
}

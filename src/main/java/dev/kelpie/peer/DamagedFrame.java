package dev.kelpie.peer;

import java.io.IOException;

/// What came is not what was sent, or nothing that this protocol has: nobody can tell where the
/// next frame begins, so the connection is given up.
final class DamagedFrame extends IOException {
  private static final long serialVersionUID = 1;

  DamagedFrame(String message) {
    super(message);
  }
}

package dev.kelpie.store.disk;

import java.io.IOException;

/// A structure on disk is not what it should be. The message says what is wrong; who catches it
/// names the thing.
final class BadFormat extends IOException {
  private static final long serialVersionUID = 1;

  private final String what;

  BadFormat(String what) {
    super(what);
    this.what = what;
  }

  /// What is wrong.
  String what() {
    return what;
  }
}

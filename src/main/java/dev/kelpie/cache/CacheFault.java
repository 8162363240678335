package dev.kelpie.cache;

import java.io.IOException;

/// The cache's own device failed. Never reaches a caller of the cache: it turns itself off and
/// passes through (I16).
final class CacheFault extends IOException {
  private static final long serialVersionUID = 1;

  CacheFault(String doing, Throwable cause) {
    super("the cache device failed while " + doing + ": " + cause.getMessage(), cause);
  }
}

package dev.kelpie.tls;

/// Certificates or keys that cannot be used. The message names the file, the reason and the way
/// out.
public final class BadCredentials extends Exception {
  private static final long serialVersionUID = 1;

  BadCredentials(String message) {
    super(message);
  }

  BadCredentials(String message, Throwable cause) {
    super(message, cause);
  }

  /// What an operator reads.
  public String text() {
    return String.valueOf(getMessage());
  }
}

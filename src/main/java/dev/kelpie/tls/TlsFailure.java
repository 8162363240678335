package dev.kelpie.tls;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.Locale;
import javax.net.ssl.SSLException;

/// The two sides did not come to terms, or one of them broke the protocol. The message says what
/// the other side did, so that a text may begin with its address.
public final class TlsFailure extends IOException {
  private static final long serialVersionUID = 1;
  private static final String ALERT = "Received fatal alert: ";
  private static final int CAUSES_MAX = 10;

  TlsFailure(String message) {
    super(message);
  }

  private TlsFailure(String message, SSLException cause) {
    super(message, cause);
  }

  /// What the Java library found, in words for an operator.
  static TlsFailure of(SSLException found) {
    return new TlsFailure(text(found), found);
  }

  /// What the other side did.
  public String text() {
    return String.valueOf(getMessage());
  }

  private static String text(SSLException found) {
    Throwable cause = found;
    for (int i = 0; i < CAUSES_MAX && cause != null; i++) {
      if (cause instanceof CertificateException wrong) {
        return "showed a certificate that is not accepted: " + wrong.getMessage();
      }
      cause = cause.getCause();
    }
    // The library begins with the name of the alert that it sends.
    String message = String.valueOf(found.getMessage()).replaceFirst("^\\([a-z_]+\\) ", "");
    if (message.equals("Empty client certificate chain")) {
      return "showed no certificate";
    }
    if (message.startsWith(ALERT)) {
      return "broke the TLS handshake off with the alert " + message.substring(ALERT.length());
    }
    if (message.toLowerCase(Locale.ROOT).contains("unrecognized ssl message")) {
      return "sent something that is not TLS";
    }
    return "failed in TLS: " + message;
  }
}

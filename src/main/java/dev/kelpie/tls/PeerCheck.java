package dev.kelpie.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/// The Java library's check of a peer's certificate, with the certificate's name and a reason that
/// an operator can use in its refusals.
final class PeerCheck extends X509ExtendedTrustManager {
  private static final int CAUSES_MAX = 10;

  private final X509ExtendedTrustManager library;

  PeerCheck(X509ExtendedTrustManager library) {
    this.library = library;
  }

  private interface Check {
    void run() throws CertificateException;
  }

  private static void check(X509Certificate[] chain, Check check) throws CertificateException {
    try {
      check.run();
    } catch (CertificateException e) {
      String name = chain.length == 0 ? "" : chain[0].getSubjectX500Principal().getName() + ", ";
      CertificateException named = new CertificateException(name + reason(e));
      Throwable cause = e.getCause();
      if (cause != null) {
        named.initCause(cause); // by it the library chooses the alert
      }
      throw named;
    }
  }

  private static String reason(CertificateException e) {
    Throwable cause = e;
    for (int i = 0; i < CAUSES_MAX && cause != null; i++) {
      if (cause instanceof CertificateExpiredException) {
        return "which has expired (" + cause.getMessage() + ")";
      }
      if (cause instanceof CertificateNotYetValidException) {
        return "which is not valid yet (" + cause.getMessage() + ")";
      }
      cause = cause.getCause();
    }
    String message = String.valueOf(e.getMessage());
    boolean stranger = message.contains("unable to find valid certification path");
    return stranger ? "which is not signed by an authority that is trusted here" : message;
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain, () -> library.checkClientTrusted(chain, authType));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check(chain, () -> library.checkServerTrusted(chain, authType));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, () -> library.checkClientTrusted(chain, authType, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check(chain, () -> library.checkServerTrusted(chain, authType, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain, () -> library.checkClientTrusted(chain, authType, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    check(chain, () -> library.checkServerTrusted(chain, authType, socket));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return library.getAcceptedIssuers();
  }
}

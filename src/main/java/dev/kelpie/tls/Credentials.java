package dev.kelpie.tls;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/// What one side shows, and whom it trusts: a directory of PEM files under the names that QEMU and
/// libnbd use (`ca-cert.pem`, and `server-cert.pem` and `server-key.pem`, or the same with
/// `client-`).
public final class Credentials {
  /// How long a session may be resumed without another look at the client's certificate.
  private static final int RESUME_SECONDS = 60;

  /// The password of a store that never leaves the memory.
  private static final char[] NO_PASSWORD = {};

  private final SSLContext context;
  private final X509Certificate certificate;

  private Credentials(SSLContext context, X509Certificate certificate) {
    this.context = context;
    this.certificate = certificate;
  }

  /// Which side they are for.
  public enum Side {
    SERVER("server"),
    CLIENT("client");

    private final String prefix;

    Side(String prefix) {
      this.prefix = prefix;
    }

    /// The file with its certificate, and those that lead from there to the authority.
    public Path certificate(Path directory) {
      return directory.resolve(prefix + "-cert.pem");
    }

    /// The file with its private key.
    public Path key(Path directory) {
      return directory.resolve(prefix + "-key.pem");
    }
  }

  /// Reads files.
  public interface Files {
    /// The whole content of a file.
    byte[] read(Path file) throws IOException;
  }

  /// Reads and checks a directory.
  ///
  /// @param now for what has run out
  public static Credentials read(Path directory, Side side, Files files, Instant now)
      throws BadCredentials {
    refuseRevocations(directory, files);
    List<X509Certificate> authorities = pem(files, directory.resolve("ca-cert.pem")).certificates();
    for (X509Certificate authority : authorities) {
      if (authority.getNotAfter().toInstant().isBefore(now)) {
        throw new BadCredentials(
            directory.resolve("ca-cert.pem")
                + ": "
                + name(authority)
                + " has expired ("
                + authority.getNotAfter().toInstant()
                + "); make a new one and sign the certificates again");
      }
    }
    List<X509Certificate> chain = pem(files, side.certificate(directory)).certificates();
    PublicKey open = chain.getFirst().getPublicKey();
    PrivateKey key = pem(files, side.key(directory)).key(open);
    try {
      if (!belongTogether(open, key)) {
        throw new BadCredentials(
            side.key(directory) + ": is not the key of " + side.certificate(directory));
      }
      PeerCheck peers = peers(authorities);
      checkOwn(side, directory, peers, chain);
      return new Credentials(context(chain, key, peers), chain.getFirst());
    } catch (GeneralSecurityException | IOException e) {
      throw new BadCredentials(
          side.certificate(directory) + ": cannot be used: " + e.getMessage(), e);
    }
  }

  /// A list that is not heeded would let in whom it shuts out.
  private static void refuseRevocations(Path directory, Files files) throws BadCredentials {
    Path revoked = directory.resolve("ca-crl.pem");
    try {
      files.read(revoked);
    } catch (NoSuchFileException | FileNotFoundException _) {
      return;
    } catch (IOException e) {
      throw unreadable(revoked, e);
    }
    throw new BadCredentials(
        revoked
            + ": lists of revoked certificates are not heeded in this release; to shut a client"
            + " out, make a new ca-cert.pem and sign the certificates of the others again, then"
            + " remove the file");
  }

  private static Pem pem(Files files, Path file) throws BadCredentials {
    try {
      return Pem.of(file.toString(), files.read(file));
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static BadCredentials unreadable(Path file, IOException e) {
    String reason =
        switch (e) {
          case NoSuchFileException _ ->
              "No such file; TLS needs it (see the manual for how to make it)";
          case AccessDeniedException _ -> "Permission denied; let this user read it";
          default -> String.valueOf(e.getMessage());
        };
    return new BadCredentials(file + ": " + reason, e);
  }

  private static boolean belongTogether(PublicKey open, PrivateKey key)
      throws GeneralSecurityException {
    String algorithm =
        switch (open.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> open.getAlgorithm();
        };
    byte[] text = open.getEncoded();
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    signing.update(text);
    byte[] signature = signing.sign();
    Signature verifying = Signature.getInstance(algorithm);
    verifying.initVerify(open);
    verifying.update(text);
    return verifying.verify(signature);
  }

  private static PeerCheck peers(List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    KeyStore trusted = emptyStore();
    for (int i = 0; i < authorities.size(); i++) {
      trusted.setCertificateEntry("authority " + i, authorities.get(i));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager library) {
        return new PeerCheck(library);
      }
    }
    throw new GeneralSecurityException("this Java does not check certificates");
  }

  /// Looks at our own certificate as a peer with the same authorities will.
  private static void checkOwn(
      Side side, Path directory, PeerCheck peers, List<X509Certificate> chain)
      throws BadCredentials {
    X509Certificate[] shown = chain.toArray(X509Certificate[]::new);
    try {
      switch (side) {
        case SERVER -> peers.checkServerTrusted(shown, "UNKNOWN");
        case CLIENT -> peers.checkClientTrusted(shown, "UNKNOWN");
      }
    } catch (CertificateException e) {
      throw new BadCredentials(
          side.certificate(directory)
              + ": peers will refuse the certificate: "
              + e.getMessage()
              + "; make a new one and sign it with the key of ca-cert.pem",
          e);
    }
  }

  private static SSLContext context(List<X509Certificate> chain, PrivateKey key, PeerCheck peers)
      throws GeneralSecurityException, IOException {
    KeyStore own = emptyStore();
    own.setKeyEntry("own", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(own, NO_PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), new TrustManager[] {peers}, null);
    context.getServerSessionContext().setSessionTimeout(RESUME_SECONDS);
    return context;
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static String name(X509Certificate certificate) {
    return certificate.getSubjectX500Principal().getName();
  }

  SSLContext context() {
    return context;
  }

  /// Whom our own certificate names.
  public String name() {
    return name(certificate);
  }

  /// When our own certificate runs out.
  public Instant end() {
    return certificate.getNotAfter().toInstant();
  }
}

package dev.kelpie.sheep;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import dev.kelpie.tls.BadCredentials;
import dev.kelpie.tls.Credentials;
import dev.kelpie.tls.TlsContext;
import dev.kelpie.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;

/// The daemon's certificates: read at the start, and again when an operator has put new ones there.
final class Certificates {
  /// How long before the end of a certificate the log begins to say so.
  private static final Duration NOTICE = Duration.ofDays(30);

  private final SheepConfig.Tls wish;
  private final Platform platform;
  private final TlsContext context;
  private volatile Credentials inForce;

  private Certificates(SheepConfig.Tls wish, Platform platform, Credentials credentials) {
    this.wish = wish;
    this.platform = platform;
    this.inForce = credentials;
    this.context = new TlsContext(platform.locks(), platform.clock(), credentials);
  }

  /// Reads and checks them.
  static Certificates read(SheepConfig.Tls wish, Platform platform) throws Refusal {
    try {
      return new Certificates(wish, platform, credentials(wish, platform.clock().now()));
    } catch (BadCredentials e) {
      throw new Refusal("TLS: " + e.text(), e);
    }
  }

  private static Credentials credentials(SheepConfig.Tls wish, Instant now) throws BadCredentials {
    return Credentials.read(wish.directory(), Credentials.Side.SERVER, Files::readAllBytes, now);
  }

  /// Who has to use TLS.
  TlsPolicy policy() {
    return new TlsPolicy(context, wish.required());
  }

  /// What makes encrypted connections with them.
  TlsContext context() {
    return context;
  }

  /// Reads them again for connections to come. Those in force stay where the new ones cannot be
  /// used.
  void readAgain(Log log) {
    try {
      Credentials fresh = credentials(wish, platform.clock().now());
      context.use(fresh);
      inForce = fresh;
      log.notice("TLS: the certificates were read again; they are for new connections");
      report(log);
    } catch (BadCredentials e) {
      log.error("TLS: the certificates that were read before stay in force: " + e.text());
    }
  }

  /// Says what is in force, and what an operator should do about it.
  void report(Log log) {
    Credentials now = inForce;
    String mode = wish.required() ? "required" : "offered";
    log.info("TLS is " + mode + ", as " + now.name() + " until " + now.end());
    if (now.end().isBefore(platform.clock().now().plus(NOTICE))) {
      log.warn(
          "TLS: "
              + Credentials.Side.SERVER.certificate(wish.directory())
              + " runs out on "
              + now.end()
              + ": put a new one there, then send SIGHUP");
    }
    reportReaders(Credentials.Side.SERVER.key(wish.directory()), log);
  }

  private static void reportReaders(Path key, Log log) {
    try {
      if (Files.getPosixFilePermissions(key).contains(PosixFilePermission.OTHERS_READ)) {
        log.warn("TLS: every user of this machine can read the key " + key + ": chmod 600");
      }
    } catch (IOException e) {
      log.warn("TLS: cannot tell who can read the key: " + SystemText.naming(e));
    }
  }
}

package dev.kelpie.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/// Certificates for tests, made with `openssl` in a directory: [#good] for both sides, and others
/// with one fault each. Every directory has the six files that QEMU and libnbd look for.
public final class TestCertificates {
  private static final String DAYS = "30";

  private final Path directory;
  private final Path authority;

  /// Makes an authority in `directory`, and `good` beside it.
  public TestCertificates(Path directory) {
    this.directory = directory;
    this.authority = authority("authority");
    sides("good", authority);
  }

  /// Certificates that are right.
  public Path good() {
    return directory.resolve("good");
  }

  /// Right, but with certificates that have run out; those of the authority have not.
  public Path expired() {
    Path made = sides("expired", authority);
    for (String side : List.of("server", "client")) {
      expire(made.resolve(side + "-cert.pem"), made.resolve(side + "-key.pem"), authority);
    }
    return made;
  }

  /// Right in themselves, but of another authority; trusts that one.
  public Path stranger() {
    return sides("stranger", authority("elsewhere"));
  }

  /// Of another authority, and trusts ours: only the other side sees a fault.
  public Path pretender() {
    Path made = sides("pretender", authority("pretended"));
    copy(authority.resolve("ca-cert.pem"), made.resolve("ca-cert.pem"));
    return made;
  }

  /// Right, but the server's certificate is for another host.
  public Path elsewhere() {
    Path made = sides("other-host", authority);
    side(made, "server", authority, "DNS:elsewhere.example");
    return made;
  }

  /// Of an authority that has run out.
  public Path expiredAuthority() {
    Path old = authority("old");
    Path made = sides("expired-authority", old);
    expire(made.resolve("ca-cert.pem"), old.resolve("ca-key.pem"), old);
    return made;
  }

  /// A copy of [#good] to break.
  public Path copy(String name) {
    Path made = makeDirectory(name);
    try (var files = Files.list(good())) {
      files.forEach(file -> copy(file, made.resolve(file.getFileName())));
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path authority(String name) {
    Path made = makeDirectory(name);
    openssl(
        newKey("-x509", "-keyout", made.resolve("ca-key.pem"), "-out", made.resolve("ca-cert.pem")),
        List.of("-days", DAYS, "-subj", "/CN=" + name));
    return made;
  }

  private Path sides(String name, Path signer) {
    Path made = makeDirectory(name);
    copy(signer.resolve("ca-cert.pem"), made.resolve("ca-cert.pem"));
    side(made, "server", signer, "DNS:localhost,IP:127.0.0.1,IP:::1");
    side(made, "client", signer, "DNS:client.example");
    return made;
  }

  private static void side(Path made, String side, Path signer, String names) {
    openssl(
        newKey(
            "-x509",
            "-CA",
            signer.resolve("ca-cert.pem"),
            "-CAkey",
            signer.resolve("ca-key.pem"),
            "-keyout",
            made.resolve(side + "-key.pem"),
            "-out",
            made.resolve(side + "-cert.pem")),
        List.of(
            "-days",
            DAYS,
            "-subj",
            "/CN=the " + side,
            "-addext",
            "basicConstraints=CA:FALSE",
            "-addext",
            "subjectAltName=" + names,
            "-addext",
            "extendedKeyUsage=" + side + "Auth"));
  }

  /// Signs a certificate once more, so that it ended yesterday.
  private static void expire(Path certificate, Path key, Path signer) {
    String request = certificate + ".request";
    openssl("x509", "-x509toreq", "-in", "" + certificate, "-signkey", "" + key, "-out", request);
    openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        signer.resolve("ca-cert.pem").toString(),
        "-CAkey",
        signer.resolve("ca-key.pem").toString(),
        "-CAcreateserial",
        "-days",
        "-1",
        "-out",
        certificate.toString());
  }

  private static List<String> newKey(Object... more) {
    List<String> words =
        new ArrayList<>(
            List.of("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"));
    for (Object word : more) {
      words.add(word.toString());
    }
    return words;
  }

  private static void openssl(List<String> first, List<String> rest) {
    List<String> words = new ArrayList<>(first);
    words.addAll(rest);
    openssl(words.toArray(String[]::new));
  }

  /// Runs `openssl`, and fails where it does.
  public static void openssl(String... words) {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(words));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new AssertionError(command + " failed:\n" + said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("openssl is needed to make certificates", e);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted while making certificates", e);
    }
  }

  private Path makeDirectory(String name) {
    try {
      return Files.createDirectories(directory.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void copy(Path from, Path to) {
    try {
      Path _ = Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

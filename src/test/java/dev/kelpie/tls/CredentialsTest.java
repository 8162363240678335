package dev.kelpie.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.TestCertificates;
import dev.kelpie.testing.TestTls;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a directory of certificates is refused for, and in which forms keys may come.
final class CredentialsTest {
  private final Path temp;
  private final TestCertificates certificates;

  CredentialsTest(@TempDir Path temp) {
    this.temp = temp;
    this.certificates = new TestCertificates(temp);
  }

  private static String refusal(Path directory) {
    return assertThrows(
            BadCredentials.class,
            () ->
                Credentials.read(
                    directory, Credentials.Side.SERVER, Files::readAllBytes, Instant.now()))
        .text();
  }

  private static void refusedFor(String words, Path directory) {
    String text = refusal(directory);
    assertTrue(text.startsWith(directory + "/") && text.contains(words), text);
  }

  private static Path broken(Path directory, String file, String content) throws IOException {
    Files.writeString(directory.resolve(file), content);
    return directory;
  }

  @Test
  void whatIsRightIsTaken() {
    Credentials own = TestTls.credentials(certificates.good(), Credentials.Side.SERVER);
    assertEquals("CN=the server", own.name());
    assertTrue(own.end().isAfter(Instant.now()));
    assertEquals(
        "CN=the client", TestTls.credentials(certificates.good(), Credentials.Side.CLIENT).name());
  }

  @Test
  void everyFaultHasItsWords() throws IOException {
    refusedFor("ca-cert.pem: No such file", temp.resolve("nowhere"));
    Path keyless = certificates.copy("keyless");
    Files.delete(keyless.resolve("server-key.pem"));
    refusedFor("server-key.pem: No such file", keyless);
    refusedFor(
        "server-cert.pem: holds no certificate",
        broken(certificates.copy("empty"), "server-cert.pem", "nothing"));
    refusedFor(
        "server-cert.pem: a certificate cannot be read",
        broken(
            certificates.copy("torn"),
            "server-cert.pem",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    refusedFor(
        "server-key.pem: holds no private key",
        broken(certificates.copy("no-key"), "server-key.pem", ""));
    Path swapped = certificates.copy("swapped");
    Files.write(
        swapped.resolve("server-key.pem"), Files.readAllBytes(swapped.resolve("client-key.pem")));
    refusedFor("server-key.pem: is not the key of " + swapped, swapped);
    refusedFor("ca-crl.pem: lists of revoked", broken(certificates.copy("crl"), "ca-crl.pem", ""));
  }

  @Test
  void whatPeersWouldRefuseIsRefusedHere() {
    refusedFor("which has expired (", certificates.expired());
    refusedFor("which is not signed by an authority that is trusted", certificates.pretender());
    refusedFor("ca-cert.pem: CN=old has expired (", certificates.expiredAuthority());
  }

  @Test
  void aCertificateForTheOtherSideIsRefused() throws IOException {
    Path turned = certificates.copy("turned");
    for (String end : new String[] {"-cert.pem", "-key.pem"}) {
      Files.write(
          turned.resolve("server" + end), Files.readAllBytes(turned.resolve("client" + end)));
    }
    refusedFor("server-cert.pem: peers will refuse the certificate", turned);
  }

  @Test
  void whatMayNotBeReadIsNamed() {
    BadCredentials bad =
        assertThrows(
            BadCredentials.class,
            () ->
                Credentials.read(
                    Path.of("/secret"),
                    Credentials.Side.SERVER,
                    file -> {
                      throw new AccessDeniedException(file.toString());
                    },
                    Instant.now()));
    assertTrue(bad.text().contains("/secret/ca-crl.pem: Permission denied"), bad.text());
  }

  /// The forms that OpenSSL has written in the course of time, for each kind of key.
  @ParameterizedTest
  @CsvSource({
    "rsa:2048, -traditional, RSA PRIVATE KEY",
    "rsa:3072, '', PRIVATE KEY",
    "ec, -traditional, EC PRIVATE KEY",
    "ed25519, '', PRIVATE KEY",
  })
  void keysMayHaveAnyForm(String kind, String form, String label) throws IOException {
    Path made = certificates.copy("forms");
    String key = made.resolve("server-key.pem").toString();
    Path signer = temp.resolve("authority");
    TestCertificates.openssl(
        ("req -x509 -nodes -days 9 -subj /CN=x -addext basicConstraints=CA:FALSE -newkey "
                + (kind.equals("ec") ? "ec -pkeyopt ec_paramgen_curve:P-384" : kind)
                + " -keyout "
                + key
                + (" -CA " + signer + "/ca-cert.pem -CAkey " + signer + "/ca-key.pem")
                + (" -out " + made + "/server-cert.pem"))
            .split(" "));
    if (!form.isEmpty()) {
      TestCertificates.openssl("pkey", "-in", key, form, "-out", key + ".new");
      replace(key);
    }
    assertTrue(Files.readString(Path.of(key)).contains("-----BEGIN " + label + "-----"));
    assertEquals("CN=x", TestTls.credentials(made, Credentials.Side.SERVER).name());
  }

  private static void replace(String key) throws IOException {
    Files.move(Path.of(key + ".new"), Path.of(key), StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void encryptedKeysAreExplained() throws IOException {
    Path made = certificates.copy("encrypted");
    String key = made.resolve("server-key.pem").toString();
    TestCertificates.openssl(
        "pkey", "-in", key, "-aes128", "-passout", "pass:abcd", "-out", key + ".new");
    replace(key);
    refusedFor("server-key.pem: the key is encrypted", made);
    refusedFor("openssl pkey -in " + key, made);
  }
}

package dev.kelpie.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a PEM file holds: blocks of base64 between lines that say what they are (RFC 7468). Text
/// around them is passed over.
///
/// @param file for messages
record Pem(String file, List<Block> blocks) {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(?s:(.*?))-----END \\1-----");

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;
  private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};

  /// One block.
  ///
  /// @param body between its two lines, still as text
  record Block(String label, String body) {}

  /// Takes a file apart.
  static Pem of(String file, byte[] bytes) {
    Matcher found = BLOCK.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
    return new Pem(file, found.results().map(b -> new Block(b.group(1), b.group(2))).toList());
  }

  /// Its certificates, in the order of the file; at least one.
  List<X509Certificate> certificates() throws BadCredentials {
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Block block : blocks) {
        if (block.label().equals("CERTIFICATE")) {
          var der = new ByteArrayInputStream(bytes(block));
          certificates.add((X509Certificate) factory.generateCertificate(der));
        }
      }
    } catch (GeneralSecurityException e) {
      throw new BadCredentials(file + ": a certificate cannot be read: " + e.getMessage(), e);
    }
    if (certificates.isEmpty()) {
      throw new BadCredentials(
          file + ": holds no certificate; it has to be PEM, with -----BEGIN CERTIFICATE-----");
    }
    return certificates;
  }

  /// Its private key: PKCS #8, or one of the older forms, which name the kind of the key in their
  /// first line and leave out what its certificate says as well.
  ///
  /// @param of the certificate's key, which tells the kind
  PrivateKey key(PublicKey of) throws BadCredentials {
    for (Block block : blocks) {
      switch (block.label()) {
        case "PRIVATE KEY" -> {
          return key(of, bytes(block));
        }
        case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> {
          if (block.body().contains("ENCRYPTED")) {
            throw encrypted();
          }
          return key(of, wrapped(of, bytes(block)));
        }
        case "ENCRYPTED PRIVATE KEY" -> throw encrypted();
        default -> {}
      }
    }
    throw new BadCredentials(
        file + ": holds no private key; it has to be PEM, with -----BEGIN PRIVATE KEY-----");
  }

  private BadCredentials encrypted() {
    return new BadCredentials(
        file
            + ": the key is encrypted, and there is nobody to ask for the passphrase;"
            + " decrypt it with 'openssl pkey -in "
            + file
            + " -out NEW' and protect the file with chmod 600");
  }

  private PrivateKey key(PublicKey of, byte[] pkcs8) throws BadCredentials {
    String kind = of.getAlgorithm();
    try {
      return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    } catch (GeneralSecurityException e) {
      throw new BadCredentials(
          file + ": is not the key of the certificate, or no " + kind + " key that can be read", e);
    }
  }

  private byte[] bytes(Block block) throws BadCredentials {
    try {
      return Base64.getMimeDecoder().decode(block.body());
    } catch (IllegalArgumentException e) {
      throw new BadCredentials(
          file + ": the block " + block.label() + " is not base64: " + e.getMessage(), e);
    }
  }

  /// An RSA or EC key as PKCS #8: version, kind, and the key as it was (RFC 5208). The kind is told
  /// in the same words as in the certificate's key, which begins with them (RFC 5280, 4.1).
  private byte[] wrapped(PublicKey of, byte[] key) throws BadCredentials {
    byte[] encoded = of.getEncoded();
    int kind = contents(encoded, 0);
    int kindEnd = end(encoded, kind);
    if (kindEnd > encoded.length) {
      throw new BadCredentials(file + ": the certificate's key cannot be read");
    }
    ByteArrayOutputStream parts = new ByteArrayOutputStream();
    parts.writeBytes(VERSION_0);
    parts.write(encoded, kind, kindEnd - kind);
    parts.writeBytes(element(OCTET_STRING, key));
    return element(SEQUENCE, parts.toByteArray());
  }

  /// Where the contents of the DER element at `at` begin.
  private static int contents(byte[] der, int at) {
    int length = der[at + 1] & 0xff;
    return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
  }

  /// Where the DER element at `at` ends.
  private static int end(byte[] der, int at) {
    int begin = contents(der, at);
    int length = der[at + 1] & 0xff;
    if (length >= 0x80) {
      length = 0;
      for (int i = at + 2; i < begin; i++) {
        length = length << 8 | (der[i] & 0xff);
      }
    }
    return begin + length;
  }

  private static byte[] element(int tag, byte[] contents) {
    ByteArrayOutputStream der = new ByteArrayOutputStream();
    der.write(tag);
    if (contents.length < 0x80) {
      der.write(contents.length);
    } else {
      der.write(0x82); // two bytes of length: keys have less than 64 KiB
      der.write(contents.length >> 8);
      der.write(contents.length);
    }
    der.writeBytes(contents);
    return der.toByteArray();
  }
}

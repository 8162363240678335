package dev.kelpie.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// The release that this is. The build writes it into the file `version` beside this class.
public final class Version {
  private Version() {}

  /// The version as people write it, such as `0.1.0`.
  public static String text() {
    try (InputStream in = Version.class.getResourceAsStream("version")) {
      if (in == null) {
        throw new IllegalStateException("the file 'version' is missing from this build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).trim();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the file 'version' of this build", e);
    }
  }
}

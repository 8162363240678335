package dev.kelpie.dog;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// Files that are named on the command line.
final class LocalFiles {
  private LocalFiles() {}

  /// The path that a word is: file names go back to what the JVM makes of the locale.
  ///
  /// @param failure what the message begins with where it cannot be one
  static Path path(String argument, int exitStatus, String failure) throws Failure {
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    byte[] bytes = argument.getBytes(StandardCharsets.ISO_8859_1);
    try {
      return Path.of(new String(bytes, Charset.forName(encoding)));
    } catch (InvalidPathException e) {
      String reason = Optional.ofNullable(e.getReason()).orElse("not a path");
      throw new Failure(exitStatus, failure + ": " + reason);
    }
  }
}

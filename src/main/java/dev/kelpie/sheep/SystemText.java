package dev.kelpie.sheep;

import java.io.IOException;
import java.net.BindException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Optional;

/// What the C library says about an error, which is what operators search for.
final class SystemText {
  private SystemText() {}

  /// The text with the file that it is about; exceptions of this program name theirs themselves.
  static String naming(IOException e) {
    return e instanceof FileSystemException failure ? failure.getFile() + ": " + of(e) : of(e);
  }

  /// The text for an exception of the Java library.
  static String of(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "No such file or directory";
      case FileAlreadyExistsException _ -> "File exists";
      case AccessDeniedException _ -> "Permission denied";
      case NotDirectoryException _ -> "Not a directory";
      case FileSystemException f ->
          Optional.ofNullable(f.getReason()).orElse(String.valueOf(f.getMessage()));
      case BindException b -> String.valueOf(b.getMessage());
      default -> Optional.ofNullable(e.getMessage()).orElse(e.toString());
    };
  }
}

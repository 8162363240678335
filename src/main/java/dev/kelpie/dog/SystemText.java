package dev.kelpie.dog;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/// The C library's words for an error, which callers compare (spec/cli.md §12.5).
final class SystemText {
  private SystemText() {}

  static String of(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "No such file or directory";
    } else if (e instanceof AccessDeniedException) {
      return "Permission denied";
    } else if (e instanceof FileAlreadyExistsException) {
      return "File exists";
    } else if (e instanceof FileSystemException f) {
      return Optional.ofNullable(f.getReason()).orElse(String.valueOf(f.getMessage()));
    } else if (e instanceof SocketTimeoutException) {
      return "Connection timed out";
    }
    String text = Optional.ofNullable(e.getMessage()).orElse(e.toString());
    // The JDK notices a reset by itself before the system call can say so.
    return text.equals("Connection reset") ? "Connection reset by peer" : text;
  }
}

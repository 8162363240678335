package dev.kelpie.sheep;

import java.nio.file.Path;
import java.util.OptionalInt;

/// What `bin/sheep` tells the program that it starts, as system properties.
///
/// @param program as it was called, for error lines
/// @param directory that the caller was in; relative paths start there
/// @param pipe the file descriptor at which the launcher waits for a daemon; empty in the
///   foreground
/// @param terminal whether somebody watches, and lines may be coloured
record Launch(String program, Path directory, OptionalInt pipe, boolean terminal) {
  /// Reads the system properties; a program that was started by hand runs in the foreground.
  static Launch read() {
    int pipe = Integer.getInteger("kelpie.pipe", -1);
    return new Launch(
        System.getProperty("kelpie.program", "sheep"),
        Path.of(System.getProperty("user.dir", "/")),
        pipe < 0 ? OptionalInt.empty() : OptionalInt.of(pipe),
        Boolean.getBoolean("kelpie.terminal"));
  }
}

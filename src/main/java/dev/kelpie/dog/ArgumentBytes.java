package dev.kelpie.dog;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The words of the command line as bytes, one to each `char`. The JVM decodes them by the locale
/// and under `LC_ALL=C` loses what is not ASCII; the kernel still has them.
final class ArgumentBytes {
  private static final int ASCII_END = 0x80;

  private ArgumentBytes() {}

  /// The same words in bytes.
  static List<String> of(String[] args) {
    return ascii(args) ? List.of(args) : fromKernel(args.length);
  }

  private static boolean ascii(String[] args) {
    for (String arg : args) {
      for (int i = 0; i < arg.length(); i++) {
        if (arg.charAt(i) >= ASCII_END) {
          return false;
        }
      }
    }
    return true;
  }

  private static List<String> fromKernel(int count) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(Path.of("/proc/self/cmdline"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("cannot read the command line from /proc", e);
    }
    return lastWords(bytes, count);
  }

  /// The last words of a command line in which each one ends with a NUL.
  static List<String> lastWords(byte[] commandLine, int count) {
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < commandLine.length; i++) {
      if (commandLine[i] == 0) {
        words.add(new String(commandLine, start, i - start, StandardCharsets.ISO_8859_1));
        start = i + 1;
      }
    }
    return List.copyOf(words.subList(words.size() - count, words.size()));
  }
}

package dev.kelpie.dog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Standard input, output and error, in bytes. Output is collected and goes out when the collected
/// part is full, before anything goes to standard error, before a question, and at the end.
final class Console {
  /// Collected output, as much as a pipe takes at once.
  private static final int COLLECTED_MAX = 64 << 10;

  private static final int ANSWER_MAX = 7;

  private final ReadableByteChannel in;
  private final WritableByteChannel out;
  private final WritableByteChannel err;
  private final Terminal terminal;
  private final StringBuilder collected = new StringBuilder();

  Console(
      ReadableByteChannel in, WritableByteChannel out, WritableByteChannel err, Terminal terminal) {
    this.in = in;
    this.out = out;
    this.err = err;
    this.terminal = terminal;
  }

  /// The terminal that standard output is, or is not.
  Terminal terminal() {
    return terminal;
  }

  /// Prints on standard output.
  void print(String text) throws Failure {
    collected.append(text);
    if (collected.length() > COLLECTED_MAX) {
      flush();
    }
  }

  void printLine(String text) throws Failure {
    print(text);
    print("\n");
  }

  /// Prints a line on standard error.
  void error(String line) throws Failure {
    flush();
    try {
      writeAll(err, bytes(line + "\n"));
    } catch (IOException e) {
      throw new Failure(ExitStatus.SYSTEM);
    }
  }

  /// Sends out what was collected.
  void flush() throws Failure {
    if (collected.isEmpty()) {
      return;
    }
    ByteBuffer bytes = bytes(collected.toString());
    collected.setLength(0);
    write(bytes);
  }

  /// Writes bytes on standard output, behind all that was printed before.
  void write(ByteBuffer bytes) throws Failure {
    flush();
    try {
      writeAll(out, bytes);
    } catch (IOException e) {
      throw new Failure(ExitStatus.SYSTEM, "Failed to write to stdout: " + SystemText.of(e));
    }
  }

  /// Reads from standard input until the buffer is full.
  ///
  /// @return how many bytes; less than asked for at the end of the input
  int read(ByteBuffer into) throws Failure {
    int start = into.position();
    try {
      while (into.hasRemaining() && in.read(into) >= 0) {
        // until it is full
      }
    } catch (IOException e) {
      throw new Failure(ExitStatus.SYSTEM, "Failed to read from stdin: " + SystemText.of(e));
    }
    return into.position() - start;
  }

  /// Asks, and goes on only where the answer begins with "yes".
  void confirm(String question) throws Failure, NotConfirmed {
    print(question);
    flush();
    if (!answer().toLowerCase(Locale.ROOT).startsWith("yes")) {
      throw new NotConfirmed();
    }
  }

  private String answer() throws Failure {
    StringBuilder answer = new StringBuilder();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (answer.length() < ANSWER_MAX && read(one.clear()) == 1 && one.get(0) != '\n') {
      answer.append((char) (one.get(0) & 0xff));
    }
    return answer.toString();
  }

  private static void writeAll(WritableByteChannel to, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      to.write(bytes);
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}

package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// A command that ran to its end.
///
/// @param command for messages
/// @param status its exit status; 128 + n where signal n ended it
/// @param bytes of its standard output
/// @param err its standard error
public record Ran(List<String> command, int status, byte[] bytes, String err) {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /// Runs a command with nothing on its standard input.
  public static Ran run(String... command) {
    return run(new byte[0], Map.of(), List.of(command));
  }

  /// Runs a command.
  ///
  /// @param input its standard input
  /// @param environment added to this process's
  public static Ran run(byte[] input, Map<String, String> environment, List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return run(input, builder);
  }

  /// Runs what was set up, at most two minutes.
  public static Ran run(byte[] input, ProcessBuilder builder) {
    try {
      Process process = builder.start();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      Thread outReader = Thread.startVirtualThread(() -> copy(process.getInputStream(), out));
      Thread errReader = Thread.startVirtualThread(() -> copy(process.getErrorStream(), err));
      feed(process, input);
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(builder.command() + " did not end within " + LIMIT);
      }
      outReader.join();
      errReader.join();
      return new Ran(
          builder.command(),
          process.exitValue(),
          out.toByteArray(),
          err.toString(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + builder.command(), e);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted while running " + builder.command(), e);
    }
  }

  /// A program may end without having read its input.
  private static void feed(Process process, byte[] input) {
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(input);
    } catch (IOException e) {
      if (process.isAlive() && input.length > 0) {
        throw new UncheckedIOException("cannot write to a command's standard input", e);
      }
    }
  }

  private static void copy(InputStream from, ByteArrayOutputStream to) {
    try (from) {
      from.transferTo(to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Its standard output as text.
  public String out() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /// Fails unless the command succeeded.
  public Ran ok() {
    return exits(0);
  }

  /// Fails unless the command ended with this status.
  public Ran exits(int expected) {
    assertEquals(expected, status, () -> "exit status of " + this);
    return this;
  }

  @Override
  public String toString() {
    return String.join(" ", command) + "\n--- stdout\n" + out() + "--- stderr\n" + err + "---";
  }
}

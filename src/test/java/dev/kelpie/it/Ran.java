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
    return run(input, builder, LIMIT);
  }

  /// Runs what was set up. Where it is not done within the limit it is ended, with all that it has
  /// started.
  static Ran run(byte[] input, ProcessBuilder builder, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    try {
      Process process = builder.start();
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      List<Thread> helpers =
          List.of(
              helper("standard input", () -> feed(process, input)),
              helper("standard output", () -> copy(process.getInputStream(), out)),
              helper("standard error", () -> copy(process.getErrorStream(), err)));
      if (!ends(process, helpers, deadline)) {
        end(process);
        throw new AssertionError(builder.command() + " did not end within " + limit);
      }
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

  /// On a thread of the system: a virtual one would keep its carrier for as long as it waits for
  /// the pipe, and a few of them leave none for others.
  private static Thread helper(String name, Runnable work) {
    return Thread.ofPlatform().daemon().name("a command's " + name).start(work);
  }

  private static boolean ends(Process process, List<Thread> helpers, long deadline)
      throws InterruptedException {
    if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
      return false;
    }
    for (Thread helper : helpers) {
      long left = Math.max(1, deadline - System.nanoTime());
      if (!helper.join(Duration.ofNanos(left))) {
        return false; // a child of the command has its end of the pipe
      }
    }
    return true;
  }

  /// Ends a command and its children, so that the other ends of its pipes are closed.
  private static void end(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /// A program may end without having read its input; what it says then is for the test to see.
  private static void feed(Process process, byte[] input) {
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(input);
    } catch (IOException _) {
      // nobody reads on
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

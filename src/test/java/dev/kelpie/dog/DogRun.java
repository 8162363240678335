package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.platform.Clock;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;

/// Runs the admin program in memory, with a sheep at 127.0.0.1:7000.
final class DogRun {
  private static final long SEED = Long.getLong("seed", System.nanoTime());

  static {
    // Times are shown in the local zone.
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
  }

  final FakeSheep sheep = new FakeSheep();
  final FakeNetwork network = new FakeNetwork(SEED);
  final Map<String, String> environment = new HashMap<>();
  Terminal terminal = Terminal.NONE;
  byte[] input = {};
  long nanos;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /// One node at port 7000.
  DogRun() {
    sheep.nodes.add(FakeSheep.node(7000, 128, 1));
    network.listen(7000, sheep);
  }

  /// Nobody listens.
  static DogRun withoutSheep() {
    DogRun run = new DogRun();
    run.network.unplug(7000);
    return run;
  }

  /// A terminal of some width.
  static Terminal terminalOf(int columns) {
    return new Terminal() {
      @Override
      public boolean present() {
        return true;
      }

      @Override
      public boolean typing() {
        return true;
      }

      @Override
      public int columns() {
        return columns;
      }
    };
  }

  /// Runs one command line, given with single blanks between its words.
  DogRun dog(String line) {
    return dog(line.isEmpty() ? List.of() : List.of(line.split(" ", -1)));
  }

  private int status = -1;

  DogRun dog(List<String> words) {
    out.reset();
    err.reset();
    Console console =
        new Console(
            Channels.newChannel(new ByteArrayInputStream(input)),
            Channels.newChannel(out),
            Channels.newChannel(err),
            terminal);
    status = new Dog("/usr/bin/dog", console, network, new StepClock(), environment).run(words);
    return this;
  }

  /// Standard output, standard error and exit status are these, and nothing else.
  void prints(String expectedOut, String expectedErr, int expectedStatus) {
    assertEquals(expectedErr, err(), () -> "standard error, seed " + SEED);
    assertEquals(expectedOut, out(), () -> "standard output, seed " + SEED);
    assertEquals(expectedStatus, status, () -> "exit status, seed " + SEED);
  }

  /// Success, with this on standard output and nothing on standard error.
  void prints(String expectedOut) {
    prints(expectedOut, "", 0);
  }

  /// Nothing on standard output.
  void fails(String expectedErr, int expectedStatus) {
    prints("", expectedErr, expectedStatus);
  }

  String out() {
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  byte[] outBytes() {
    return out.toByteArray();
  }

  String err() {
    return err.toString(StandardCharsets.ISO_8859_1);
  }

  int status() {
    return status;
  }

  /// Goes on by `nanos` with every look.
  private final class StepClock implements Clock {
    private long looks;

    @Override
    public long nanos() {
      return nanos * looks++;
    }

    @Override
    public Instant now() {
      return Instant.ofEpochSecond(FakeSheep.NOW, 123_456_789);
    }
  }
}

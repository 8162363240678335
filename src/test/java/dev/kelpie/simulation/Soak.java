package dev.kelpie.simulation;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;

/// Runs scripts, one seed after the other.
public final class Soak {
  private Soak() {}

  /// Runs scripts until one fails or the time is over; at least one.
  ///
  /// @param seeds to begin with; then the numbers after the last of them
  /// @return what failed, and how; empty where nothing did
  public static Optional<Failure> run(long[] seeds, long millis) {
    long deadline = System.nanoTime() + millis * 1_000_000;
    long seed = 0;
    int done = 0;
    long fetchedAhead = 0;
    do {
      seed = done < seeds.length ? seeds[done] : seed + 1;
      try {
        fetchedAhead += Simulation.run(seed, Script.of(seed));
      } catch (IOException | RuntimeException | Error e) {
        return Optional.of(new Failure(seed, text(e)));
      }
      done++;
    } while (System.nanoTime() < deadline);
    System.out.println(
        done
            + " scripts, up to seed "
            + seed
            + "; "
            + (fetchedAhead >> 20)
            + " MiB were fetched ahead of clients");
    return Optional.empty();
  }

  /// What a script failed with.
  public record Failure(long seed, String text) {}

  /// The same, with plain types, for who has loaded this class another time.
  ///
  /// @return seed and text of the failure
  public static Optional<String> firstFailure(long[] seeds, long millis) {
    return run(seeds, millis).map(f -> "seed " + f.seed() + "\n" + f.text());
  }

  /// How a script fails; empty where it does not.
  static Optional<String> failure(long seed, List<Op> script) {
    try {
      Simulation.run(seed, script);
      return Optional.empty();
    } catch (IOException | RuntimeException | Error e) {
      return Optional.of(text(e));
    }
  }

  private static String text(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  /// For runs by hand.
  public static void main(String[] arguments) {
    long[] seeds = {Long.parseLong(arguments[0])};
    long start = System.nanoTime();
    firstFailure(seeds, Long.parseLong(arguments[1])).ifPresent(System.out::println);
    System.out.println((System.nanoTime() - start) / 1_000_000 + " ms");
  }
}

package dev.kelpie.sheep;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/// The daemon over a [SlowStore]: `MICROSECONDS MIB_PER_SECOND` and then what `sheep` takes.
/// `bench/slow-sheep` starts it.
final class SlowSheep {
  private static final int OWN = 2;

  private SlowSheep() {}

  public static void main(String[] words) {
    Duration delay = Duration.ofNanos(1000 * Long.parseLong(words[0]));
    long rate = Long.parseLong(words[1]) << 20;
    List<String> rest = List.of(Arrays.copyOfRange(words, OWN, words.length));
    System.exit(
        Sheep.run(
            Launch.read(),
            rest,
            (store, platform) -> new SlowStore(store, platform.clock(), delay, rate)));
  }
}

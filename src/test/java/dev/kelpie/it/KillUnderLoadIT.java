package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.kelpie.testing.Seeds;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Kills the daemon under load, again and again on the same data, and looks after each kill for
/// every write that was acknowledged. `-Dkill.rounds=` sets how many kills there are in all, two
/// thirds of them with an object cache.
final class KillUnderLoadIT {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 60);

  /// Kept after a failure, to be looked at.
  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path temp;

  @Test
  void killsLoseNothingAcknowledgedWithAnObjectCache() throws Exception {
    killAgainAndAgain("kills with a cache", ROUNDS - ROUNDS / 3, "-w", "size=20M,keep=always");
  }

  @Test
  void killsLoseNothingAcknowledgedWithoutACache() throws Exception {
    killAgainAndAgain("kills without a cache", ROUNDS / 3);
  }

  private void killAgainAndAgain(String name, int rounds, String... options) throws Exception {
    try (SheepProcess sheep = SheepProcess.in(temp).with(options)) {
      KillRounds kills = new KillRounds(sheep, Seeds.generator(name));
      try {
        kills.begin();
        for (int round = 1; round <= rounds; round++) {
          kills.round();
        }
        kills.deleteAll();
        sheep.stop();
      } catch (Exception | AssertionError e) {
        dumpThreads(sheep);
        throw new AssertionError(
            name + ", -Dseed=" + Seeds.seed() + ", " + kills + " in " + temp + "\n" + sheep.log(),
            e);
      }
      System.out.println(name + ": " + kills);
      assertFalse(sheep.log().contains("PANIC"), sheep::log);
    }
  }

  /// What the daemon was doing, for whoever looks at a failure.
  private void dumpThreads(SheepProcess sheep) {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    Ran.run(
        jcmd,
        "" + sheep.handle().pid(),
        "Thread.dump_to_file",
        "-overwrite",
        temp.resolve("threads").toString());
  }
}

package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.CacheCheck;
import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// `dog vdi cache list` and `check`.
final class CacheCommandsTest {
  private static final int TEST = 0x7c2b25;
  private static final long MB = 1 << 20;

  private static final CacheStats STATS =
      new CacheStats(
          true,
          10L << 30,
          96 * MB,
          20 * MB,
          7680 * MB,
          List.of(
              new CacheStats.Vdi(
                  TEST, 0, 16 * MB, 8 * MB, 0, -1, 0, 0, 8 * MB, 0, 0, 0, 0, 0, 0, 0),
              new CacheStats.Vdi(
                  TEST + 1, 5, 80 * MB, 60 * MB, 12 * MB, 2345, 987, 13, 1536 * MB, 1 * MB, 2 * MB,
                  3, 4 * MB, 5, 6, 7),
              new CacheStats.Vdi(0x999999, 0, MB, 0, 0, -1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0)));

  private static DogRun run() {
    DogRun run = new DogRun();
    run.sheep.vdi(
        FakeSheep.inode("my test", "t1", TEST, FakeSheep.NOW << 32, 1, 0, 10 << 20), TEST);
    run.sheep.vdi(FakeSheep.inode("my test", "", TEST + 1, 0, 2, TEST, 10 << 20), TEST);
    run.sheep.objects.put(ObjectId.inode(new dev.kelpie.model.VdiId(0x999999)), new byte[4664]);
    run.sheep.cacheStats = Optional.of(STATS);
    return run;
  }

  @Test
  void listShowsWhatTheCacheDidForEachVdiThatStillExists() {
    run()
        .dog("vdi cache list")
        .prints(
            """
            Name\tTag\tHits\tValid\tDirty\tOldest dirty\tPulled\tPushed
            my test\tt1\t-\t8.0 MB\t0.0 MB\t-\t8.0 MB\t0.0 MB
            my test\t\t98.7 %\t60 MB\t12 MB\t2.3 s\t1.5 GB\t2.0 MB

            Cache size 10 GB, used 96 MB, dirty 20 MB of at most 7.5 GB
            """);
  }

  @Test
  void rawFieldsAreSeparatedByOneBlankAndTheTagIsLast() {
    run()
        .dog("vdi cache list -r")
        .prints(
            """
            7c2b25 my\\ test 0 0 8388608 0 -1 8388608 0 t1
            7c2b26 my\\ test 987 13 62914560 12582912 2345 1610612736 2097152\s
            """);
  }

  @Test
  void jsonHasEveryCounter() {
    run()
        .dog("vdi cache list --json")
        .prints(
            "{\"on\":true,\"size\":10737418240,\"used\":100663296,\"dirty\":20971520,"
                + "\"dirty_max\":8053063680,\"vdis\":["
                + "{\"name\":\"my test\",\"tag\":\"t1\",\"vdi\":\"7c2b25\",\"hits\":0,\"misses\":0,"
                + "\"used\":16777216,\"valid\":8388608,\"dirty\":0,\"pulled\":8388608,"
                + "\"read_ahead\":0,\"pushed\":0,\"pushes_failed\":0,\"evicted\":0,"
                + "\"damaged_clean\":0,\"damaged_dirty\":0,\"throttle_waits\":0},"
                + "{\"name\":\"my test\",\"tag\":\"\",\"vdi\":\"7c2b26\",\"hits\":987,\"misses\":13,"
                + "\"used\":83886080,\"valid\":62914560,\"dirty\":12582912,"
                + "\"oldest_dirty_ms\":2345,\"pulled\":1610612736,\"read_ahead\":1048576,"
                + "\"pushed\":2097152,\"pushes_failed\":3,\"evicted\":4194304,"
                + "\"damaged_clean\":5,\"damaged_dirty\":6,\"throttle_waits\":7}]}\n");
  }

  @Test
  void moreVdisThanFitAtFirstAreAskedForWithMoreRoom() {
    DogRun run = run();
    run.sheep.cacheStatsRoom = (1 << 20) + 1;
    run.dog("vdi cache list -r");
    assertEquals(0, run.status());
    assertEquals(
        List.of(1 << 20, 2 << 20),
        run.sheep.requests.stream()
            .filter(r -> r.opcode().orElseThrow() == Opcode.CACHE_STATS)
            .map(RequestHeader::dataLength)
            .toList());
  }

  @Test
  void aCacheThatIsOffIsShownAndNotChecked() {
    DogRun run = run();
    run.sheep.cacheStats = Optional.of(new CacheStats(false, 10L << 30, 0, 0, 0, List.of()));
    run.dog("vdi cache list");
    assertTrue(run.out().endsWith(" of at most 0.0 MB, turned off\n"), run.out());
    run.dog("vdi cache check")
        .fails(
            "the object cache turned itself off: there is nothing to check, its log says why\n", 1);
  }

  @Test
  void aSheepWithoutACacheIsNamed() {
    DogRun run = run();
    run.sheep.cacheStats = Optional.of(new CacheStats(false, 0, 0, 0, 0, List.of()));
    String text =
        "the sheep at 127.0.0.1:7000 has no object cache: start it with -w size=SIZE to have one\n";
    run.dog("vdi cache list").fails(text, 1);
    run.dog("vdi cache check").fails(text, 1);
    run.sheep.cacheStats = Optional.empty();
    run.dog("vdi cache list").fails("failed to get cache statistics: Invalid parameters\n", 1);
  }

  @Test
  void checkGoesOnUntilTheEnd() {
    DogRun run = run();
    run.sheep.cacheChecks.add(new CacheCheck(1000, 1024, 0, 0, 0, 0));
    run.sheep.cacheChecks.add(new CacheCheck(-1, 76, 0, 0, 0, 0));
    run.dog("vdi cache check").prints("1100 blocks checked, 0 with trouble\n");
    List<RequestHeader> steps = steps(run);
    assertEquals(RequestFields.Obj.at(new ObjectId(0), 0), steps.getFirst().fields());
    assertEquals(RequestFields.Obj.at(new ObjectId(0), 1000), steps.getLast().fields());
    assertEquals(0, steps.getLast().flags());
  }

  @Test
  void checkTellsWhatItFoundAndFails() {
    DogRun run = run();
    run.sheep.cacheChecks.add(new CacheCheck(-1, 100, 1, 2, 3, 4));
    run.dog("vdi cache check --deep -s t1 my+test".replace('+', ' '))
        .fails("Failed to open VDI my (snapshot id: 0 snapshot tag: t1): No VDI found\n", 1);
    run.dog(List.of("vdi", "cache", "check", "--deep", "-s", "t1", "my test"))
        .prints(
            """
            100 blocks checked, 10 with trouble
            1 damaged, dropped, and fetched anew when they are read
            2 damaged and not in the store yet: their data is lost
            3 not as the store has them, and dropped
            4 not compared: the store could not read them
            """,
            "",
            1);
    RequestHeader step = steps(run).getLast();
    assertEquals(RequestFlags.DEEP, step.flags());
    assertEquals(0x807c2b2500000000L, ((RequestFields.Obj) step.fields()).object().value());
  }

  @Test
  void checkForPrograms() {
    DogRun run = run();
    run.sheep.cacheChecks.add(new CacheCheck(-1, 100, 1, 2, 3, 4));
    run.dog("vdi cache check -r").prints("100 1 2 3 4\n", "", 1);
    run.sheep.cacheChecks.add(new CacheCheck(-1, 100, 0, 0, 0, 0));
    run.dog("vdi cache check -j")
        .prints(
            "{\"checked\":100,\"damaged_clean\":0,\"damaged_dirty\":0,\"differing\":0,"
                + "\"unread\":0}\n");
  }

  @Test
  void checkShowsABarOnATerminal() {
    DogRun run = run();
    run.terminal = DogRun.terminalOf(40);
    run.sheep.cacheChecks.add(new CacheCheck(1000, (34 << 20) / 4096, 0, 0, 0, 0));
    run.sheep.cacheChecks.add(new CacheCheck(-1, 1, 0, 0, 0, 0));
    run.dog("vdi cache check");
    assertTrue(run.out().contains(" 50.0 % [=====>    ] 34 MB / 68 MB"), run.out());
    assertTrue(run.out().contains("100.0 % [==========] 68 MB / 68 MB"), run.out());
    assertTrue(run.out().endsWith("\n8705 blocks checked, 0 with trouble\n"), run.out());
  }

  @Test
  void checkMayBeRefused() {
    DogRun run = run();
    run.sheep.refusals.put(Opcode.CHECK_CACHE, ResultCode.EIO);
    run.dog("vdi cache check").fails("failed to check the cache: I/O error\n", 1);
  }

  private static List<RequestHeader> steps(DogRun run) {
    return run.sheep.requests.stream()
        .filter(r -> r.opcode().orElseThrow() == Opcode.CHECK_CACHE)
        .toList();
  }
}

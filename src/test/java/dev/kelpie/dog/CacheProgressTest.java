package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What `dog vdi cache flush`, `delete` and `purge` show on a terminal.
final class CacheProgressTest {
  private static final int TEST = 0x7c2b25;
  private static final int OTHER = 0x99;
  private static final long MB = 1 << 20;

  private final DogRun run = new DogRun();

  CacheProgressTest() {
    run.sheep.vdi(FakeSheep.working("test", TEST, 64 << 20));
    run.terminal = DogRun.terminalOf(40);
    run.network.answersBeforeSlow = 2;
  }

  /// What the sheep counts of a VDI, in MB.
  private static CacheStats.Vdi counts(int vdi, int valid, int dirty, int pushed) {
    return new CacheStats.Vdi(
        vdi, 0, 0, valid * MB, dirty * MB, -1, 0, 0, 0, 0, pushed * MB, 0, 0, 0, 0, 0);
  }

  /// What the questions of the command find, one after the other.
  private void find(List<List<CacheStats.Vdi>> counts) {
    for (List<CacheStats.Vdi> vdis : counts) {
      run.sheep.cacheStatsLater.add(new CacheStats(true, 1 << 30, 0, 0, 0, vdis));
    }
    run.sheep.cacheStats = Optional.of(run.sheep.cacheStatsLater.removeFirst());
  }

  /// The answer comes when the cache was looked into twice while the sheep worked.
  private void slow(Opcode opcode) {
    run.network.slow = Optional.of(opcode);
  }

  private static String bar(String percent, String cells, String sizes) {
    String line = "\r" + percent + " % [" + cells + "] " + sizes;
    return line + " ".repeat(41 - line.length());
  }

  @Test
  void aFlushShowsWhatIsPushedOfWhatWasDirty() {
    find(
        List.of(
            List.of(counts(TEST, 32, 8, 100), counts(OTHER, 50, 50, 0)),
            List.of(counts(TEST, 32, 6, 102), counts(OTHER, 50, 10, 40)),
            List.of(counts(TEST, 32, 9, 104), counts(OTHER, 50, 10, 40))));
    slow(Opcode.FLUSH_VDI);
    run.dog("vdi cache flush test")
        .prints(
            bar(" 25.0", "==>       ", "2.0 MB / 8.0 MB")
                + bar(" 50.0", "=====>    ", "4.0 MB / 8.0 MB")
                + bar("100.0", "==========", "8.0 MB / 8.0 MB")
                + "\n");
  }

  @Test
  void whatIsWrittenMeanwhileDoesNotEndTheBarEarly() {
    find(
        List.of(
            List.of(counts(TEST, 8, 4, 0)),
            List.of(counts(TEST, 64, 60, 20)),
            List.of(counts(TEST, 64, 60, 30))));
    slow(Opcode.FLUSH_VDI);
    run.dog("vdi cache flush test");
    String whole = bar("100.0", "==========", "4.0 MB / 4.0 MB") + "\n";
    assertEquals(run.out().length() - whole.length(), run.out().indexOf(whole), run.out());
    assertEquals(1, run.out().chars().filter(c -> c == '\n').count());
  }

  @Test
  void aDeletionCountsWhatIsPushedAndWhatIsDropped() {
    find(
        List.of(
            List.of(counts(TEST, 40, 10, 0)),
            List.of(counts(TEST, 40, 5, 5)),
            List.of(counts(TEST, 10, 0, 10))));
    slow(Opcode.DELETE_CACHE);
    run.dog("vdi cache delete test")
        .prints(
            bar(" 12.5", "=>        ", "5.0 MB / 40 MB")
                + bar(" 75.0", "=======>  ", "30 MB / 40 MB")
                + bar("100.0", "==========", "40 MB / 40 MB")
                + "\n");
  }

  @Test
  void aPurgeOfAllCountsEveryVdi() {
    find(
        List.of(
            List.of(counts(TEST, 10, 0, 0), counts(OTHER, 30, 30, 7)),
            List.of(counts(TEST, 0, 0, 0), counts(OTHER, 30, 20, 17)),
            List.of(counts(OTHER, 30, 0, 37))));
    slow(Opcode.CACHE_PURGE);
    run.input = "yes\n".getBytes(StandardCharsets.US_ASCII);
    run.dog("vdi cache purge");
    assertTrue(run.out().contains(bar(" 50.0", "=====>    ", "20 MB / 40 MB")), run.out());
    assertTrue(run.out().endsWith(bar("100.0", "==========", "40 MB / 40 MB") + "\n"), run.out());
  }

  @Test
  void aFailureHasALineOfItsOwn() {
    find(
        List.of(
            List.of(counts(TEST, 8, 8, 0)),
            List.of(counts(TEST, 8, 6, 2)),
            List.of(counts(TEST, 8, 6, 2))));
    slow(Opcode.FLUSH_VDI);
    run.sheep.refusals.put(Opcode.FLUSH_VDI, ResultCode.EIO);
    run.dog("vdi cache flush test");
    assertTrue(run.out().endsWith(bar(" 25.0", "==>       ", "2.0 MB / 8.0 MB") + "\n"));
    assertEquals("Response's result: I/O error\nfailed to execute request\n", run.err());
    assertEquals(1, run.status());
  }

  @Test
  void whereThereIsNothingToDoNothingIsDrawn() {
    find(List.of(List.of(counts(TEST, 8, 0, 5), counts(OTHER, 8, 8, 0))));
    slow(Opcode.FLUSH_VDI);
    run.dog("vdi cache flush test").prints("");
  }

  @Test
  void withoutATerminalNothingIsAsked() {
    find(List.of(List.of(counts(TEST, 8, 8, 0))));
    run.terminal = Terminal.NONE;
    run.dog("vdi cache flush test").prints("");
    run.dog("vdi cache delete test").prints("");
    assertFalse(run.sheep.opcodes().contains(Opcode.CACHE_STATS));
  }

  @Test
  void aSheepThatDoesNotCountIsObeyedAllTheSame() {
    run.dog("vdi cache flush test").prints("");
    assertEquals(Opcode.FLUSH_VDI, run.sheep.opcodes().getLast());
  }
}

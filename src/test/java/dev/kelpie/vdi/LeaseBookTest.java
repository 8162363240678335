package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.embedded.EmbeddedCoordination;
import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.Invariant.InvariantBroken;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LeaseBookTest {
  private static final VdiId ONE = new VdiId(1);
  private static final VdiId TWO = new VdiId(2);

  private final MemoryDisk disk = new MemoryDisk();
  private final Platform platform = new TestPlatform(disk, new ManualClock()).platform();
  private final List<String> alerts = new ArrayList<>();
  private final Log log =
      (level, message) -> {
        if (level == Level.ALERT) {
          alerts.add(message);
        }
      };

  private Coordination records;

  @BeforeEach
  void open() throws IOException {
    records = new EmbeddedCoordination(platform, Log.NONE, disk.directories("/node"));
  }

  @AfterEach
  void close() throws IOException {
    records.close();
  }

  @Test
  void aGenerationIsTakenOnceAndStays() throws IOException {
    assertEquals(Set.of(), book("node").held("cache"), "nothing was cached before the first lease");
    LeaseBook book = begun("cache", true);
    assertFalse(book.has(ONE));
    assertEquals(new Generation(1), book.generation(ONE));
    assertEquals(new Generation(1), book.generation(ONE));
    assertTrue(book.has(ONE));
  }

  @Test
  void aRestartWithTheSameCacheGoesOnInTheNextGeneration() throws IOException {
    LeaseBook book = begun("cache", true);
    book.generation(ONE);
    book.markUnflushed(TWO);
    LeaseBook next = begun("cache", true);
    assertEquals(new Generation(2), next.generation(ONE));
    assertEquals(Set.of(ONE, TWO), next.held("cache"));
    assertEquals(Optional.empty(), next.takeLoss(TWO), "the cache has it still");
    LeaseBook third = begun("other", true);
    assertTrue(third.takeLoss(TWO).isPresent(), "the mark has stayed");
  }

  @Test
  void anotherOrDamagedCacheResumesNothing() throws IOException {
    begun("cache", true).generation(ONE);
    assertEquals(Set.of(), book("node").held("other"));
    assertEquals(Set.of(), book("another").held("cache"));
    begun("other", true);
    begun("other", false);
    assertEquals(Set.of(ONE), book("node").held("other"));
    assertEquals(new Generation(4), begun(LeaseBook.NO_CACHE, true).generation(ONE));
    assertEquals(Set.of(), book("node").held("other"));
  }

  @Test
  void lookingAtTheLeasesChangesNothing_I4() throws IOException {
    begun("cache", true).markUnflushed(ONE);
    long steps = disk.steps();
    assertEquals(Set.of(), book("node").held("other"));
    assertEquals(steps, disk.steps());
    assertEquals(Set.of(ONE), book("node").held("cache"));
    assertEquals(new Generation(2), begun("cache", true).generation(ONE));
  }

  @Test
  void aLeaseThatChangesHandsDuringTheStartStopsIt_I4_I8() throws IOException {
    begun("cache", true).markUnflushed(ONE);
    LeaseBook starting = book("node");
    Set<VdiId> kept = starting.held("cache");
    LeaseBook other = book("other");
    other.begin("theirs", Set.of());
    other.generation(ONE);
    IOException refused = assertThrows(IOException.class, () -> starting.begin("cache", kept));
    assertTrue(refused.toString().contains("start again"), refused::toString);
    assertEquals(new Generation(2), other.generation(ONE));
    other.clearUnflushed(ONE);
  }

  @Test
  void i1WhatAPowerFailureTookIsReportedAndFailsOneBarrier() throws IOException {
    LeaseBook book = begun("cache", true);
    book.generation(ONE);
    book.markUnflushed(TWO);
    LeaseBook next = begun("cache", false);
    assertEquals(1, alerts.size());
    assertTrue(alerts.getFirst().startsWith("VDI 2: "), alerts::toString);
    assertTrue(alerts.getFirst().contains("since 2026-03-04T05:06:07"), alerts::toString);
    assertEquals(Optional.empty(), next.takeLoss(ONE));
    assertTrue(next.takeLoss(TWO).isPresent());
    assertEquals(Optional.empty(), next.takeLoss(TWO));
    assertEquals(Optional.empty(), begun("cache", true).takeLoss(TWO));
  }

  @Test
  void aLossSurvivesACrashBeforeTheBarrierAfterTheOneThatFailed() throws IOException {
    LeaseBook book = begun("cache", true);
    book.reportLoss(ONE, "gone");
    assertEquals(Optional.of("gone"), begun("cache", true).takeLoss(ONE));
    LeaseBook third = begun("cache", true);
    assertEquals(Optional.of("gone"), third.takeLoss(ONE));
    assertEquals(Optional.empty(), third.takeLoss(ONE));
    assertEquals(Optional.empty(), begun("cache", true).takeLoss(ONE));
  }

  @Test
  void whoWentDownWithAPowerCutIsToldOnlyOfLaterLosses_I16() throws IOException {
    LeaseBook book = begun("cache", true);
    book.markUnflushed(ONE);
    LeaseBook next = begun("cache", false);
    int before = next.losses(ONE);
    assertEquals(Optional.empty(), next.takeLossSince(ONE, before));
    next.reportLoss(ONE, "damaged");
    assertEquals(Optional.empty(), next.takeLossSince(ONE, next.losses(ONE)), "who came later");
    assertEquals(Optional.of("damaged"), next.takeLossSince(ONE, before));
    assertEquals(Optional.empty(), next.takeLossSince(ONE, before));
  }

  @Test
  void eachLossIsToldOnce() throws IOException {
    LeaseBook book = begun("cache", true);
    book.reportLoss(ONE, "first");
    book.takeLoss(ONE);
    book.reportLoss(ONE, "second");
    assertEquals(Optional.of("second"), book.takeLoss(ONE));
    assertEquals(Optional.empty(), book.takeLoss(ONE));
    assertEquals(2, alerts.size());
  }

  @Test
  void whoOpensAVdiAfterALossIsNotToldOfIt() throws IOException {
    LeaseBook book = begun("cache", true);
    book.reportLoss(ONE, "gone");
    book.forgetLoss(ONE);
    assertEquals(Optional.empty(), book.takeLoss(ONE));
    assertEquals(Optional.empty(), begun("cache", true).takeLoss(ONE));
  }

  @Test
  void aMarkIsDurableWhenItIsAnsweredAndCheapAfterwards() throws IOException {
    LeaseBook book = begun("cache", true);
    book.markUnflushed(ONE);
    long steps = disk.steps();
    book.markUnflushed(ONE);
    assertEquals(steps, disk.steps());
    book.clearUnflushed(ONE);
    book.clearUnflushed(TWO);
    assertEquals(Optional.empty(), begun("cache", false).takeLoss(ONE));
  }

  @Test
  void aMarkThatCannotBeStoredIsNotSet() throws IOException {
    LeaseBook book = begun("cache", true);
    book.generation(ONE);
    try (Faults.Ended _ = disk.faults().fail(DiskCall.WRITE, _ -> true, 1)) {
      assertThrows(IOException.class, () -> book.markUnflushed(ONE));
    }
    book.markUnflushed(ONE);
    assertTrue(begun("cache", false).takeLoss(ONE).isPresent());
  }

  @Test
  void anotherNodesLeaseIsTakenOverWithItsLoss() throws IOException {
    LeaseBook other = book("other");
    other.begin("cache", Set.of());
    other.markUnflushed(ONE);
    assertEquals(Set.of(), book("node").held("cache"));
    LeaseBook book = begun("cache", true);
    assertEquals(new Generation(2), book.generation(ONE));
    assertTrue(book.takeLoss(ONE).isPresent());
    assertThrows(IOException.class, () -> other.clearUnflushed(ONE), "it has lost the lease");
  }

  @Test
  void nothingIsLeasedBeforeTheCacheHasNamedItself() {
    LeaseBook book = book("node");
    assertThrows(InvariantBroken.class, () -> book.generation(ONE));
  }

  private LeaseBook begun(String cache, boolean intact) throws IOException {
    LeaseBook book = book("node");
    book.begin(cache, intact ? book.held(cache) : Set.of());
    return book;
  }

  private LeaseBook book(String node) {
    return new LeaseBook(platform, log, records, node);
  }
}

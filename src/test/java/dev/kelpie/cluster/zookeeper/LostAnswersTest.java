package dev.kelpie.cluster.zookeeper;

import static dev.kelpie.cluster.zookeeper.Handles.bytes;
import static dev.kelpie.cluster.zookeeper.Handles.inTask;
import static dev.kelpie.cluster.zookeeper.Handles.put;
import static dev.kelpie.cluster.zookeeper.Handles.show;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.testing.Await;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Requests, or the answers to them, are lost with a connection.
final class LostAnswersTest {
  private static Servers servers;

  private Handles handles;
  private Coordination records;
  private Coordination other;
  private Route route;

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    servers = new Servers(directory);
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @BeforeEach
  void open() throws IOException {
    handles = new Handles(servers);
    records = handles.open(Handles.LONG);
    other = handles.open(Handles.LONG);
    route = handles.route(records);
    assertTrue(records.commit(List.of(put("a", "1", 0), put("live/x", "", 0))));
  }

  @AfterEach
  void closeAll() throws IOException {
    handles.close();
  }

  @Test
  void aCommitWhoseAnswerIsLostFindsOutThatItWasMade() throws Exception {
    route.holdAnswers();
    FutureTask<Boolean> commit = inTask(() -> records.commit(List.of(put("a", "2", 1))));
    Await.until("it is made", () -> show(other.read("a")).equals("2 v2"));
    assertTrue(other.commit(List.of(put("a", "3", 2))), "so that the record does not tell");
    loseWhatIsHeld();
    assertTrue(commit.get());
    assertTrue(records.commit(List.of(put("a", "4", 3))));
  }

  @Test
  void aCommitThatIsLostIsMadeAfterAll() throws Exception {
    FutureTask<Boolean> commit = startHeld(() -> records.commit(List.of(put("a", "2", 1))));
    loseWhatIsHeld();
    assertTrue(commit.get());
    assertEquals("2 v2", show(records.read("a")));
  }

  @Test
  void aCommitThatIsLostAndTooLateIsRefused() throws Exception {
    FutureTask<Boolean> commit = startHeld(() -> records.commit(List.of(put("a", "2", 1))));
    assertTrue(other.commit(List.of(put("a", "2", 1))), "the very same");
    loseWhatIsHeld();
    assertEquals(false, commit.get());
    assertEquals("2 v2", show(records.read("a")));
  }

  @Test
  void aCommitThatCannotFindOutIsInDoubt() throws Exception {
    route.holdAnswers();
    FutureTask<Boolean> commit = inTask(() -> records.commit(List.of(put("a", "2", 1))));
    Await.until("it is made", () -> show(other.read("a")).equals("2 v2"));
    handles.kill(records);
    Exception failed = assertThrows(Exception.class, commit::get);
    assertTrue(failed.getCause() instanceof InDoubt, failed.toString());
    assertTrue(failed.toString().contains(route.servers()), failed.toString());
  }

  @Test
  void anAnnouncementWhoseAnswerIsLostIsMade() throws Exception {
    route.holdAnswers();
    FutureTask<Optional<Presence>> announce =
        inTask(() -> records.announce("live/a", bytes("here"), () -> {}));
    Await.until("it is there", () -> other.read("live/a").isPresent());
    loseWhatIsHeld();
    try (Presence presence = announce.get().orElseThrow()) {
      presence.update(bytes("there"));
      assertEquals("there v2", show(other.read("live/a")));
    }
    assertEquals(Optional.empty(), other.read("live/a"));
  }

  @Test
  void anAnnouncementThatIsLostDoesNotDisturbWhoWasFaster() throws Exception {
    FutureTask<Optional<Presence>> announce =
        startHeld(() -> records.announce("live/a", bytes("mine"), () -> {}));
    try (Presence faster = announce(other, "live/a")) {
      loseWhatIsHeld();
      assertEquals(Optional.empty(), announce.get());
      Handles.awaitRenewal(announce(records, "live/b"));
      assertEquals("here v1", show(other.read("live/a")));
      assertTrue(faster.lease() > 0);
    }
  }

  @Test
  void anAnnouncementThatWasGivenUpLeavesNothing() throws Exception {
    route.holdAnswers();
    FutureTask<Optional<Presence>> announce =
        inTask(() -> records.announce("live/a", bytes("here"), () -> {}));
    Await.until("it is there", () -> other.read("live/a").isPresent());
    assertThrows(Exception.class, announce::get);
    assertTrue(other.read("live/a").isPresent(), "the session lives");
    loseWhatIsHeld();
    Await.until("it is deleted", () -> other.read("live/a").isEmpty());
    announce(records, "live/a").close();
  }

  @Test
  void anAnnouncementTakesThePlaceOfOneThatFailed() throws Exception {
    route.holdAnswers();
    FutureTask<Optional<Presence>> failing =
        inTask(() -> records.announce("live/a", bytes("failed"), () -> {}));
    assertThrows(Exception.class, failing::get);
    assertTrue(other.read("live/a").isPresent());
    loseWhatIsHeld();
    try (Presence next = announce(records, "live/a")) {
      assertEquals("here v1", show(other.read("live/a")));
      Handles.awaitRenewal(next);
      assertEquals("here v1", show(other.read("live/a")), "it is not taken for what was left");
    }
  }

  @Test
  void anUpdateWhoseAnswerIsLostIsMadeOnce() throws Exception {
    try (Presence presence = announce(records, "live/a")) {
      route.holdAnswers();
      FutureTask<Boolean> update =
          inTask(() -> {
            presence.update(bytes("there"));
            return true;
          });
      Await.until("it is made", () -> show(other.read("live/a")).equals("there v2"));
      loseWhatIsHeld();
      assertTrue(update.get());
      assertEquals("there v2", show(other.read("live/a")));
      presence.update(bytes("elsewhere"));
      assertEquals("elsewhere v3", show(other.read("live/a")));
    }
  }

  @Test
  void anEndThatIsLostIsMadeAfterAllAndOnce() throws Exception {
    Presence presence = announce(records, "live/a");
    FutureTask<Boolean> close =
        startHeld(() -> {
          presence.close();
          return true;
        });
    assertTrue(presence.lease() <= 0);
    loseWhatIsHeld();
    assertTrue(close.get());
    try (Presence next = announce(other, "live/a")) {
      Handles.awaitRenewal(announce(records, "live/b"));
      Handles.awaitRenewal(next);
      assertTrue(other.read("live/a").isPresent(), "this one is another's");
    }
  }

  /// Calls, and the request is held.
  private <R> FutureTask<R> startHeld(Callable<R> call) {
    route.holdRequests();
    int before = route.requestsWaiting();
    FutureTask<R> task = inTask(call);
    Await.until("the request is held", () -> route.requestsWaiting() > before);
    return task;
  }

  private void loseWhatIsHeld() throws IOException {
    route.breakConnections();
    route.release();
  }

  private static Presence announce(Coordination by, String key) throws IOException {
    return by.announce(key, bytes("here"), () -> {}).orElseThrow();
  }
}

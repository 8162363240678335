package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.frontend.sheepdog.ObjectTurns.Turn;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.TestPlatform;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The order of changes of one object over several connections.
@Timeout(60)
final class ObjectTurnsTest {
  private static final ObjectId OBJECT = ObjectId.data(new VdiId(1), 0);
  private static final ObjectId OTHER = ObjectId.data(new VdiId(1), 64);

  private final ObjectTurns turns = new ObjectTurns(TestPlatform.real(new MemoryDisk()).locks());

  @Test
  void changesOfOneConnectionRunSideBySide() {
    try (Turn first = turns.enter(OBJECT, "a");
        Turn second = turns.enter(OBJECT, "a")) {
      assertTrue(first.come());
      assertTrue(second.come());
    }
  }

  @Test
  void changesOfAnotherConnectionWaitForAllThatCameBefore_I13() {
    Turn first = turns.enter(OBJECT, "old");
    Turn second = turns.enter(OBJECT, "old");
    Turn resent = turns.enter(OBJECT, "new");
    assertFalse(resent.come());
    first.close();
    assertFalse(resent.come());
    second.close();
    assertTrue(resent.come());
    resent.close();
  }

  @Test
  void aConnectionDoesNotOvertakeByBeingFirstAlready() {
    Turn first = turns.enter(OBJECT, "a");
    Turn second = turns.enter(OBJECT, "b");
    Turn third = turns.enter(OBJECT, "a");
    assertFalse(third.come());
    first.close();
    assertTrue(second.come());
    assertFalse(third.come());
    second.close();
    assertTrue(third.come());
    third.close();
  }

  @Test
  void aWaitingChangeMayGiveUp() {
    Turn first = turns.enter(OBJECT, "a");
    Turn second = turns.enter(OBJECT, "b");
    Turn third = turns.enter(OBJECT, "c");
    second.close();
    assertFalse(third.come());
    first.close();
    assertTrue(third.come());
    third.close();
  }

  @Test
  void objectsDoNotWaitForEachOther() {
    try (Turn first = turns.enter(OBJECT, "a");
        Turn second = turns.enter(OTHER, "b")) {
      assertTrue(first.come());
      assertTrue(second.come());
    }
  }

  @Test
  void whateverComesWhenTheOrderBetweenConnectionsHolds() throws InterruptedException {
    RandomGenerator chance = Seeds.generator("ObjectTurnsTest");
    for (int round = 0; round < 50; round++) {
      List<Integer> ended = new CopyOnWriteArrayList<>();
      List<Integer> clients = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        int client = chance.nextInt(3);
        clients.add(client);
        Turn turn = turns.enter(OBJECT, client);
        int number = i;
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  turn.await();
                  ended.add(number);
                  turn.close();
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      for (int later = 0; later < 30; later++) {
        for (int earlier = 0; earlier < later; earlier++) {
          if (!clients.get(earlier).equals(clients.get(later))) {
            assertTrue(ended.indexOf(earlier) < ended.indexOf(later), clients + " " + ended);
          }
        }
      }
      assertEquals(30, ended.size());
    }
  }
}

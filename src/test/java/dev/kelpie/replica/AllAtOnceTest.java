package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/// Several nodes that are asked at the same time.
final class AllAtOnceTest {
  private final TestPlatform test = new TestPlatform(new MemoryDisk());
  private final Tasks tasks = test.platform().tasks();
  private final Locks locks = test.platform().locks();
  private final Map<String, Copies> all =
      Map.of("a", copies("a"), "b", copies("b"), "c", copies("c"));
  private final AllAtOnce everywhere = new AllAtOnce("a", at("a"), this::at, tasks, locks);

  /// Copies that have a name and nothing else.
  private static Copies copies(String name) {
    return (Copies)
        Proxy.newProxyInstance(
            Copies.class.getClassLoader(),
            new Class<?>[] {Copies.class},
            (_, method, _) -> method.getName().equals("toString") ? name : name.hashCode());
  }

  private Copies at(String node) {
    return Objects.requireNonNull(all.get(node));
  }

  @Test
  void allAreAskedAtTheSameTimeAndThisOneWithoutATask() throws IOException {
    CountDownLatch together = new CountDownLatch(3);
    Thread here = Thread.currentThread();
    Map<String, Boolean> answers =
        everywhere.ask(
            List.of("a", "b", "c"),
            copies -> {
              together.countDown();
              await(together);
              return Thread.currentThread() == here;
            });
    assertEquals(Map.of("a", true, "b", false, "c", false), answers);
    assertEquals("b", everywhere.at("b").toString());
    assertEquals(Map.of(), everywhere.ask(List.of(), _ -> 1));
  }

  private static void await(CountDownLatch together) throws IOException {
    try {
      together.await();
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  @Test
  void whoDoesNotAnswerIsNotThere() throws IOException {
    Map<String, String> answers =
        everywhere.ask(
            List.of("b", "a", "c"),
            copies -> {
              if (copies.toString().equals("b")) {
                throw new IOException("no");
              }
              return copies.toString();
            });
    assertEquals(Map.of("a", "a", "c", "c"), answers);
  }

  @Test
  void oneThatKnowsALaterConfigurationIsBelieved() {
    assertThrows(
        Outdated.class,
        () ->
            everywhere.ask(
                List.of("a", "b"),
                copies -> {
                  if (copies.toString().equals("b")) {
                    throw new Outdated(new Claim(1, 1), 2);
                  }
                  return 1;
                }));
  }

  @Test
  void faultOfTheProgramIsNotTakenForSilence() {
    assertThrows(
        IllegalStateException.class,
        () ->
            everywhere.ask(
                List.of("a", "b"),
                copies -> {
                  if (copies.toString().equals("b")) {
                    throw new IllegalStateException("a bug");
                  }
                  return 1;
                }));
  }

  @Test
  void withoutThreadsTheyAreAskedOneAfterTheOther() throws IOException {
    test.tasks()
        .refuse(
            _ -> true,
            () -> {
              throw new RejectedExecutionException("no thread");
            });
    assertEquals(3, everywhere.ask(List.of("a", "b", "c"), Copies::toString).size());
  }
}

package dev.kelpie.cluster.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.Await;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many processes at once, on real files.
final class LocalLoadTest {
  private static final int MEMBERS = 40;
  private static final int VALUE_SIZE = 50_000;
  private static final int COMMITS = 300;

  @TempDir private Path directory = Path.of("");
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final Platform platform = JvmPlatform.open((_, failure) -> failures.add(failure));

  @Test
  void fortyComeTogetherAndGoInSeconds() throws Exception {
    List<Coordination> members = new ArrayList<>();
    List<AtomicInteger> seen = new ArrayList<>();
    List<Thread> starts = new ArrayList<>();
    for (int i = 0; i < MEMBERS; i++) {
      AtomicInteger sees = new AtomicInteger();
      seen.add(sees);
      String key = "live/" + i;
      starts.add(Thread.startVirtualThread(() -> join(members, key, sees)));
    }
    for (Thread start : starts) {
      start.join();
    }
    Await.until(
        "all see all",
        Duration.ofSeconds(20),
        () -> seen.stream().allMatch(sees -> sees.get() == MEMBERS));
    for (Coordination member : members.subList(1, MEMBERS)) {
      member.close();
    }
    Await.until("one is left", () -> members.getFirst().list("live/").size() == 1);
    members.getFirst().close();
    assertEquals(List.of(), List.copyOf(failures));
  }

  private void join(List<Coordination> members, String key, AtomicInteger sees) {
    try {
      Coordination records = new LocalCoordination(platform, Log.NONE, directory);
      Watch watch =
          records.watch(
              "live/",
              () -> {
                try {
                  sees.set(records.list("live/").size());
                } catch (IOException e) {
                  failures.add(e);
                }
              });
      assertTrue(watch != null && records.announce(key, new byte[0], () -> {}).isPresent());
      synchronized (members) {
        members.add(records);
      }
    } catch (IOException e) {
      failures.add(e);
    }
  }

  /// Two processes write, so fast that the file is rewritten again and again; a third one must
  /// never read less than what was answered before it asked.
  @Test
  void noReadIsOlderThanAnAnswerWhileTheFileIsRewritten() throws Exception {
    try (Coordination one = open();
        Coordination two = open();
        Coordination reader = open()) {
      AtomicLong answered = new AtomicLong();
      AtomicBoolean done = new AtomicBoolean();
      Thread writing =
          Thread.startVirtualThread(() -> {
            write(List.of(one, two), answered);
            done.set(true);
          });
      int reads = 0;
      while (!done.get()) {
        long before = answered.get();
        long read = reader.read("a").map(Stored::version).orElse(0L);
        assertTrue(read >= before, "read " + read + " after " + before + " was answered");
        reads++;
      }
      writing.join();
      assertEquals(COMMITS, reader.read("a").map(Stored::version).orElse(0L));
      assertTrue(reads > COMMITS, "only " + reads + " reads");
    }
    assertEquals(List.of(), List.copyOf(failures));
  }

  private void write(List<Coordination> writers, AtomicLong answered) {
    try {
      for (int i = 0; i < COMMITS; i++) {
        byte[] value = new byte[VALUE_SIZE];
        Put put = new Put("a", Optional.of(value), i);
        if (!writers.get(i % writers.size()).commit(List.of(put))) {
          throw new IOException("commit " + i + " met another version");
        }
        answered.set(i + 1);
      }
    } catch (IOException e) {
      failures.add(e);
    }
  }

  private Coordination open() throws IOException {
    return new LocalCoordination(platform, Log.NONE, directory);
  }
}

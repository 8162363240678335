package dev.kelpie.replica;

import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Goes through slots once, many at the same time, but only a few of those in which there is
/// something to copy. Of those that ask a node that may not answer, only one is under way, so that
/// such a node holds up nobody but itself.
final class RecoveryPass {
  private final Recovery recovery;
  private final Pace pace;
  private final Locks.Mutex mutex;
  private final Locks.Signal ended;
  private final List<Integer> waiting;

  /// How many slots are under way that ask a node.
  private final Map<String, Integer> busy = new HashMap<>();

  /// Nodes that answered last, and those of which nobody knows since a slot failed that asked them.
  private final Set<String> good = new HashSet<>();

  private final Set<String> doubtful = new TreeSet<>();
  private final int copyingMax;
  private int copying;
  private boolean changed;
  private int failed;
  private Optional<String> failure = Optional.empty();

  /// @param slots in the order in which they are begun
  /// @param copyingMax how many slots with objects may be under way
  RecoveryPass(Recovery recovery, List<Integer> slots, Pace pace, int copyingMax, Locks locks) {
    this.recovery = recovery;
    this.copyingMax = copyingMax;
    this.pace = pace;
    this.mutex = locks.mutex();
    this.ended = mutex.signal();
    this.waiting = new ArrayList<>(slots);
  }

  /// What came of it.
  ///
  /// @param changed whether something was done in a slot
  /// @param failed in how many slots something failed
  /// @param failure how that was with the first of them
  /// @param doubtful nodes that were asked in those, and not with success in others
  record Result(boolean changed, int failed, Optional<String> failure, Set<String> doubtful) {}

  Result run(int atOnce, Tasks tasks, Locks locks) {
    List<Runnable> parts = new ArrayList<>();
    for (int i = 0; i < Math.min(atOnce, waiting.size()); i++) {
      parts.add(this::work);
    }
    Together.run("recovery of slots", parts, tasks, locks);
    return new Result(changed, failed, failure, doubtful);
  }

  private record Chosen(int slot, Set<String> nodes, boolean copies) {}

  private void work() {
    while (pace.await()) {
      Optional<Chosen> next = take();
      if (next.isEmpty()) {
        return;
      }
      Optional<IOException> how = Optional.empty();
      boolean done = false;
      try {
        done = recovery.step(next.get().slot);
      } catch (IOException e) {
        how = Optional.of(e);
      } finally {
        end(next.get(), done, how);
      }
      pace.copied(recovery.copied().objects());
    }
  }

  private Optional<Chosen> take() {
    mutex.lock();
    try {
      while (!waiting.isEmpty()) {
        for (Iterator<Integer> i = waiting.iterator(); i.hasNext(); ) {
          int slot = i.next();
          boolean copies = recovery.mayCopy(slot);
          Set<String> nodes = recovery.asked(slot);
          if ((!copies || copying < copyingMax)
              && nodes.stream().noneMatch(n -> doubtful.contains(n) && busy.containsKey(n))) {
            i.remove();
            copying += copies ? 1 : 0;
            nodes.forEach(node -> busy.merge(node, 1, Integer::sum));
            return Optional.of(new Chosen(slot, nodes, copies));
          }
        }
        ended.await();
      }
      return Optional.empty();
    } finally {
      mutex.unlock();
    }
  }

  private void end(Chosen chosen, boolean done, Optional<IOException> how) {
    mutex.lock();
    try {
      copying -= chosen.copies ? 1 : 0;
      for (String node : chosen.nodes) {
        busy.computeIfPresent(node, (_, count) -> count == 1 ? null : count - 1);
      }
      changed |= done;
      if (how.isEmpty()) {
        good.addAll(chosen.nodes);
        doubtful.removeAll(chosen.nodes);
      } else {
        fail(chosen, how.get());
      }
      ended.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  private void fail(Chosen chosen, IOException why) {
    failed++;
    failure = failure.or(() -> Optional.of("slot " + chosen.slot + ": " + why.getMessage()));
    if (good.containsAll(chosen.nodes)) {
      good.removeAll(chosen.nodes);
    }
    chosen.nodes.stream().filter(node -> !good.contains(node)).forEach(doubtful::add);
  }
}

package dev.kelpie.replica;

import dev.kelpie.model.VdiId;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/// Makes durable what a gateway has deferred on behalf of a VDI.
final class Barriers {
  private final SlotTable table;
  private final ReplicatedStore.Nodes nodes;
  private final DeferredChanges deferred;
  private final Platform platform;
  private final Duration window;

  /// VDIs of which nothing of an earlier life of this gateway is open any more.
  private final Set<VdiId> settled = ConcurrentHashMap.newKeySet();

  Barriers(
      SlotTable table,
      ReplicatedStore.Nodes nodes,
      DeferredChanges deferred,
      Platform platform,
      Duration window) {
    this.table = table;
    this.nodes = nodes;
    this.deferred = deferred;
    this.platform = platform;
    this.window = window;
  }

  /// Makes durable what was answered before the call.
  ///
  /// @throws Primary.ChangesLost where some of it was lost. That is said once; the rest is durable
  void flush(VdiId vdi) throws IOException {
    DeferredChanges.Open open = deferred.open(vdi);
    if (!settled.contains(vdi)) {
      settle(vdi);
      settled.add(vdi);
    }
    new Flush(vdi, open).run();
  }

  /// Has all nodes that anything could have been changed at make it durable.
  private void settle(VdiId vdi) throws IOException {
    Retries retries = new Retries(platform.clock(), platform.tasks(), window);
    Set<String> done = ConcurrentHashMap.newKeySet();
    while (true) {
      Set<String> open = acting();
      open.removeAll(done);
      if (open.isEmpty()) {
        return;
      }
      Map<String, IOException> failures = new ConcurrentHashMap<>();
      List<Runnable> parts = new ArrayList<>();
      for (String node : open) {
        parts.add(() -> {
          try {
            nodes.at(node).settle(vdi);
            done.add(node);
          } catch (IOException e) {
            failures.put(node, e);
          }
        });
      }
      Together.run("replica settle", parts, platform.tasks(), platform.locks());
      if (!failures.isEmpty()) {
        Map.Entry<String, IOException> failed = failures.entrySet().iterator().next();
        retries.failed("VDI " + vdi + " at node " + failed.getKey(), failed.getValue());
      }
    }
  }

  /// The nodes that are acting in any slot. Of those that are down, what they have is durable when
  /// their slots are served again.
  private Set<String> acting() {
    Set<String> acting = new HashSet<>();
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      table.of(slot).ifPresent(config -> acting.addAll(config.nodes()));
    }
    acting.removeIf(node -> !table.nodes().isUp().test(node));
    return acting;
  }

  /// One barrier.
  private final class Flush {
    private final VdiId vdi;
    private final long moment;
    private final SortedMap<Integer, SortedSet<Long>> open;
    private final List<Primary.ChangesLost> lost = new ArrayList<>();
    private final Map<String, IOException> failures = new ConcurrentHashMap<>();

    Flush(VdiId vdi, DeferredChanges.Open open) {
      this.vdi = vdi;
      this.moment = open.moment();
      this.open = open.slots();
    }

    void run() throws IOException {
      Retries retries = new Retries(platform.clock(), platform.tasks(), window);
      try {
        while (!open.isEmpty()) {
          round(retries);
          if (!failures.isEmpty()) {
            Map.Entry<String, IOException> failed = failures.entrySet().iterator().next();
            retries.failed(what(failed.getKey()), failed.getValue());
            for (int slot : List.copyOf(open.keySet())) {
              Optional<SlotConfig> _ = retries.look(table, slot);
            }
          }
        }
      } catch (IOException e) {
        lost.forEach(e::addSuppressed);
        throw e;
      }
      if (!lost.isEmpty()) {
        Primary.ChangesLost told = lost.removeFirst();
        lost.forEach(told::addSuppressed);
        throw told;
      }
    }

    private String what(String node) {
      return "changes of VDI " + vdi + " in " + open.size() + " slots, at " + node;
    }

    /// Asks each primary once.
    private void round(Retries retries) throws IOException {
      failures.clear();
      Map<String, List<Primary.Deferred>> byPrimary = new HashMap<>();
      open.forEach((slot, ballots) -> {
        Primary.Deferred part = new Primary.Deferred(slot, ballots.getFirst());
        Optional<String> primary = table.of(slot).flatMap(SlotConfig::primary);
        if (primary.isPresent()) {
          byPrimary.computeIfAbsent(primary.get(), _ -> new ArrayList<>()).add(part);
        } else {
          failures.put("no node", new IOException("slot " + slot + " has no primary"));
        }
      });
      Map<String, Optional<Primary.ChangesLost>> answers = new ConcurrentHashMap<>();
      List<Runnable> parts = new ArrayList<>();
      byPrimary.forEach((node, slots) -> parts.add(() -> ask(node, slots, answers)));
      Together.run("replica flush", parts, platform.tasks(), platform.locks());
      for (Map.Entry<String, Optional<Primary.ChangesLost>> answer : answers.entrySet()) {
        if (answer.getValue().isPresent()) {
          tell(answer.getValue().get(), retries);
        } else {
          byPrimary
              .getOrDefault(answer.getKey(), List.of())
              .forEach(part -> close(part.slot(), Long.MAX_VALUE));
        }
      }
    }

    private void ask(
        String node,
        List<Primary.Deferred> slots,
        Map<String, Optional<Primary.ChangesLost>> answers) {
      try {
        nodes.at(node).flush(vdi, slots);
        answers.put(node, Optional.empty());
      } catch (Primary.ChangesLost e) {
        answers.put(node, Optional.of(e));
      } catch (IOException e) {
        failures.put("node " + node, e);
      }
    }

    /// What was deferred in a slot under ballots that are not safe has nothing more that could be
    /// made durable. What was deferred later, and the other slots that were asked for with it, are
    /// asked for again.
    private void tell(Primary.ChangesLost loss, Retries retries) throws IOException {
      lost.add(loss);
      long safe = retries.look(table, loss.slot()).map(SlotConfig::safe).orElse(0L);
      SortedSet<Long> ballots = open.get(loss.slot());
      if (ballots != null) {
        close(loss.slot(), Math.max(safe, ballots.getFirst() + 1));
      }
    }

    /// @param end the ballot from which on something is open yet
    private void close(int slot, long end) {
      deferred.close(vdi, slot, moment, end);
      SortedSet<Long> ballots = open.getOrDefault(slot, new TreeSet<>());
      ballots.headSet(end).clear();
      if (ballots.isEmpty()) {
        open.remove(slot);
      }
    }
  }
}

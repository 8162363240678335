package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Finds the objects of a VDI, which lie all over the cluster.
///
/// Each node is asked what its own copies have in the slots in which it is acting. A slot is done
/// when all its acting nodes have answered under one configuration, of which the primary was
/// certain that it is the present one: every acting node has every acknowledged change, and what
/// some of them lack, because they lost it or it was not acknowledged, one of the others has.
final class Listings {
  private final SlotTable table;
  private final ReplicatedStore.Nodes nodes;
  private final Platform platform;
  private final Duration window;

  Listings(SlotTable table, ReplicatedStore.Nodes nodes, Platform platform, Duration window) {
    this.table = table;
    this.nodes = nodes;
    this.platform = platform;
    this.window = window;
  }

  /// The objects that are there. Those that come or go meanwhile may be among them or not.
  Set<ObjectId> list(VdiId vdi) throws IOException {
    Retries retries = new Retries(platform.clock(), platform.tasks(), window);
    Set<ObjectId> found = new HashSet<>();
    BitSet open = new BitSet();
    open.set(0, Slots.COUNT);
    while (true) {
      Map<Integer, SlotConfig> configs = configs(open);
      Round round = new Round(vdi, configs);
      round.run();
      round.answers.values().forEach(listing -> found.addAll(listing.objects()));
      configs.forEach((slot, config) -> {
        if (config.nodes().stream().allMatch(node -> round.hasAnswered(node, slot))) {
          open.clear(slot);
        }
      });
      if (open.isEmpty()) {
        return found;
      }
      retries.failed("objects of VDI " + vdi + " in " + open.cardinality() + " slots", round.why());
      look(open, retries);
    }
  }

  private Map<Integer, SlotConfig> configs(BitSet open) throws IOException {
    Map<Integer, SlotConfig> configs = new HashMap<>();
    for (int slot : open.stream().toArray()) {
      Optional<SlotConfig> config = table.of(slot);
      if (config.isEmpty()) {
        throw new IOException("the cluster is not formatted, or nothing is known of slot " + slot);
      }
      configs.put(slot, config.get());
    }
    return configs;
  }

  /// Reads the records of slots that are not done. Neighbours share one.
  private void look(BitSet open, Retries retries) throws IOException {
    int last = -1;
    for (int slot : open.stream().toArray()) {
      if (last < 0 || slot / SlotShard.SLOTS != last / SlotShard.SLOTS) {
        Optional<SlotConfig> _ = retries.look(table, slot);
      }
      last = slot;
    }
  }

  /// Every node is asked once.
  private final class Round {
    private final VdiId vdi;
    private final Map<Integer, SlotConfig> configs;
    private final Map<String, StoreNode.Listing> answers = new ConcurrentHashMap<>();
    private final Map<String, IOException> failures = new ConcurrentHashMap<>();

    Round(VdiId vdi, Map<Integer, SlotConfig> configs) {
      this.vdi = vdi;
      this.configs = configs;
    }

    void run() {
      Map<String, List<Claim>> claims = new HashMap<>();
      configs.forEach((slot, config) ->
          config
              .nodes()
              .forEach(node ->
                  claims
                      .computeIfAbsent(node, _ -> new ArrayList<>())
                      .add(new Claim(slot, config.ballot()))));
      List<Runnable> parts = new ArrayList<>();
      claims.forEach((node, meant) -> parts.add(() -> ask(node, meant)));
      Together.run("replica list", parts, platform.tasks(), platform.locks());
    }

    private void ask(String node, List<Claim> claims) {
      try {
        answers.put(node, nodes.at(node).list(vdi, claims));
      } catch (IOException e) {
        failures.put(node, e);
      }
    }

    boolean hasAnswered(String node, int slot) {
      StoreNode.Listing answer = answers.get(node);
      return answer != null && answer.slots().get(slot);
    }

    IOException why() {
      return failures.entrySet().stream()
          .findFirst()
          .map(e -> new IOException("node " + e.getKey() + ": " + e.getValue().getMessage()))
          .orElseGet(() -> new IOException("their configurations change"));
    }
  }
}

package dev.kelpie.replica;

import dev.kelpie.placement.Slots;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A cluster in which nobody comes or goes, and all nodes know everything at once: the primaries
/// and the copies of the slots are spread over the nodes.
public final class FixedTable implements SlotTable {
  private final List<String> nodes;
  private final int copies;
  private final Map<Integer, SlotConfig> configs = new HashMap<>();

  public FixedTable(List<String> nodes, int copies) {
    this.nodes = List.copyOf(nodes);
    this.copies = copies;
    SlotRules rules = new SlotRules(copies);
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      configs.put(slot, rules.first(holders(slot), nodes()));
    }
  }

  @Override
  public synchronized Optional<SlotConfig> of(int slot) {
    return Optional.ofNullable(configs.get(slot));
  }

  @Override
  public Optional<SlotConfig> look(int slot) {
    return of(slot);
  }

  @Override
  public synchronized boolean commit(
      int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven) {
    return configs.replace(slot, before, after);
  }

  @Override
  public List<String> holders(int slot) {
    List<String> holders = new ArrayList<>();
    for (int i = 0; i < copies; i++) {
      holders.add(nodes.get((slot + i) % nodes.size()));
    }
    return holders;
  }

  @Override
  public SlotRules.Nodes nodes() {
    return new SlotRules.Nodes(nodes::contains, _ -> false);
  }

  @Override
  public OptionalLong life(String node) {
    return nodes.contains(node) ? OptionalLong.of(1) : OptionalLong.empty();
  }

  @Override
  public SlotRules rules() {
    return new SlotRules(copies);
  }

  @Override
  public boolean isIn() {
    return true;
  }

  @Override
  public boolean mayServe() {
    return true;
  }
}

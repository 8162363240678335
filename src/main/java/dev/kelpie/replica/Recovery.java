package dev.kelpie.replica;

import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What this node has to do so that every slot's objects are where they are to be, and nowhere else
/// (`docs/replication.md`, "Catching up"): as primary it brings holders up to date, then lets those
/// go that are none, and gives the slot to the first holder; of other slots it removes what it has
/// left over.
///
/// Everything that it goes by is in the records and on the disks, so it may be broken off anywhere
/// and begun again. A slot is done when its record says so.
public final class Recovery {
  private final String self;
  private final SlotTable table;
  private final Holder holder;
  private final Primary primary;
  private final Locks.Mutex mutex;

  /// The slots that were to be done when it was looked last, and all since it began.
  private final BitSet open = new BitSet(Slots.COUNT);

  private final BitSet seen = new BitSet(Slots.COUNT);
  private Copied before = Copied.NOTHING;

  /// How far it is.
  ///
  /// @param slots that this node had to do something in since it began
  /// @param done how many of them are done; where that is all, nothing is under way
  /// @param copied from here to other nodes, and back, since it began
  public record Progress(int slots, int done, Copied copied) {}

  /// @param self the name of this node
  public Recovery(String self, SlotTable table, Holder holder, Primary primary, Locks locks) {
    this.self = self;
    this.table = table;
    this.holder = holder;
    this.primary = primary;
    this.mutex = locks.mutex();
  }

  /// The slots in which this node has something to do, or waits for somebody to do it with. Where
  /// there was none before, recovery begins.
  ///
  /// @throws IOException where it cannot be said which objects are here
  public List<Integer> open() throws IOException {
    BitSet now = new BitSet(Slots.COUNT);
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      now.set(slot, isOpen(slot));
    }
    mutex.lock();
    try {
      if (open.isEmpty() && !now.isEmpty()) {
        seen.clear();
        before = primary.copied();
      }
      open.clear();
      open.or(now);
      seen.or(now);
    } finally {
      mutex.unlock();
    }
    return now.stream().boxed().toList();
  }

  /// How far it is, by what it has looked at.
  public Progress progress() {
    mutex.lock();
    try {
      int slots = seen.cardinality();
      return new Progress(slots, slots - open.cardinality(), primary.copied().since(before));
    } finally {
      mutex.unlock();
    }
  }

  /// What was copied since this node started.
  Copied copied() {
    return primary.copied();
  }

  /// Does the next thing in every slot, one after the other. What fails is to be tried again.
  ///
  /// @return whether anything is left to do
  public boolean step() throws IOException {
    Optional<IOException> failure = Optional.empty();
    for (int slot : open()) {
      try {
        boolean _ = step(slot);
      } catch (IOException e) {
        failure = failure.isPresent() ? failure : Optional.of(e);
      }
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
    return !open().isEmpty();
  }

  /// Does the next thing in a slot.
  ///
  /// @return whether something has changed
  /// @throws IOException where something failed that is to be tried again: the rest is done
  public boolean step(int slot) throws IOException {
    Optional<SlotConfig> known = table.of(slot);
    boolean changed;
    if (known.isEmpty()) {
      changed = false;
    } else if (known.get().isPrimary(self)) {
      boolean done = lead(slot, known.get());
      changed = done || !table.of(slot).equals(known);
    } else {
      changed = isLeftOver(slot, known.get()) && holder.purge(slot, self) > 0;
    }
    if (!isOpen(slot)) {
      close(slot);
    }
    return changed;
  }

  private void close(int slot) {
    mutex.lock();
    try {
      open.clear(slot);
    } finally {
      mutex.unlock();
    }
  }

  private boolean lead(int slot, SlotConfig config) throws IOException {
    boolean active = table.rules().isActive(config, table.nodes());
    if (!active || !config.acting().stream().allMatch(Acting::intact)) {
      primary.prepare(slot);
    }
    List<String> missing = missing(slot, config);
    if (missing.isEmpty()) {
      return isUntidy(slot, config) && primary.tidy(slot);
    }
    boolean changed = false;
    Optional<IOException> failure = Optional.empty();
    for (String node : missing) {
      try {
        changed |= primary.bringUp(slot, node);
      } catch (IOException e) {
        // The next one may answer.
        failure = failure.isPresent() ? failure : Optional.of(e);
      }
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
    return changed;
  }

  /// The other nodes that are asked when the next thing is done in a slot.
  Set<String> asked(int slot) {
    Set<String> asked = new HashSet<>();
    Optional<SlotConfig> config = table.of(slot).filter(known -> known.isPrimary(self));
    if (config.isPresent()) {
      asked.addAll(config.get().nodes());
      asked.addAll(table.holders(slot));
      asked.removeIf(node -> node.equals(self) || !table.nodes().isUp().test(node));
    }
    return asked;
  }

  /// A slot is done when the record says that all its holders that are up are acting and nobody
  /// else is, and that the first of them is primary.
  private boolean isOpen(int slot) throws IOException {
    Optional<SlotConfig> known = table.of(slot);
    if (known.isEmpty()) {
      return false;
    }
    SlotConfig config = known.get();
    if (!config.isPrimary(self)) {
      return isLeftOver(slot, config);
    }
    List<String> up = holders(slot);
    return !table.rules().isActive(config, table.nodes())
        || !config.acting().stream().allMatch(a -> a.intact() && up.contains(a.node()))
        || !up.stream().allMatch(config::isActing)
        || isUntidy(slot, config);
  }

  private boolean isLeftOver(int slot, SlotConfig config) throws IOException {
    return !config.isActing(self) && !table.holders(slot).contains(self) && holder.has(slot);
  }

  /// The nodes that are up and are to have the slot's objects.
  private List<String> holders(int slot) {
    return table.holders(slot).stream().filter(table.nodes().isUp()).toList();
  }

  private List<String> missing(int slot, SlotConfig config) {
    return holders(slot).stream().filter(node -> !config.isActing(node)).toList();
  }

  /// Whether [Primary#tidy] may change something, where all holders that are up are acting.
  private boolean isUntidy(int slot, SlotConfig config) {
    List<String> up = holders(slot);
    return (!up.isEmpty() && !up.getFirst().equals(self))
        || !table.holders(slot).containsAll(config.nodes())
        || primary.askedInVain(slot);
  }
}

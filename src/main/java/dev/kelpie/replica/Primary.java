package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Outcome;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// Answers clients for the slots of which this node is primary (`docs/replication.md`, "Changes",
/// "A new ballot", "Deferred changes and barriers", "Catching up").
///
/// Every request shares its slot's turn; who makes the slot's copies equal, or changes its
/// configuration, has it alone. In a slot, reads share an object's turn, and a change has it alone.
/// Order of turns: slot, object.
public final class Primary {
  private final String self;
  private final SlotTable table;
  private final Holder own;
  private final Everywhere everywhere;
  private final Pause pause;
  private final Equalizer equalizer;
  private final Turns<Integer> slots;
  private final Turns<ObjectId> objects;
  private final Map<Integer, Led> led = new ConcurrentHashMap<>();

  /// By slot. Kept longer than what this node leads, since a commit that failed ends only that.
  private final Map<Integer, Asked> asked = new ConcurrentHashMap<>();

  /// Counts the changes of all slots, so that no two of one ballot have the same number, also where
  /// the slot was prepared several times under it. A restart brings another ballot.
  private final AtomicLong changes = new AtomicLong();

  /// Waits a little, after something failed that is to be tried again.
  @FunctionalInterface
  public interface Pause {
    void run() throws IOException;
  }

  /// Nodes that were asked to join under a configuration, and keep what they have because of that.
  private record Asked(Claim claim, Set<String> nodes) {
    Asked(Claim claim) {
      this(claim, ConcurrentHashMap.newKeySet());
    }
  }

  /// A slot in which deferred changes were made, the first of them under this ballot.
  public record Deferred(int slot, long since) {}

  /// Deferred changes may have been lost by all nodes that had them.
  public static final class ChangesLost extends IOException {
    private static final long serialVersionUID = 1;

    private final int slot;

    public ChangesLost(int slot) {
      super("all nodes of slot " + slot + " restarted before its changes were durable");
      this.slot = slot;
    }

    /// Where they were made.
    public int slot() {
      return slot;
    }
  }

  public Primary(
      String self, SlotTable table, Holder own, Everywhere everywhere, Pause pause, Locks locks) {
    this.self = self;
    this.table = table;
    this.own = own;
    this.everywhere = everywhere;
    this.pause = pause;
    this.equalizer = new Equalizer(self, everywhere);
    this.slots = new Turns<>(locks);
    this.objects = new Turns<>(locks);
  }

  /// Reads a part of an object.
  ///
  /// @return `DONE` or `NO_OBJECT`
  /// @throws Outdated where this node is not the primary any more
  public Outcome read(ObjectId object, int offset, ByteBuffer into) throws IOException {
    int slot = Slots.of(object);
    Led mine = enter(slot);
    try {
      while (true) {
        objects.enterShared(object);
        try {
          if (!mine.unequal.contains(object)) {
            Outcome outcome = own.read(object, offset, into);
            requireServing(mine);
            return outcome;
          }
        } finally {
          objects.leaveShared(object);
        }
        makeEqual(mine, object);
      }
    } finally {
      slots.leaveShared(slot);
    }
  }

  /// The same as below, in the name of the configuration that is known here.
  public Outcome change(ObjectId object, Step step) throws IOException {
    int slot = Slots.of(object);
    long known = table.of(slot).map(SlotConfig::ballot).orElse(0L);
    return change(new Claim(slot, known), object, step);
  }

  /// Changes an object at all nodes that must have it.
  ///
  /// Who asks names the configuration that it knows, and nothing is done under another: what was on
  /// its way here while another node was primary, and was asked of that one again, comes too late
  /// also where this node is primary once more.
  ///
  /// @return `DONE`, `NO_OBJECT` or `NO_SPACE`
  /// @throws Outdated where this node is not the primary of that configuration, or not any more;
  ///   the change is made or not
  public Outcome change(Claim claim, ObjectId object, Step step) throws IOException {
    int slot = claim.slot();
    Led mine = enter(slot);
    try {
      if (mine.claim.ballot() != claim.ballot()) {
        throw new Outdated(claim, mine.claim.ballot());
      }
      objects.enterAlone(object);
      try {
        Outcome outcome = change(mine, object, step);
        requireServing(mine);
        return outcome;
      } finally {
        objects.leaveAlone(object);
      }
    } finally {
      slots.leaveShared(slot);
    }
  }

  /// Makes durable what was deferred on behalf of a VDI.
  ///
  /// @param deferred slots of which this node is primary
  /// @throws ChangesLost where that is not possible any more
  public void flush(VdiId vdi, List<Deferred> deferred) throws IOException {
    List<Led> entered = new ArrayList<>();
    try {
      Set<String> flushed = new HashSet<>();
      for (Deferred part : deferred) {
        Led mine = enter(part.slot);
        entered.add(mine);
        if (part.since < mine.config.safe()) {
          throw new ChangesLost(part.slot);
        }
        List<String> nodes = mine.acting().stream().filter(flushed::add).toList();
        flush(mine, nodes, vdi);
      }
      for (Led mine : entered) {
        requireServing(mine);
      }
    } finally {
      entered.forEach(mine -> slots.leaveShared(mine.claim.slot()));
    }
  }

  private Outcome change(Led mine, ObjectId object, Step step) throws IOException {
    while (true) {
      requireServing(mine);
      if (mine.unequal.contains(object) && !tryEqualize(mine, object)) {
        continue;
      }
      Version before = own.version(mine.claim, object);
      if (before.equals(Version.ABSENT) && step.kind() != Step.Kind.CREATE) {
        return Outcome.NO_OBJECT;
      }
      Version after = new Version(mine.claim.ballot(), changes.incrementAndGet());
      mine.unequal.add(object);
      boolean full = send(mine, object, before, after, step);
      if (!mine.unequal.contains(object)) {
        return Outcome.DONE;
      }
      boolean equal = tryEqualize(mine, object);
      if (equal && isDone(mine, object, after, step)) {
        if (step.durability() == Durability.DURABLE) {
          flush(mine, mine.acting(), step.vdi());
        }
        return Outcome.DONE;
      }
      if (full) {
        return Outcome.NO_SPACE;
      }
    }
  }

  /// Has everybody make the change. Where all have, the object's copies are equal.
  ///
  /// @return whether somebody has no space for it
  private boolean send(Led mine, ObjectId object, Version before, Version after, Step step)
      throws IOException {
    List<String> acting = mine.acting();
    List<String> all = new ArrayList<>(acting);
    mine.joiners.forEach(joiner -> all.add(joiner.node()));
    Map<String, Copies.Result> results =
        everywhere.ask(all, copies -> copies.change(mine.claim, object, before, after, step));
    if (acting.stream().allMatch(node -> results.get(node) == Copies.Result.DONE)) {
      mine.unequal.remove(object);
    }
    for (Led.Joiner joiner : mine.joiners) {
      if (results.get(joiner.node()) != Copies.Result.DONE) {
        joiner.behind().add(object);
      }
    }
    return results.containsValue(Copies.Result.NO_SPACE);
  }

  private boolean isDone(Led mine, ObjectId object, Version after, Step step) throws IOException {
    Version wanted = step.kind() == Step.Kind.REMOVE ? Version.ABSENT : after;
    return own.version(mine.claim, object).equals(wanted);
  }

  private void makeEqual(Led mine, ObjectId object) throws IOException {
    objects.enterAlone(object);
    try {
      requireServing(mine);
      if (mine.unequal.contains(object)) {
        boolean _ = tryEqualize(mine, object);
      }
    } finally {
      objects.leaveAlone(object);
    }
  }

  /// @return whether it is done; otherwise it is to be tried again, after a pause
  private boolean tryEqualize(Led mine, ObjectId object) throws IOException {
    try {
      Version _ = equalizer.equalize(mine, object, mine.acting(), mine.acting());
      return true;
    } catch (Outdated e) {
      throw e;
    } catch (IOException e) {
      pause.run();
      return false;
    }
  }

  private void flush(Led mine, List<String> nodes, VdiId vdi) throws IOException {
    boolean done = false;
    while (!done) {
      Map<String, Boolean> answers =
          everywhere.ask(
              nodes,
              copies -> {
                copies.flush(mine.claim, vdi);
                return true;
              });
      done = answers.keySet().containsAll(nodes);
      if (!done) {
        pause.run();
        requireServing(mine);
      }
    }
  }

  /// Shares the slot's turn, when everything is ready for clients.
  private Led enter(int slot) throws IOException {
    while (true) {
      slots.enterShared(slot);
      boolean ready = false;
      try {
        Optional<Led> mine = current(slot);
        if (mine.isPresent()) {
          requireServing(mine.get());
          ready = true;
          return mine.get();
        }
      } finally {
        if (!ready) {
          slots.leaveShared(slot);
        }
      }
      prepare(slot);
    }
  }

  /// The slot under its present configuration, if it is prepared.
  private Optional<Led> current(int slot) {
    Optional<SlotConfig> known = table.of(slot);
    return Optional.ofNullable(led.get(slot))
        .filter(mine -> known.isPresent() && mine.claim.ballot() == known.get().ballot());
  }

  private void requireServing(Led mine) throws IOException {
    int slot = mine.claim.slot();
    SlotConfig known = requirePrimary(slot);
    if (known.ballot() != mine.claim.ballot()) {
      throw new Outdated(mine.claim, known.ballot());
    }
    if (!table.rules().isActive(known, table.nodes())) {
      throw new IOException("too few nodes that have slot " + slot + " are up");
    }
    if (!table.mayServe()) {
      throw new IOException("node " + self + " may have been taken for dead");
    }
  }

  private SlotConfig requirePrimary(int slot) throws IOException {
    Optional<SlotConfig> known = table.of(slot);
    if (known.isEmpty() || !known.get().isPrimary(self)) {
      throw new Outdated(new Claim(slot, 0), known.map(SlotConfig::ballot).orElse(0L));
    }
    return known.get();
  }

  /// Makes the slot's copies equal and durable, if that was not done under its present
  /// configuration.
  ///
  /// @throws IOException where a node does not answer: it is to be tried again
  public void prepare(int slot) throws IOException {
    slots.enterAlone(slot);
    try {
      if (current(slot).isPresent()) {
        return;
      }
      // A commit of this node may be in doubt.
      Optional<SlotConfig> _ = table.look(slot);
      SlotConfig config = requirePrimary(slot);
      Led mine = new Led(new Claim(slot, config.ballot()), config);
      List<String> up = config.nodes().stream().filter(table.nodes().isUp()).toList();
      makeEqual(mine, up);
      if (up.size() == config.acting().size()) {
        markIntact(mine);
      }
      led.put(slot, mine);
    } finally {
      slots.leaveAlone(slot);
    }
  }

  private void makeEqual(Led mine, List<String> up) throws IOException {
    Map<String, List<Versioned>> found = everywhere.ask(up, copies -> copies.prepare(mine.claim));
    requireAll(mine, up, found);
    Set<Versioned> everything = new HashSet<>();
    found.values().forEach(everything::addAll);
    Set<ObjectId> differing = new HashSet<>();
    for (Versioned one : everything) {
      if (!found.values().stream().allMatch(list -> list.contains(one))) {
        differing.add(one.object());
      }
    }
    for (ObjectId object : differing) {
      Version _ = equalizer.equalize(mine, object, up, judges(mine, up));
    }
    Map<String, Boolean> durable =
        everywhere.ask(
            up,
            copies -> {
              copies.flushAll(mine.claim);
              return true;
            });
    requireAll(mine, up, durable);
  }

  /// Whose copies count when they are made equal: those that have lost nothing. A copy that a power
  /// cut brought back is larger than none, where a removal was begun that nobody was told of.
  private static List<String> judges(Led mine, List<String> up) {
    List<String> intact =
        mine.config.acting().stream().filter(Acting::intact).map(Acting::node).toList();
    List<String> judges = up.stream().filter(intact::contains).toList();
    return judges.isEmpty() ? up : judges;
  }

  private static void requireAll(Led mine, List<String> nodes, Map<String, ?> answers)
      throws IOException {
    for (String node : nodes) {
      if (!answers.containsKey(node)) {
        throw new IOException("node " + node + " does not answer for slot " + mine.claim.slot());
      }
    }
  }

  private void markIntact(Led mine) throws IOException {
    SlotConfig equal = table.rules().equal(mine.config);
    if (!equal.equals(mine.config) && !table.commit(mine.claim.slot(), mine.config, equal)) {
      throw new Outdated(mine.claim, 0);
    }
  }

  /// Brings a node up to date that is to have the slot's objects, and makes it acting. Changes go
  /// on meanwhile.
  ///
  /// @return whether it is done; otherwise it is to be tried again
  public boolean bringUp(int slot, String node) throws IOException {
    prepare(slot);
    Led.Joiner joiner = new Led.Joiner(node);
    slots.enterShared(slot);
    try {
      Optional<Led> mine = current(slot);
      if (mine.isEmpty() || mine.get().config.isActing(node)) {
        return mine.isPresent(); // a commit that was in doubt may have made it acting
      }
      ask(mine.get(), node);
      mine.get().joiners.add(joiner);
      joiner.behind().addAll(differing(mine.get(), node));
      bringAll(mine.get(), joiner);
    } catch (IOException | RuntimeException e) {
      drop(slot, joiner);
      throw e;
    } finally {
      slots.leaveShared(slot);
    }
    return join(slot, joiner);
  }

  private void bringAll(Led mine, Led.Joiner joiner) throws IOException {
    for (ObjectId object : List.copyOf(joiner.behind())) {
      objects.enterAlone(object);
      try {
        requirePrimary(mine.claim.slot());
        equalizer.bring(mine, object, joiner.node());
        joiner.behind().remove(object);
      } finally {
        objects.leaveAlone(object);
      }
    }
  }

  /// The last step, with the slot had alone: nothing changes while the rest is copied.
  private boolean join(int slot, Led.Joiner joiner) throws IOException {
    slots.enterAlone(slot);
    try {
      Optional<Led> mine = current(slot);
      // Asked before the node is: a life that answers is this one, or a later one.
      OptionalLong life = table.life(joiner.node());
      if (mine.isEmpty()
          || life.isEmpty()
          || !mine.get().joiners.contains(joiner)
          || !table.holders(slot).contains(joiner.node())) {
        return false;
      }
      bringAll(mine.get(), joiner);
      if (!differing(mine.get(), joiner.node()).isEmpty()) {
        return false;
      }
      // A barrier did not ask it for what it was sent meanwhile.
      everywhere.at(joiner.node()).flushAll(mine.get().claim);
      SlotConfig after =
          table.rules().join(mine.get().config, joiner.node(), table.nodes());
      SlotTable.Proven proven = new SlotTable.Proven(joiner.node(), life.getAsLong());
      return commit(mine.get(), after, Optional.of(proven));
    } finally {
      drop(slot, joiner);
      slots.leaveAlone(slot);
    }
  }

  /// Changes the configuration, with the slot had alone. Whatever comes of it, nobody is answered
  /// before the slot was prepared anew, with the configuration that there is then.
  private boolean commit(Led mine, SlotConfig after) throws IOException {
    return commit(mine, after, Optional.empty());
  }

  private boolean commit(Led mine, SlotConfig after, Optional<SlotTable.Proven> proven)
      throws IOException {
    led.remove(mine.claim.slot());
    return table.commit(mine.claim.slot(), mine.config, after, proven);
  }

  /// Whether a node was asked to join that is not to have the slot's objects any more. It removes
  /// what it has only under another configuration than that under which it was asked.
  boolean askedInVain(int slot) {
    Asked joining = asked.get(slot);
    Optional<SlotConfig> known = table.of(slot);
    return joining != null
        && known.filter(config -> config.ballot() == joining.claim.ballot()).isPresent()
        && joining.nodes.stream().anyMatch(node -> !table.holders(slot).contains(node));
  }

  private void ask(Led mine, String node) {
    asked
        .compute(
            mine.claim.slot(),
            (_, before) ->
                before != null && before.claim.equals(mine.claim) ? before : new Asked(mine.claim))
        .nodes
        .add(node);
  }

  /// What was copied to other nodes so far, and to this one.
  Copied copied() {
    return equalizer.copied();
  }

  /// Lets those go that are not to have the slot's objects, and gives the slot to the first of
  /// those that are. Only when all of these that are up have everything. Where a node was asked in
  /// vain to join, the slot gets another configuration, with the same in it.
  ///
  /// @return whether the configuration was changed
  public boolean tidy(int slot) throws IOException {
    prepare(slot);
    slots.enterAlone(slot);
    try {
      Optional<Led> mine = current(slot);
      SlotRules rules = table.rules();
      List<String> holders = table.holders(slot).stream().filter(table.nodes().isUp()).toList();
      if (mine.isEmpty()
          || holders.size() < rules.leastCopies()
          || !holders.stream().allMatch(mine.get().config::isActing)) {
        return false;
      }
      SlotConfig config = mine.get().config;
      if (!holders.getFirst().equals(self)) {
        return commit(mine.get(), rules.handOver(config, holders.getFirst()));
      }
      Optional<String> guest =
          config.nodes().stream().filter(node -> !table.holders(slot).contains(node)).findFirst();
      if (guest.isPresent()) {
        return commit(mine.get(), rules.leave(config, guest.get()));
      }
      return askedInVain(slot) && commit(mine.get(), rules.handOver(config, self));
    } finally {
      slots.leaveAlone(slot);
    }
  }

  private void drop(int slot, Led.Joiner joiner) {
    Led mine = led.get(slot);
    if (mine != null) {
      mine.joiners.remove(joiner);
    }
  }

  /// The objects in which another node's copies are not like this node's.
  private Set<ObjectId> differing(Led mine, String node) throws IOException {
    Set<Versioned> here = new HashSet<>(own.prepare(mine.claim));
    Set<Versioned> there = new HashSet<>(everywhere.at(node).prepare(mine.claim));
    Set<ObjectId> differing = new HashSet<>();
    here.stream().filter(one -> !there.contains(one)).forEach(o -> differing.add(o.object()));
    there.stream().filter(one -> !here.contains(one)).forEach(o -> differing.add(o.object()));
    return differing;
  }
}

package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CopyStore;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/// Some nodes with a few objects in two slots, in one thread: one seed, one run. Messages are lost,
/// done without an answer, or done late; nodes are cut off, paused in the middle of a call, killed
/// with and without their power, started again; the map changes, and so do the holders. While a
/// node waits for another, or for its disk, anything else may happen.
///
/// What goes wrong only after several events that have to do with each other, chance alone brings
/// about too seldom. So a run may have a [ReplicaStories.Story], which tells such events again and
/// again, with other nodes and in other moments.
///
/// What clients see is checked as they see it ([Register]): no acknowledged value is lost, none
/// comes back, and a barrier that succeeded is never undone.
public final class ReplicaSimulation {
  private static final VdiId VDI = new VdiId(7);
  private static final int DEPTH_MAX = 3;

  /// Runs differ in how much fails.
  private static final int MILDNESS_MAX = 4;

  /// In a story little else fails.
  private static final int MILDNESS_TOLD = 8;

  /// In one of so many waits something else happens, of itself and in a story.
  private static final int RESTLESSNESS = 3;

  private static final int RESTLESSNESS_TOLD = 24;

  /// A disk answers so much sooner than another node.
  private static final int DISK_SPEED = 8;

  /// So few that one which matters arrives before it is too old to matter.
  private static final int STRAY_MAX = 6;

  private static final int SLOTS = 2;
  private static final int OBJECTS = 3;

  final SplittableRandom chance;
  final SlotRules rules;
  final List<Node> nodes = new ArrayList<>();
  final List<ObjectId> objects = new ArrayList<>();
  final List<Integer> slots = new ArrayList<>();
  private final Map<ObjectId, List<Register>> registers = new HashMap<>();
  private final Map<ObjectId, Boolean> busy = new HashMap<>();
  private final Map<Integer, Long> deferredSince = new HashMap<>();
  private final StringBuilder history = new StringBuilder();
  private final List<Late> stray = new ArrayList<>();
  private final Map<Integer, SlotConfig> records = new HashMap<>();
  private final Map<Integer, List<String>> holders = new HashMap<>();
  private long mapVersion = 1;
  private long values;
  private int depth;
  private final int mildness;
  private final int restlessness;
  private final boolean told;
  private Optional<Interruption> interruption = Optional.empty();
  private Optional<Runnable> afterProof = Optional.empty();
  private boolean faults = true;
  private int answered;

  /// What happens in the middle of something, after so many messages and writes.
  private static final class Interruption {
    private final Runnable what;
    private int left;

    Interruption(int after, Runnable what) {
      this.left = after;
      this.what = what;
    }
  }

  private ReplicaSimulation(long seed, int count, int copies, int least, boolean told) {
    chance = new SplittableRandom(seed);
    this.told = told;
    mildness = told ? MILDNESS_TOLD : 1 + (int) Math.floorMod(seed, (long) MILDNESS_MAX);
    restlessness = told ? RESTLESSNESS_TOLD : RESTLESSNESS;
    rules = new SlotRules(least);
    for (int i = 0; i < count; i++) {
      nodes.add(new Node("n" + i));
    }
    chooseObjects();
    SlotRules.Nodes all = new SlotRules.Nodes(_ -> true, _ -> false);
    for (int slot : slots) {
      holders.put(slot, shuffled().subList(0, copies));
      records.put(slot, rules.first(holders(slot), all));
    }
    nodes.forEach(Node::start);
    nodes.forEach(node -> node.process().look());
  }

  private void chooseObjects() {
    for (int i = 0; objects.size() < OBJECTS; i++) {
      ObjectId object = ObjectId.attribute(VDI, i);
      int slot = Slots.of(object);
      if (slots.size() < SLOTS && !slots.contains(slot)) {
        slots.add(slot);
        objects.add(object);
      } else if (slots.size() == SLOTS && slots.contains(slot)) {
        objects.add(object);
      }
    }
    for (ObjectId object : objects) {
      registers.put(object, List.of(new Register(), new Register()));
    }
  }

  /// Runs once.
  ///
  /// @param events so many, where just anything happens
  /// @param story the name of a [ReplicaStories.Story]
  /// @return how many requests were answered
  /// @throws AssertionError with the history, where a client saw what must not be
  public static int run(long seed, int count, int copies, int least, int events, String story) {
    ReplicaStories.Story told = ReplicaStories.Story.valueOf(story);
    ReplicaSimulation simulation =
        new ReplicaSimulation(seed, count, copies, least, told != ReplicaStories.Story.ANYTHING);
    try {
      new ReplicaStories(simulation).tell(told, events);
      simulation.calm();
    } catch (AssertionError | RuntimeException e) {
      String run =
          "seed %d (%d nodes, %d copies, %d at least, story %s): "
              .formatted(seed, count, copies, least, story);
      throw new AssertionError(run + e.getMessage() + "\n" + simulation.history, e);
    }
    return simulation.answered;
  }

  void say(String what) {
    history.append("  ".repeat(depth)).append(what).append('\n');
  }

  List<String> shuffled() {
    List<String> names = new ArrayList<>(nodes.stream().map(n -> n.name).toList());
    for (int i = names.size() - 1; i > 0; i--) {
      Collections.swap(names, i, chance.nextInt(i + 1));
    }
    return names;
  }

  List<String> holders(int slot) {
    return List.copyOf(holders.getOrDefault(slot, List.of()));
  }

  SlotConfig config(int slot) {
    return Objects.requireNonNull(records.get(slot));
  }

  private List<Register> registers(ObjectId object) {
    return Objects.requireNonNull(registers.get(object));
  }

  Node node(String name) {
    return nodes.stream().filter(n -> n.name.equals(name)).findFirst().orElseThrow();
  }

  Node anyNode() {
    return nodes.get(chance.nextInt(nodes.size()));
  }

  int anySlot() {
    return slots.get(chance.nextInt(slots.size()));
  }

  /// A machine. What is in the map of it stands here too.
  final class Node {
    final String name;
    private final SimulatedCopies disk = new SimulatedCopies();
    private Optional<Life> process = Optional.empty();
    private boolean cut;
    private boolean paused;
    private boolean up = true;
    private long incarnation;

    /// Half of what it asks others for arrives late.
    boolean slow;

    /// It will not hear what became of its next commit.
    boolean doubtful;

    boolean isCut() {
      return cut;
    }

    Node(String name) {
      this.name = name;
    }

    void start() {
      process = Optional.of(new Life(this));
    }

    private Life process() {
      return process.orElseThrow();
    }
  }

  /// A request that is still on its way, which nobody waits for any more.
  private static final class Late {
    private final Runnable request;
    private boolean over;

    Late(Runnable request) {
      this.request = request;
    }

    void arrive() {
      if (!over) {
        over = true;
        request.run();
      }
    }
  }

  /// What a process knows of the map: by node, the incarnation that is up.
  private record Seen(long version, Map<String, Long> up, Map<Integer, List<String>> holders) {}

  /// Something failed between nodes. No stack: that would take most of a run's time.
  private static final class Unanswered extends IOException {
    private static final long serialVersionUID = 1;

    Unanswered(String why) {
      super(why);
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
      return this;
    }
  }

  /// Thrown where a process goes on that was killed meanwhile.
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Killed() {
      super(null, null, false, false);
    }
  }

  /// Thrown where a nested event would wait for one that it interrupts.
  private static final class WouldBlock extends RuntimeException {
    private static final long serialVersionUID = 1;

    WouldBlock() {
      super(null, null, false, false);
    }
  }

  /// A life of a node.
  private final class Life implements SlotTable, Everywhere {
    private final Node node;
    private long life;
    private boolean leased;
    private boolean alive = true;
    private Seen map = new Seen(0, Map.of(), Map.of());
    private final Map<Integer, SlotConfig> known = new HashMap<>();
    private final Map<String, List<Late>> late = new HashMap<>();
    private final Holder holder;
    private final Primary primary;
    private final Recovery recovery;

    Life(Node node) {
      this.node = node;
      this.life = node.incarnation;
      this.leased = node.up;
      Locks locks = new OneThreadLocks();
      this.holder = new Holder(this, disk(), locks);
      this.primary = new Primary(node.name, this, holder, this, this::pause, locks);
      this.recovery = new Recovery(node.name, this, holder, primary, locks);
    }

    private CopyStore disk() {
      return Calls.before(
          CopyStore.class,
          node.disk,
          _ -> {
            maybeEvents(DISK_SPEED);
            live();
          });
    }

    private void live() {
      if (!alive) {
        throw new Killed();
      }
    }

    private void pause() throws IOException {
      maybeEvents();
      live();
      if (chance.nextInt(4) == 0) {
        throw new Unanswered("enough of it");
      }
    }

    void look() {
      map = currentMap();
      records.forEach(known::put);
    }

    @Override
    public Optional<SlotConfig> of(int slot) {
      live();
      return Optional.ofNullable(known.get(slot));
    }

    @Override
    public Optional<SlotConfig> look(int slot) throws IOException {
      maybeEvents();
      live();
      if (node.cut) {
        throw new Unanswered("cut off");
      }
      look();
      return of(slot);
    }

    @Override
    public boolean commit(int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven)
        throws IOException {
      maybeEvents();
      live();
      if (node.cut) {
        throw new Unanswered("cut off");
      }
      boolean doubtful = node.doubtful;
      node.doubtful = false;
      if (fault(8) || (doubtful && chance.nextInt(4) == 0)) {
        throw new Unanswered("not committed, or so it seems");
      }
      boolean done =
          before.equals(config(slot))
              && map.version == mapVersion
              && rules.isSound(after, nodes())
              && proven.stream().allMatch(p -> life(p.node()).equals(OptionalLong.of(p.life())));
      if (done) {
        say(node.name + " commits " + slot + " " + after);
        proven.ifPresent(p -> requireDurable(slot, p.node()));
        records.put(slot, after);
        if (fault(4) || doubtful) {
          throw new Unanswered("committed, which nobody knows");
        }
        look();
      }
      return done;
    }

    @Override
    public List<String> holders(int slot) {
      return map.holders.getOrDefault(slot, List.of());
    }

    @Override
    public SlotRules.Nodes nodes() {
      Map<String, Long> up = map.up;
      return new SlotRules.Nodes(up::containsKey, _ -> false);
    }

    @Override
    public OptionalLong life(String node) {
      Long seen = map.up.get(node);
      return seen == null ? OptionalLong.empty() : OptionalLong.of(seen);
    }

    @Override
    public SlotRules rules() {
      return rules;
    }

    @Override
    public boolean isIn() {
      live();
      Long here = map.up.get(node.name);
      return here != null && here == life;
    }

    @Override
    public boolean mayServe() {
      return isIn() && leased;
    }

    @Override
    public <T> Map<String, T> ask(List<String> names, Question<T> question) throws IOException {
      Map<String, T> answers = new HashMap<>();
      Optional<Outdated> outdated = Optional.empty();
      for (String name : shuffled()) {
        if (names.contains(name)) {
          try {
            answers.put(name, call(name, () -> question.of(node(name).process().holder)));
          } catch (Outdated e) {
            outdated = Optional.of(e);
          } catch (IOException _) {
            // It did not answer.
          }
        }
      }
      live();
      if (outdated.isPresent()) {
        throw outdated.get();
      }
      return answers;
    }

    @Override
    public Copies at(String name) {
      return (Copies)
          java.lang.reflect.Proxy.newProxyInstance(
              Copies.class.getClassLoader(),
              new Class<?>[] {Copies.class},
              (_, method, arguments) ->
                  call(
                      name,
                      () -> {
                        if (method.getName().equals("flushAll")) {
                          meanwhile();
                        }
                        try {
                          return method.invoke(node(name).process().holder, arguments);
                        } catch (java.lang.reflect.InvocationTargetException e) {
                          switch (e.getCause()) {
                            case IOException cause -> throw cause;
                            case RuntimeException cause -> throw cause;
                            case null, default -> throw new AssertionError(e);
                          }
                        } catch (IllegalAccessException e) {
                          throw new AssertionError(e);
                        }
                      }));
    }

    private interface Call<T> {
      T run() throws IOException;
    }

    private <T> T call(String name, Call<T> call) throws IOException {
      live();
      if (name.equals(node.name)) {
        return call.run();
      }
      maybeEvents();
      live();
      List<Late> before = late.computeIfAbsent(name, _ -> new ArrayList<>());
      Node to = node(name);
      if (node.cut || to.cut || to.paused || to.process.isEmpty()) {
        throw new Unanswered("no way to " + name);
      }
      // What was asked before is done before, or never.
      List<Late> overdue = List.copyOf(before);
      before.clear();
      overdue.forEach(one -> {
        if (chance.nextBoolean()) {
          one.arrive();
        }
        one.over = true;
      });
      if (to.process.isEmpty() || fault(12)) {
        throw new Unanswered("lost on the way to " + name);
      }
      if (fault(16) || (node.slow && chance.nextBoolean())) {
        Late request = new Late(() -> arriveAt(to, call));
        before.add(request);
        stray.add(request);
        if (stray.size() > STRAY_MAX) {
          stray.removeFirst();
        }
        throw new Unanswered("late at " + name);
      }
      T answer;
      try {
        answer = call.run();
      } catch (Killed e) {
        live();
        throw new Unanswered(name + " died over it");
      }
      maybeEvents();
      live();
      if (fault(12)) {
        throw new Unanswered("the answer was lost on the way from " + name);
      }
      return answer;
    }
  }

  private void arriveAt(Node to, Life.Call<?> call) {
    try {
      if (to.process.isPresent()) {
        Object _ = call.run();
      }
    } catch (IOException | Killed | WouldBlock _) {
      // Nobody waits for it.
    }
  }

  /// Something arrives that was on its way, whoever sent it and is dead since.
  void arrive() {
    if (!stray.isEmpty()) {
      stray.remove(chance.nextInt(stray.size())).arrive();
    }
  }

  private Seen currentMap() {
    Map<String, Long> up = new HashMap<>();
    nodes.stream().filter(n -> n.up).forEach(n -> up.put(n.name, n.incarnation));
    return new Seen(mapVersion, up, new HashMap<>(holders));
  }

  private boolean fault(int oneIn) {
    return faults && chance.nextInt(oneIn * mildness) == 0;
  }

  private void maybeEvents() {
    maybeEvents(1);
  }

  /// @param less so much less often than while a node waits for another
  private void maybeEvents(int less) {
    if (!faults) {
      return;
    }
    if (interruption.isPresent()) {
      Interruption next = interruption.get();
      next.left--;
      if (next.left == 0) {
        interruption = Optional.empty();
        nested(next.what);
      }
    } else if (depth < DEPTH_MAX && chance.nextInt(restlessness * less) == 0) {
      nested(this::event);
    }
  }

  private void nested(Runnable what) {
    depth++;
    try {
      attempt(what);
    } finally {
      depth--;
    }
  }

  /// Does something, until it meets its end with a process, or would wait for what it interrupts.
  void attempt(Runnable what) {
    try {
      what.run();
    } catch (Killed | WouldBlock e) {
      say("..." + e.getClass().getSimpleName());
    }
  }

  /// Has something happen the next time that a node has shown that it has everything, before it
  /// joins.
  void interruptJoin(Runnable meanwhile) {
    afterProof = Optional.of(meanwhile);
  }

  private void meanwhile() {
    Optional<Runnable> now = afterProof;
    afterProof = Optional.empty();
    now.ifPresent(this::nested);
  }

  /// Does something, in the middle of which something else happens, if it takes long enough.
  ///
  /// @param after how many messages and writes; where it does not take so many, at its end
  void interrupt(int after, Runnable what, Runnable meanwhile) {
    interruption = Optional.of(new Interruption(after, meanwhile));
    attempt(what);
    if (interruption.isPresent()) {
      interruption = Optional.empty();
      attempt(meanwhile);
    }
  }

  void event() {
    attempt(this::anything);
  }

  private void anything() {
    switch (chance.nextInt(40 * mildness)) {
      case 0 -> kill(anyNode(), chance.nextBoolean());
      case 1, 2 -> restart(anyNode());
      case 3 -> toggleCut(anyNode());
      case 4 -> anyNode().paused ^= true;
      case 5 -> expire(anyNode());
      case 6, 7, 8 -> rejoin(anyNode());
      case 9 -> move();
      case 10, 11, 12 -> look(anyNode());
      case 13, 14, 15, 16, 17 -> recover(anyNode(), anySlot());
      case 18, 19 -> flush();
      case 20, 21, 22, 23 -> arrive();
      default -> request(objects.get(chance.nextInt(objects.size())));
    }
  }

  /// The service and the nodes: what the leader does.
  private void commitMap(Optional<String> anew) {
    mapVersion++;
    List<String> up = nodes.stream().filter(n -> n.up).map(n -> n.name).toList();
    SlotRules.Nodes now =
        new SlotRules.Nodes(up::contains, node -> anew.filter(node::equals).isPresent());
    for (int slot : slots) {
      SlotConfig before = config(slot);
      SlotConfig after = rules.settle(before, holders(slot), now);
      records.put(slot, after);
      if (!after.equals(before)) {
        say("slot " + slot + " is " + after);
      }
      boolean active = rules.isActive(after, now);
      if (active && !after.nodes().stream().allMatch(up::contains)) {
        throw new AssertionError("W: " + after + " with " + up + " up");
      }
    }
  }

  void kill(Node node, boolean power) {
    if (node.process.isPresent()) {
      say("kill " + node.name + (power ? " with its power" : ""));
      node.process().alive = false;
      node.process = Optional.empty();
      if (power) {
        node.disk.cutPower(chance);
        registers.values().forEach(list -> list.forEach(Register::mayLose));
      }
    }
  }

  void restart(Node node) {
    if (node.process.isEmpty()) {
      say("start " + node.name);
      node.start();
      node.process().life = -1;
      node.process().leased = false;
    }
  }

  void toggleCut(Node node) {
    node.cut ^= true;
    say((node.cut ? "cut " : "heal ") + node.name);
  }

  /// The node's record goes, not before its lease is over.
  void expire(Node node) {
    if (node.up) {
      node.process.ifPresent(process -> process.leased = false);
      node.up = false;
      say("down " + node.name);
      commitMap(Optional.empty());
    }
  }

  /// A process announces its life, and the leader sees it.
  void rejoin(Node node) {
    if (node.process.isPresent()
        && !node.cut
        && !node.process().mayServe()
        && (!node.up || node.process().life != node.incarnation)) {
      node.incarnation++;
      node.up = true;
      say("up " + node.name + " as " + node.incarnation);
      node.process().life = node.incarnation;
      commitMap(Optional.of(node.name));
      node.process().look();
      node.process().leased = true;
    }
  }

  private void move() {
    move(anySlot());
  }

  void move(int slot) {
    int copies = holders(slot).size();
    holders.put(slot, List.copyOf(shuffled().subList(0, copies)));
    say("holders of " + slot + " are " + holders(slot));
    commitMap(Optional.empty());
  }

  void look(Node node) {
    if (node.process.isPresent() && !node.cut) {
      node.process().look();
    }
  }

  void recover(Node node, int slot) {
    if (node.process.isEmpty() || node.paused) {
      return;
    }
    try {
      if (node.process().recovery.step(slot)) {
        say(node.name + " has recovered something in " + slot);
      }
    } catch (IOException e) {
      say(node.name + " recovers " + slot + "..." + e.getMessage());
    }
  }

  /// Somebody who believes that it is the primary; empty for nobody who answers.
  Optional<Node> primary(int slot) {
    List<Node> candidates =
        nodes.stream()
            .filter(n -> n.process.isPresent() && !n.paused)
            .filter(n -> n.process().of(slot).filter(c -> c.isPrimary(n.name)).isPresent())
            .toList();
    return candidates.isEmpty()
        ? Optional.empty()
        : Optional.of(candidates.get(chance.nextInt(candidates.size())));
  }

  void request(ObjectId object) {
    Optional<Node> to = primary(Slots.of(object));
    if (to.isEmpty() || busy.getOrDefault(object, false)) {
      if (to.isPresent()) {
        read(to.get(), object, chance.nextInt(SimulatedCopies.CELLS));
      }
      return;
    }
    int cell = chance.nextInt(SimulatedCopies.CELLS);
    if (chance.nextInt(3) == 0) {
      read(to.get(), object, cell);
    } else {
      write(to.get(), object, cell);
    }
  }

  /// An object has one writer.
  void write(Node to, ObjectId object, int cell) {
    if (busy.getOrDefault(object, false)) {
      return;
    }
    busy.put(object, true);
    try {
      change(to, object, cell);
    } finally {
      busy.put(object, false);
    }
  }

  void read(Node to, ObjectId object, int cell) {
    if (to.process.isEmpty()) {
      return;
    }
    Register register = registers(object).get(cell);
    ByteBuffer into = ByteBuffer.allocate(Long.BYTES);
    long begun = register.begin();
    try {
      Outcome outcome = to.process().primary.read(object, cell * SimulatedCopies.STRIDE, into);
      long value = outcome == Outcome.NO_OBJECT ? 0 : into.getLong(0);
      say(to.name + " reads " + object + "/" + cell + ": " + value);
      register.seen(value, begun);
      answered++;
    } catch (IOException e) {
      say(to.name + " reads " + object + "/" + cell + "..." + e.getMessage());
    }
  }

  /// A client writes until it is answered, or gives up.
  private void change(Node to, ObjectId object, int cell) {
    boolean removal = chance.nextInt(told ? 5 : 12) == 0;
    boolean create = !removal && chance.nextInt(6) == 0;
    Durability durability = chance.nextBoolean() ? Durability.DURABLE : Durability.DEFERRED;
    long value = removal ? 0 : ++values;
    Step step = step(removal, create, cell, value, durability);
    boolean whole = removal || create;
    List<Register> written = whole ? registers(object) : List.of(registers(object).get(cell));
    int slot = Slots.of(object);
    for (Register register : written) {
      register.write(valueFor(register, object, cell, value, whole));
    }
    Outcome outcome = Outcome.WOULD_WAIT;
    for (int attempt = 0; attempt < 4 && outcome == Outcome.WOULD_WAIT; attempt++) {
      try {
        if (durability == Durability.DEFERRED) {
          to.process
              .flatMap(p -> p.of(slot))
              .ifPresent(c -> deferredSince.merge(slot, c.ballot(), Math::min));
        }
        say(
            to.name
                + " "
                + step.kind()
                + " "
                + object
                + "/"
                + cell
                + " = "
                + value
                + " "
                + durability);
        if (to.process.isPresent()) {
          outcome = to.process().primary.change(object, step);
        }
      } catch (IOException | Killed | WouldBlock e) {
        say("..." + e);
        maybeEvents();
        Optional<Node> other = primary(slot);
        if (other.isEmpty()) {
          break;
        }
        to = other.get();
      }
    }
    say("= " + outcome + " " + object + "/" + cell + " = " + value);
    for (Register register : written) {
      switch (outcome) {
        case DONE -> register.acknowledged(durability == Durability.DURABLE);
        case NO_OBJECT -> register.absent();
        case WOULD_WAIT, NO_SPACE, STALE -> register.inDoubt();
      }
    }
    if (outcome == Outcome.DONE) {
      answered++;
      if (durability == Durability.DURABLE && !removal) {
        requireEnough(object, cell, value);
      }
    }
  }

  /// A client counts on it that so many disks have what was acknowledged.
  private void requireEnough(ObjectId object, int cell, long value) {
    long have = nodes.stream().filter(n -> n.disk.durably(object, cell) == value).count();
    if (have < rules.leastCopies()) {
      throw new AssertionError(
          have + " nodes have " + object + "/" + cell + " = " + value + ", which was acknowledged");
    }
  }

  /// What a barrier has promised is true of who joins.
  private void requireDurable(int slot, String joiner) {
    for (ObjectId object : objects) {
      if (Slots.of(object) == slot && !node(joiner).disk.isDurable(object)) {
        throw new AssertionError(object + " is not durable at " + joiner + ", which joins");
      }
    }
  }

  private long valueFor(Register register, ObjectId object, int cell, long value, boolean whole) {
    boolean other = whole && registers(object).indexOf(register) != cell;
    return other ? 0 : value;
  }

  private static Step step(
      boolean removal, boolean create, int cell, long value, Durability durability) {
    if (removal) {
      return new Step(Step.Kind.REMOVE, List.of(), VDI, durability);
    }
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).putLong(0, value);
    List<Extent> extents = List.of(new Extent(cell * SimulatedCopies.STRIDE, bytes));
    return new Step(create ? Step.Kind.CREATE : Step.Kind.WRITE, extents, VDI, durability);
  }

  void flush() {
    for (int slot : slots) {
      Optional<Node> to = primary(slot);
      if (to.isPresent() && deferredSince.containsKey(slot)) {
        flush(to.get(), slot);
      }
    }
  }

  /// A barrier of everything that was answered before.
  private void flush(Node to, int slot) {
    long since = Objects.requireNonNull(deferredSince.remove(slot));
    List<Register> all = new ArrayList<>();
    objects.stream().filter(o -> Slots.of(o) == slot).forEach(o -> all.addAll(registers(o)));
    List<Long> begun = all.stream().map(Register::moment).toList();
    boolean told = false;
    try {
      to.process().primary.flush(VDI, List.of(new Primary.Deferred(slot, since)));
      say(to.name + " flushes " + slot);
      for (int i = 0; i < all.size(); i++) {
        all.get(i).flushed(begun.get(i));
      }
      told = true;
      answered++;
    } catch (Primary.ChangesLost e) {
      say("lost: " + e.getMessage());
      all.forEach(Register::toldOfLoss);
      told = true;
    } catch (IOException e) {
      say("flush..." + e.getMessage());
    } finally {
      if (!told) {
        deferredSince.merge(slot, since, Math::min);
      }
    }
  }

  /// All faults end; then everything must work, and all copies be equal.
  private void calm() {
    faults = false;
    afterProof = Optional.empty();
    say("calm");
    for (Node node : nodes) {
      node.cut = false;
      node.paused = false;
      node.slow = false;
      node.doubtful = false;
      restart(node);
    }
    for (Node node : nodes) {
      rejoin(node);
    }
    for (int round = 0; round < 40; round++) {
      nodes.forEach(this::look);
      for (Node node : nodes) {
        for (int slot : slots) {
          recover(node, slot);
        }
      }
    }
    for (ObjectId object : objects) {
      Node to =
          primary(Slots.of(object)).orElseThrow(() -> new AssertionError("no primary: " + records));
      int before = answered;
      for (int cell = 0; cell < SimulatedCopies.CELLS; cell++) {
        read(to, object, cell);
      }
      if (answered != before + SimulatedCopies.CELLS) {
        throw new AssertionError("object " + object + " cannot be read: " + records);
      }
      requireEqual(object);
    }
  }

  private void requireEqual(ObjectId object) {
    int slot = Slots.of(object);
    SlotConfig config = config(slot);
    if (!config.nodes().containsAll(holders(slot))
        || config.acting().size() != holders(slot).size()) {
      throw new AssertionError("not in order: " + config + " instead of " + holders(slot));
    }
    long different =
        config.nodes().stream().map(n -> node(n).disk.content(object)).distinct().count();
    if (different != 1) {
      throw new AssertionError("copies of " + object + " differ");
    }
    for (Node node : nodes) {
      if (!config.isActing(node.name) && node.disk.has(object)) {
        throw new AssertionError("something is left of " + object + " at " + node.name);
      }
    }
  }

  /// Locks for one thread: who would wait is interrupted.
  private static final class OneThreadLocks implements Locks {
    @Override
    public Mutex mutex() {
      return new Mutex() {
        private boolean held;

        @Override
        public void lock() {
          if (!tryLock()) {
            throw new WouldBlock();
          }
        }

        @Override
        public boolean tryLock() {
          boolean free = !held;
          held = true;
          return free;
        }

        @Override
        public void unlock() {
          held = false;
        }

        @Override
        public Signal signal() {
          return new Signal() {
            @Override
            public void await() {
              throw new WouldBlock();
            }

            @Override
            public boolean await(Duration limit) {
              throw new WouldBlock();
            }

            @Override
            public void wakeAll() {}
          };
        }
      };
    }

    @Override
    public Gate gate() {
      return new Gate() {
        private int shared;
        private boolean alone;

        @Override
        public void enterShared() {
          if (!tryEnterShared()) {
            throw new WouldBlock();
          }
        }

        @Override
        public boolean tryEnterShared() {
          shared += alone ? 0 : 1;
          return !alone;
        }

        @Override
        public void leaveShared() {
          shared--;
        }

        @Override
        public void enterAlone() {
          if (alone || shared > 0) {
            throw new WouldBlock();
          }
          alone = true;
        }

        @Override
        public void leaveAlone() {
          alone = false;
        }
      };
    }
  }
}

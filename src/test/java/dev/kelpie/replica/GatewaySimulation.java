package dev.kelpie.replica;

import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.peer.PeerConfig;
import dev.kelpie.peer.PeerPort;
import dev.kelpie.peer.PeerSelf;
import dev.kelpie.peer.PeerServer;
import dev.kelpie.peer.Peers;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Platform;
import dev.kelpie.testing.baton.Baton;
import dev.kelpie.testing.baton.Host;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// Disks of virtual machines on a cluster that fails: one gateway through which a client for each
/// object writes, another one through which others read, and nodes that keep copies, all of them
/// processes with tasks, locks and connections of the real code. Machines stand still, lose their
/// power, are cut off from each other; connections break and bytes come late.
///
/// What clients see is checked as they see it ([Register]). The gateways learn of other
/// configurations by what they ask for alone.
public final class GatewaySimulation {
  private static final VdiId VDI = new VdiId(7);
  private static final int PORT = 7000;
  private static final int SLOTS = 3;
  private static final int OBJECTS = 4;
  private static final List<String> GATEWAYS = List.of("10.0.1.1", "10.0.1.2");
  private static final String WRITER = "10.0.1.1";
  private static final Duration WINDOW = Duration.ofMillis(1500);

  private static final PeerConfig CONFIG =
      new PeerConfig(
          Duration.ofMillis(150),
          Duration.ofMillis(80),
          Duration.ofMillis(200),
          Duration.ofMillis(250),
          Duration.ofMillis(400),
          64L << 20);

  private final Baton baton;
  private final SplittableRandom chance;
  private final SlotRules rules;
  private final SimulatedService service;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Gateway> gateways = new HashMap<>();
  private final List<ObjectId> objects = new ArrayList<>();
  private final Map<ObjectId, List<Register>> registers = new HashMap<>();
  private final Map<ObjectId, Doing> doing = new HashMap<>();
  private final StringBuilder history = new StringBuilder();
  private final int copies;
  private long values;
  private int answered;
  private int barriers;
  private int powerCuts;
  private boolean faultsEnded;
  private boolean calm;
  private boolean over;

  /// Whether nobody knows what the gateway had deferred before it came anew.
  private boolean unknownSince;

  private GatewaySimulation(long seed, int machines, int copies, int least) {
    this.baton = new Baton(seed);
    this.chance = baton.chance().split();
    this.rules = new SlotRules(least);
    this.copies = copies;
    this.service = new SimulatedService(baton, rules, this::say);
    for (int i = 1; i <= machines; i++) {
      nodes.add(new Node("10.0.0." + i));
    }
    chooseObjects();
  }

  private void chooseObjects() {
    List<Integer> slots = new ArrayList<>();
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
    for (int slot : slots) {
      service.add(slot, shuffled().subList(0, copies));
    }
    objects.forEach(object -> registers.put(object, List.of(new Register(), new Register())));
  }

  private List<String> shuffled() {
    List<String> names = new ArrayList<>(nodes.stream().map(n -> n.name).toList());
    for (int i = names.size() - 1; i > 0; i--) {
      Collections.swap(names, i, chance.nextInt(i + 1));
    }
    return names.stream().map(name -> name + ":" + PORT).toList();
  }

  /// Runs once.
  ///
  /// @return how many requests were answered
  /// @throws AssertionError with the history, where a client saw what must not be
  public static int run(long seed, int machines, int copies, int least, int events) {
    GatewaySimulation simulation = new GatewaySimulation(seed, machines, copies, least);
    try {
      simulation.baton.run(() -> simulation.direct(events));
    } catch (AssertionError e) {
      throw new AssertionError(
          "seed "
              + seed
              + " ("
              + machines
              + " nodes, "
              + copies
              + " copies, "
              + least
              + " at least): "
              + e.getMessage()
              + "\n"
              + simulation.history,
          e);
    }
    return simulation.answered;
  }

  private void say(String what) {
    history.append(String.format("%9.3f ", baton.now() / 1e6)).append(what).append('\n');
  }

  private List<Register> registers(ObjectId object) {
    return Objects.requireNonNull(registers.get(object));
  }

  private void sleep(long millisMax) {
    try {
      baton
          .director()
          .platform()
          .tasks()
          .sleep(Duration.ofNanos(chance.nextLong(1 + millisMax * 1_000_000)));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /// A machine that keeps copies.
  private final class Node {
    private final String name;
    private final SimulatedCopies disk = new SimulatedCopies();
    private Optional<Host> process = Optional.empty();

    Node(String name) {
      this.name = name;
    }

    void start() {
      Host host = baton.host(name);
      process = Optional.of(host);
      host.start("node", () -> live(host));
    }

    private void live(Host host) {
      Platform platform = host.platform();
      String self = name + ":" + PORT;
      SimulatedService.Table table = service.new Table(self, host);
      PeerSelf me = new PeerSelf(self, () -> 1, Optional.empty());
      Peers peers = new Peers(platform, CONFIG, me);
      Holder holder = new Holder(table, new SlowCopies(baton, host, disk), platform.locks());
      AllAtOnce everywhere =
          new AllAtOnce(self, holder, peers::copies, platform.tasks(), platform.locks());
      Primary primary =
          new Primary(self, table, holder, everywhere, () -> pause(platform), platform.locks());
      OwnStoreNode own = new OwnStoreNode(self, table, primary, holder);
      PeerServer server = new PeerServer(platform, Log.NONE, CONFIG, me, holder, own);
      PeerPort port = new PeerPort(platform, server);
      try {
        port.serve(platform.network().listen(new Endpoint.Tcp(InetAddress.ofLiteral(name), PORT)));
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      host.start("follow", () -> follow(table));
      host.start("recover", () -> recover(table, primary, self));
    }
  }

  private static void pause(Platform platform) throws IOException {
    try {
      platform.tasks().sleep(Duration.ofMillis(10));
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  private void follow(SimulatedService.Table table) {
    while (true) {
      try {
        table.renew();
        if (calm || chance.nextInt(2) == 0) {
          table.follow();
        }
      } catch (IOException _) {
        // It is cut off; it tries again.
      }
      sleep(40);
    }
  }

  private void recover(SimulatedService.Table table, Primary primary, String self) {
    while (true) {
      for (int slot : service.slots()) {
        Optional<SlotConfig> config = table.of(slot);
        if (config.filter(c -> c.isPrimary(self)).isPresent()) {
          try {
            recover(table, primary, slot, config.get());
          } catch (IOException _) {
            // It tries again.
          }
        }
      }
      sleep(60);
    }
  }

  private static void recover(
      SimulatedService.Table table, Primary primary, int slot, SlotConfig config)
      throws IOException {
    Optional<String> missing =
        table.holders(slot).stream()
            .filter(n -> table.nodes().isUp().test(n) && !config.isActing(n))
            .findFirst();
    boolean _ = missing.isPresent() ? primary.bringUp(slot, missing.get()) : primary.tidy(slot);
  }

  /// A machine whose virtual machines use the cluster.
  private final class Gateway {
    private final Host host;
    private final ReplicatedStore store;

    Gateway(String name) {
      this.host = baton.host(name);
      String self = name + ":" + PORT;
      Platform platform = host.platform();
      SimulatedService.Table table = service.new Table(self, host);
      PeerSelf me = new PeerSelf(self, () -> 1, Optional.empty());
      Peers peers = new Peers(platform, CONFIG, me);
      this.store =
          new ReplicatedStore(self, table, peers.store(self), peers::store, platform, WINDOW);
    }
  }

  private void startGateway(String name) {
    Gateway gateway = new Gateway(name);
    gateways.put(name, gateway);
    if (name.equals(WRITER)) {
      for (ObjectId object : objects) {
        gateway.host.start("write " + object, () -> write(gateway, object));
      }
      gateway.host.start("flush", () -> flush(gateway));
    }
    List<ObjectId> mine = new ArrayList<>();
    for (int i = GATEWAYS.indexOf(name); i < objects.size(); i += GATEWAYS.size()) {
      mine.add(objects.get(i));
    }
    for (ObjectId object : mine) {
      gateway.host.start("read " + object, () -> read(gateway, object));
    }
  }

  // Clients.

  private static Access access() {
    return new Access(VDI, Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
  }

  private void read(Gateway gateway, ObjectId object) {
    while (!over) {
      think();
      readOnce(gateway, object);
    }
  }

  /// @return whether it was answered
  private boolean readOnce(Gateway gateway, ObjectId object) {
    int cell = chance.nextInt(SimulatedCopies.CELLS);
    Register register = registers(object).get(cell);
    ByteBuffer into = ByteBuffer.allocate(Long.BYTES);
    long begun = register.begin();
    try {
      Outcome outcome = gateway.store.read(object, cell * SimulatedCopies.STRIDE, into, access());
      long value = outcome == Outcome.NO_OBJECT ? 0 : into.getLong(0);
      say(gateway.host.name() + " reads " + object + "/" + cell + ": " + value);
      register.seen(value, begun);
      answered++;
      return true;
    } catch (IOException e) {
      say(gateway.host.name() + " reads " + object + "/" + cell + "..." + e.getMessage());
      return false;
    }
  }

  /// Between two requests. Where nothing fails there is little to be seen.
  private void think() {
    sleep(faultsEnded ? 200 : 20);
  }

  /// A change that is not answered yet.
  ///
  /// @param cuts how often nodes had lost their power before
  private record Doing(Step.Kind kind, int cell, long value, boolean durable, int cuts) {}

  /// What was not answered is asked for first, also where the gateway has restarted: nobody knows
  /// whether it was done, and it may be done late, as long as nothing else was asked for.
  private void write(Gateway gateway, ObjectId object) {
    while (!over) {
      think();
      Doing next = doing.computeIfAbsent(object, this::begin);
      say("? " + object + " " + next);
      Outcome outcome = changeUntilAnswered(gateway, object, next);
      say("= " + outcome + " " + object + " " + next);
      doing.remove(object);
      end(object, next, outcome);
    }
  }

  private Doing begin(ObjectId object) {
    int dice = chance.nextInt(24);
    Step.Kind kind = dice == 0 ? Step.Kind.REMOVE : dice < 4 ? Step.Kind.CREATE : Step.Kind.WRITE;
    int cell = chance.nextInt(SimulatedCopies.CELLS);
    long value = kind == Step.Kind.REMOVE ? 0 : ++values;
    Doing next = new Doing(kind, cell, value, chance.nextInt(3) == 0, powerCuts);
    for (Register register : written(object, next)) {
      register.write(registers(object).indexOf(register) == cell ? value : 0);
    }
    return next;
  }

  private List<Register> written(ObjectId object, Doing done) {
    List<Register> all = registers(object);
    return done.kind == Step.Kind.WRITE ? List.of(all.get(done.cell)) : all;
  }

  private void end(ObjectId object, Doing done, Outcome outcome) {
    for (Register register : written(object, done)) {
      switch (outcome) {
        case DONE -> register.acknowledged(done.durable || done.kind == Step.Kind.REMOVE);
        case NO_OBJECT -> register.absent();
        case WOULD_WAIT, NO_SPACE, STALE -> throw new AssertionError(done + ": " + outcome);
      }
      if (powerCuts != done.cuts) {
        register.mayLose(); // the answer may be older than that
      }
    }
    answered++;
  }

  private static List<Extent> extents(Step.Kind kind, int cell, long value) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).putLong(0, value);
    return kind == Step.Kind.REMOVE
        ? List.of()
        : List.of(new Extent(cell * SimulatedCopies.STRIDE, bytes));
  }

  private Outcome changeUntilAnswered(Gateway gateway, ObjectId object, Doing what) {
    Durability durability = what.durable ? Durability.DURABLE : Durability.DEFERRED;
    Change change = Change.of(VDI, Generation.NONE, CacheMode.DIRECT, durability);
    List<Extent> extents = extents(what.kind, what.cell, what.value);
    while (true) {
      try {
        return switch (what.kind) {
          case WRITE -> gateway.store.write(object, extents, change);
          case CREATE -> gateway.store.create(object, Base.ZEROS, extents, change);
          case REMOVE -> {
            Outcome outcome = gateway.store.remove(object, change);
            yield outcome == Outcome.NO_OBJECT ? Outcome.DONE : outcome;
          }
        };
      } catch (IOException e) {
        say("..." + object + " " + what + " " + e.getMessage());
        if (calm) {
          throw new AssertionError("a change fails though nothing else does", e);
        }
      }
    }
  }

  private void flush(Gateway gateway) {
    while (!over) {
      sleep(120);
      flushOnce(gateway);
    }
  }

  private void flushOnce(Gateway gateway) {
    Map<Register, Long> begun = new HashMap<>();
    registers.values().forEach(list -> list.forEach(r -> begun.put(r, r.moment())));
    Set<Integer> lost = new HashSet<>();
    boolean done = false;
    try {
      gateway.store.flush(VDI);
      say("flushed");
      done = true;
    } catch (IOException e) {
      say("flush..." + e + " " + List.of(e.getSuppressed()));
      done = e instanceof Primary.ChangesLost;
      Stream.concat(Stream.of(e), Stream.of(e.getSuppressed()))
          .filter(Primary.ChangesLost.class::isInstance)
          .forEach(told -> lost.add(((Primary.ChangesLost) told).slot()));
      if (calm && !done) {
        throw new AssertionError("a barrier fails though nothing else does", e);
      }
    }
    barriers += done ? 1 : 0;
    for (ObjectId object : objects) {
      boolean isLost = lost.contains(Slots.of(object));
      for (Register register : registers(object)) {
        if (isLost || (done && unknownSince)) {
          register.toldOfLoss();
        }
        if (done && !isLost) {
          register.flushed(Objects.requireNonNull(begun.get(register)));
        }
      }
    }
    unknownSince &= !done;
  }

  // What happens to them.

  private void direct(int events) {
    nodes.forEach(Node::start);
    GATEWAYS.forEach(this::startGateway);
    baton.director().start("leader", this::lead);
    for (int i = 0; i < events; i++) {
      sleep(120);
      event();
    }
    calmDown();
  }

  private void lead() {
    while (!over) {
      service.lookAfter();
      sleep(20);
    }
  }

  private Node anyNode() {
    return nodes.get(chance.nextInt(nodes.size()));
  }

  private void event() {
    switch (chance.nextInt(24)) {
      case 0 -> kill(anyNode(), chance.nextBoolean());
      case 1, 2, 3, 4 -> nodes.stream().filter(n -> n.process.isEmpty()).forEach(this::restart);
      case 5, 6 -> stand(anyNode());
      case 7, 8, 9 -> cut(anyMachine(), anyMachine());
      case 10, 11, 12, 13 -> heal();
      case 14, 15, 16 -> cutOff(anyNode());
      case 17, 18 -> {
        say("break a connection");
        baton.network().breakOne();
      }
      case 19 -> move();
      case 20 -> restartGateway();
      case 21, 22 -> blackout();
      default -> {}
    }
  }

  private String anyMachine() {
    List<String> all = new ArrayList<>(GATEWAYS);
    nodes.forEach(node -> all.add(node.name));
    return all.get(chance.nextInt(all.size()));
  }

  private void kill(Node node, boolean power) {
    if (node.process.isPresent()) {
      say("kill " + node.name + (power ? " with its power" : ""));
      node.process.get().kill(power);
      node.process = Optional.empty();
      if (power) {
        powerCuts++;
        node.disk.cutPower(chance);
        registers.values().forEach(list -> list.forEach(Register::mayLose));
      }
    }
  }

  private void restart(Node node) {
    say("start " + node.name);
    node.start();
  }

  /// The machine stands still for a while: shorter or longer than its lease.
  private void stand(Node node) {
    if (node.process.isPresent()) {
      Host host = node.process.get();
      long millis = 20 + chance.nextLong(500);
      say(node.name + " stands still for " + millis + " ms");
      host.pause(true);
      baton.director().start("go on", () -> goOn(host, millis));
    }
  }

  private void goOn(Host host, long millis) {
    try {
      baton.director().platform().tasks().sleep(Duration.ofMillis(millis));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    say(host.name() + " goes on");
    host.pause(false);
  }

  private void cut(String one, String other) {
    if (!one.equals(other)) {
      say("cut " + one + " from " + other);
      baton.network().cut(one, other, true);
    }
  }

  private void cutOff(Node node) {
    say("cut " + node.name + " off");
    service.cut(node.name, true);
    nodes.forEach(other -> baton.network().cut(node.name, other.name, true));
    GATEWAYS.forEach(gateway -> baton.network().cut(node.name, gateway, true));
  }

  private void heal() {
    say("heal");
    baton.network().heal();
    nodes.forEach(node -> service.cut(node.name, false));
  }

  private void move() {
    int slot = service.slots().get(chance.nextInt(service.slots().size()));
    service.move(slot, List.copyOf(shuffled().subList(0, copies)));
    say("holders of " + slot + " are " + service.holders(slot));
  }

  private void restartGateway() {
    String name = GATEWAYS.get(chance.nextInt(GATEWAYS.size()));
    say("restart gateway " + name);
    Objects.requireNonNull(gateways.get(name)).host.kill(chance.nextBoolean());
    if (name.equals(WRITER)) {
      unknownSince = true;
    }
    startGateway(name);
  }

  private void blackout() {
    say("blackout");
    nodes.forEach(node -> kill(node, true));
    nodes.forEach(this::restart);
  }

  /// All faults end; then everything must work, and all copies be equal.
  private void calmDown() {
    say("faults end");
    faultsEnded = true;
    baton.calm();
    heal();
    nodes.stream().filter(n -> n.process.isEmpty()).forEach(this::restart);
    // What was begun while things failed may end so.
    rest(WINDOW.multipliedBy(2));
    calm = true;
    say("calm");
    rest(Duration.ofSeconds(1));
    over = true;
    rest(WINDOW.multipliedBy(2));
    for (Gateway gateway : gateways.values()) {
      for (ObjectId object : objects) {
        if (!readOnce(gateway, object)) {
          throw new AssertionError("object " + object + " cannot be read");
        }
      }
    }
    if (!doing.isEmpty() || barriers == 0) {
      throw new AssertionError("not answered: " + doing);
    }
    requireEqual();
  }

  private void rest(Duration time) {
    try {
      baton.director().platform().tasks().sleep(time);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void requireEqual() {
    for (int slot : service.slots()) {
      SlotConfig config = service.config(slot);
      if (!Set.copyOf(config.nodes()).equals(Set.copyOf(service.holders(slot)))) {
        throw new AssertionError("not in order: " + config + ", not " + service.holders(slot));
      }
      for (ObjectId object : objects) {
        long different =
            nodes.stream()
                .filter(n -> config.nodes().contains(n.name + ":" + PORT))
                .map(n -> n.disk.content(object))
                .distinct()
                .count();
        if (Slots.of(object) == slot && different != 1) {
          throw new AssertionError("copies of " + object + " differ");
        }
      }
    }
  }
}

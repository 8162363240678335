package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.placement.Slots;
import dev.kelpie.replica.ReplicaSimulation.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/// Events that have to do with each other, for a [ReplicaSimulation]: each story is about one kind
/// of fault, and is told several times in a run, every time of other nodes, in another order, and
/// with something happening at another moment. What clients see is checked as ever.
final class ReplicaStories {
  private static final int TOLD = 5;

  /// So many messages and writes at most are made before something happens in the middle.
  private static final int MOMENTS = 16;

  private final ReplicaSimulation world;
  private final SplittableRandom chance;

  /// What is told.
  enum Story {
    /// None: just anything happens.
    ANYTHING,
    /// The nodes of a slot go down one after the other, and clients go on with those that are left.
    FEWER_AND_FEWER,
    /// A primary is taken for dead and goes on answering, also what it has begun before.
    AFTER_THE_LEASE,
    /// A primary is lost in the middle of a change. The next one cannot reach everybody, and is
    /// soon replaced too.
    HALF_A_CHANGE,
    /// A slot is to be elsewhere, and who has it removes it as early as it may.
    MOVING,
    /// A node comes back, and catches up while clients change and flush; it or the primary is lost
    /// just before or after it joins.
    CATCHING_UP,
    /// A node has shown that it has everything. Then the map changes, before it joins; or nobody
    /// knows whether it has joined.
    JOINING,
    /// A node loses its power, starts again, and nobody has noticed yet.
    UNNOTICED,
    /// All nodes lose their power, not all come back, and others take their place.
    NO_POWER,
    /// A primary gives a slot away, and does not know whether it has.
    GIVING_AWAY
  }

  ReplicaStories(ReplicaSimulation world) {
    this.world = world;
    this.chance = world.chance;
  }

  void tell(Story story, int events) {
    if (story == Story.ANYTHING) {
      for (int i = 0; i < events; i++) {
        world.event();
      }
      return;
    }
    for (int i = 0; i < TOLD; i++) {
      begin();
      int slot = world.anySlot();
      world.say(story + " of " + slot);
      switch (story) {
        case ANYTHING -> world.event();
        case FEWER_AND_FEWER -> fewerAndFewer(slot);
        case AFTER_THE_LEASE -> afterTheLease(slot);
        case HALF_A_CHANGE -> halfAChange(slot);
        case MOVING -> moving(slot);
        case CATCHING_UP -> catchingUp(slot);
        case JOINING -> joining(slot);
        case UNNOTICED -> unnoticed(slot);
        case NO_POWER -> noPower(slot);
        case GIVING_AWAY -> givingAway(slot);
      }
      readEverywhere(slot);
    }
  }

  /// Everybody is there, most is in order, and there are objects.
  private void begin() {
    for (Node node : world.nodes) {
      node.slow = false;
      node.doubtful = false;
    }
    heal();
    world.nodes.forEach(this::comeBack);
    for (int round = 0; round < 4; round++) {
      for (Node node : world.nodes) {
        world.look(node);
        for (int slot : world.slots) {
          world.attempt(() -> world.recover(node, slot));
        }
      }
    }
    for (ObjectId object : world.objects) {
      write(Slots.of(object));
    }
  }

  private void fewerAndFewer(int slot) {
    List<Node> acting = acting(slot);
    int stay = chance.nextInt(2);
    while (acting.size() > stay) {
      lose(acting.removeLast());
      write(slot);
      if (perhaps()) {
        recoverHeir(slot);
      }
    }
    write(slot);
    if (perhaps()) {
      acting.forEach(this::lose);
    }
    for (Node node : shuffled()) {
      if (perhaps()) {
        comeBack(node);
        read(slot);
      }
    }
    recoverHeir(slot);
    write(slot);
  }

  private void afterTheLease(int slot) {
    Optional<Node> old = heir(slot);
    if (old.isEmpty()) {
      return;
    }
    Runnable lost =
        () -> {
          world.expire(old.get());
          write(slot);
          read(slot);
        };
    meanwhile(() -> client(old.get(), slot), lost);
    readAt(old.get(), slot);
    write(slot);
    readAt(old.get(), slot);
    if (perhaps()) {
      comeBack(old.get());
      readAt(old.get(), slot);
    }
  }

  private void halfAChange(int slot) {
    Optional<Node> old = heir(slot);
    if (old.isEmpty()) {
      return;
    }
    ObjectId object = anyObject(slot);
    int cell = anyCell();
    Runnable lost =
        () -> {
          if (perhaps()) {
            read(old.get(), object, cell);
          }
          lose(old.get());
          Optional<Node> next = heir(slot);
          if (perhaps()) {
            acting(slot).stream()
                .filter(node -> !next.equals(Optional.of(node)))
                .forEach(this::cut);
          }
          next.ifPresent(node -> read(node, object, cell));
          heal();
          next.ifPresent(node -> read(node, object, cell));
          if (perhaps()) {
            next.ifPresent(this::lose);
            heir(slot).ifPresent(node -> read(node, object, cell));
          }
        };
    old.get().slow = perhaps();
    meanwhile(() -> world.write(old.get(), object, cell), lost);
    heal();
    for (int i = 0; i < 2; i++) {
      world.attempt(world::arrive);
      if (perhaps()) {
        shuffled().forEach(this::comeBack);
      }
      heir(slot).ifPresent(node -> read(node, object, cell));
      heir(slot).ifPresent(this::lose);
      heir(slot).ifPresent(node -> read(node, object, cell));
    }
  }

  private void moving(int slot) {
    world.move(slot);
    if (perhaps()) {
      lose(any(acting(slot)));
    }
    Runnable lost =
        () -> {
          if (perhaps()) {
            world.move(slot);
          }
          lose(any(acting(slot)));
          recoverHeir(slot);
        };
    for (Node node : shuffled()) {
      if (perhaps()) {
        world.look(node);
      }
      if (chance.nextInt(4) == 0) {
        meanwhile(() -> world.recover(node, slot), lost);
      } else {
        world.attempt(() -> world.recover(node, slot));
      }
    }
    lose(any(acting(slot)));
    read(slot);
    write(slot);
    shuffled().stream().filter(_ -> perhaps()).forEach(this::comeBack);
    recoverHeir(slot);
    read(slot);
  }

  private void catchingUp(int slot) {
    Node away = any(acting(slot));
    lose(away);
    for (int i = chance.nextInt(3); i >= 0; i--) {
      write(slot);
    }
    world.attempt(world::flush);
    comeBack(away);
    Optional<Node> old = heir(slot);
    if (old.isEmpty()) {
      return;
    }
    old.get().doubtful = chance.nextInt(4) == 0;
    meanwhile(() -> world.recover(old.get(), slot), () -> whileItCatchesUp(slot, old.get(), away));
    if (perhaps()) {
      write(slot);
    }
    List<Node> gone = acting(slot);
    gone.removeIf(node -> node == away || perhaps());
    gone.forEach(this::lose);
    if (perhaps()) {
      cutPower(away);
      comeBack(away);
    }
    recoverHeir(slot);
    world.attempt(world::flush);
    read(slot);
    if (perhaps()) {
      gone.forEach(this::cutPower);
    }
    shuffled().forEach(this::comeBack);
    recoverHeir(slot);
    world.attempt(world::flush);
    read(slot);
  }

  private void whileItCatchesUp(int slot, Node old, Node away) {
    if (perhaps()) {
      cut(away);
    }
    for (int i = chance.nextInt(4); i > 0; i--) {
      write(slot);
    }
    heal();
    if (perhaps()) {
      world.attempt(world::flush);
    }
    boolean moved = perhaps();
    if (moved) {
      world.move(slot);
    }
    if (perhaps()) {
      cutPower(away);
      comeBack(away);
    }
    if (moved) {
      world.look(away);
      world.attempt(() -> world.recover(away, slot));
    }
    world.look(old);
  }

  private void joining(int slot) {
    Node away = any(acting(slot));
    lose(away);
    for (int i = chance.nextInt(3); i >= 0; i--) {
      write(slot);
    }
    comeBack(away);
    Optional<Node> old = heir(slot);
    if (old.isEmpty()) {
      return;
    }
    old.get().doubtful = perhaps();
    if (!old.get().doubtful) {
      world.interruptJoin(() -> beforeItJoins(slot, old.get(), away));
    }
    world.attempt(() -> world.recover(old.get(), slot));
    for (int i = chance.nextInt(3); i > 0; i--) {
      client(old.get(), slot);
    }
    List<Node> others = acting(slot);
    others.removeIf(node -> node == away);
    others.forEach(this::lose);
    read(slot);
    world.attempt(world::flush);
    read(slot);
  }

  private void beforeItJoins(int slot, Node old, Node away) {
    if (perhaps()) {
      for (int i = 0; i < 4 && world.holders(slot).contains(away.name); i++) {
        world.move(slot);
      }
    }
    if (perhaps()) {
      cutPower(away);
      comeBack(away);
    }
    world.look(away);
    world.attempt(() -> world.recover(away, slot));
    world.look(old);
  }

  private void unnoticed(int slot) {
    write(slot);
    Node node = any(acting(slot));
    cutPower(node);
    for (int i = chance.nextInt(3); i >= 0; i--) {
      Optional<Node> heir = heir(slot);
      heir.ifPresent(primary -> client(primary, slot));
      world.attempt(world::flush);
    }
    List<Node> gone = acting(slot);
    gone.removeIf(other -> other == node || perhaps());
    gone.forEach(this::lose);
    comeBack(node);
    recoverHeir(slot);
    read(slot);
    world.attempt(world::flush);
    read(slot);
  }

  private void noPower(int slot) {
    write(slot);
    List<Node> acting = acting(slot);
    for (Node node : acting) {
      if (perhaps()) {
        cutPower(node);
      }
      if (chance.nextInt(3) > 0) {
        comeBack(node);
      } else {
        world.expire(node);
      }
      if (perhaps()) {
        read(slot);
      }
    }
    if (perhaps()) {
      world.move(slot);
    }
    for (int i = chance.nextInt(3); i >= 0; i--) {
      recoverHeir(slot);
    }
    world.attempt(world::flush);
    read(slot);
    acting.stream().filter(_ -> perhaps()).forEach(this::comeBack);
    recoverHeir(slot);
    world.attempt(world::flush);
    read(slot);
  }

  private void givingAway(int slot) {
    world.move(slot);
    for (int i = chance.nextInt(3); i > 0; i--) {
      recoverHeir(slot);
    }
    Optional<Node> old = heir(slot);
    if (old.isEmpty()) {
      return;
    }
    Runnable client = () -> client(old.get(), slot);
    Runnable giving = () -> world.recover(old.get(), slot);
    if (perhaps()) {
      meanwhile(giving, client);
    } else {
      meanwhile(client, giving);
    }
    for (int i = 0; i < 3; i++) {
      write(slot);
      readEverywhere(slot);
      recoverHeir(slot);
    }
  }

  private boolean perhaps() {
    return chance.nextBoolean();
  }

  private <T> T any(List<T> list) {
    return list.get(chance.nextInt(list.size()));
  }

  private List<Node> shuffled() {
    return world.shuffled().stream().map(world::node).toList();
  }

  private List<Node> acting(int slot) {
    List<String> acting = world.config(slot).nodes();
    return new ArrayList<>(shuffled().stream().filter(n -> acting.contains(n.name)).toList());
  }

  private ObjectId anyObject(int slot) {
    return any(world.objects.stream().filter(object -> Slots.of(object) == slot).toList());
  }

  private int anyCell() {
    return chance.nextInt(SimulatedCopies.CELLS);
  }

  private void meanwhile(Runnable what, Runnable lost) {
    world.interrupt(1 + chance.nextInt(MOMENTS), what, lost);
  }

  /// Who is primary now, and knows it, if it can.
  private Optional<Node> heir(int slot) {
    Optional<Node> heir = world.config(slot).primary().map(world::node);
    heir.ifPresent(world::look);
    return heir;
  }

  private void recoverHeir(int slot) {
    heir(slot).ifPresent(node -> world.attempt(() -> world.recover(node, slot)));
  }

  /// The others take it for dead, sooner or later; perhaps it is.
  private void lose(Node node) {
    switch (chance.nextInt(4)) {
      case 0 -> world.kill(node, true);
      case 1 -> world.kill(node, false);
      case 2 -> cut(node);
      default -> {
        // It only was too slow.
      }
    }
    world.expire(node);
  }

  private void cutPower(Node node) {
    world.kill(node, true);
    world.restart(node);
  }

  private void comeBack(Node node) {
    if (node.isCut()) {
      world.toggleCut(node);
    }
    world.restart(node);
    world.attempt(() -> world.rejoin(node));
  }

  private void cut(Node node) {
    if (!node.isCut()) {
      world.toggleCut(node);
    }
  }

  private void heal() {
    world.nodes.stream().filter(Node::isCut).forEach(world::toggleCut);
  }

  private void client(Node node, int slot) {
    if (perhaps()) {
      readAt(node, slot);
    } else {
      world.attempt(() -> world.write(node, anyObject(slot), anyCell()));
    }
  }

  private void write(int slot) {
    ObjectId object = anyObject(slot);
    heir(slot).ifPresent(node -> world.attempt(() -> world.write(node, object, anyCell())));
  }

  private void read(int slot) {
    heir(slot).ifPresent(node -> readAt(node, slot));
  }

  /// Everything of a slot, whoever is the primary.
  private void readAt(Node node, int slot) {
    for (ObjectId object : world.objects) {
      for (int cell = 0; cell < SimulatedCopies.CELLS; cell++) {
        if (Slots.of(object) == slot) {
          read(node, object, cell);
        }
      }
    }
  }

  private void read(Node node, ObjectId object, int cell) {
    world.attempt(() -> world.read(node, object, cell));
  }

  private void readEverywhere(int slot) {
    world.nodes.forEach(node -> readAt(node, slot));
  }
}

package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/// The objects of a cluster, as its gateways see them: whatever is asked goes to the primary of the
/// object's slot, and is asked again, of the same or the next one, until it is answered
/// (`docs/replication.md`, "Clients of the store").
///
/// **Order.** A [Change] comes with an order pair of its maker's, which is not looked at here: what
/// keeps changes in order is that an object's primary makes one after the other and that each has a
/// [Version]. A change that was given up or asked again never comes later than a newer one: it was
/// asked in the name of a configuration, and is refused in every other; and under the same one it
/// went through a connection that the primary ends before it listens to the next one. That is all
/// there is to it as long as a VDI is used through one gateway at a time, which whoever uses it has
/// to see to. When leases pass from gateway to gateway, holders will also have to refuse the
/// changes of older [dev.kelpie.model.Generation]s, which is what the pair is for.
///
/// **Barriers.** What was deferred is known by this object alone. After a restart the first barrier
/// of each VDI therefore goes to the copies of all nodes: an earlier life of this gateway may have
/// deferred something, and answered it. Were all copies of that lost before, nobody would know.
public final class ReplicatedStore implements ObjectStore {
  /// For how long something is tried.
  public static final Duration WINDOW = Duration.ofMinutes(1);

  private final SlotTable table;
  private final Nodes nodes;
  private final Platform platform;
  private final Duration window;
  private final DeferredChanges deferred;
  private final Barriers barriers;
  private final Listings listings;

  /// @param self the name of this node
  /// @param own this node
  /// @param others another node
  /// @param window for how long something is tried that is not answered; [#WINDOW] is right for
  ///   nearly everybody
  public ReplicatedStore(
      String self,
      SlotTable table,
      StoreNode own,
      Function<String, StoreNode> others,
      Platform platform,
      Duration window) {
    this.table = table;
    this.nodes = node -> node.equals(self) ? own : others.apply(node);
    this.platform = platform;
    this.window = window;
    this.deferred = new DeferredChanges(platform.locks());
    this.barriers = new Barriers(table, nodes, deferred, platform, window);
    this.listings = new Listings(table, nodes, platform, window);
  }

  /// The nodes by their names.
  @FunctionalInterface
  interface Nodes {
    StoreNode at(String node);
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    checkRange(object, offset, into.remaining());
    if (access.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    Outcome outcome = read(object, offset, into);
    if (outcome == Outcome.DONE) {
      into.position(into.limit());
    }
    return outcome;
  }

  private Outcome read(ObjectId object, int offset, ByteBuffer into) throws IOException {
    return ask(object, (node, claim) -> node.read(claim, object, offset, into.duplicate())).value();
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    checkRanges(object, extents);
    return change.patience() == Patience.NOW
        ? Outcome.WOULD_WAIT
        : change(object, Step.Kind.WRITE, extents, change).value();
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    checkRanges(object, extents);
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    return switch (base) {
      case Base.Zeros _ -> change(object, Step.Kind.CREATE, extents, change).value();
      case Base.CopyOf(ObjectId parent) -> copy(object, parent, extents, change);
    };
  }

  /// The parent lies on other nodes, perhaps: its bytes come here and go to those of the object.
  /// Nobody changes it meanwhile who wants a copy of it: parents are frozen.
  private Outcome copy(ObjectId object, ObjectId parent, List<Extent> extents, Change change)
      throws IOException {
    if (parent.size() != object.size()) {
      throw new IllegalArgumentException(
          "object " + object + " cannot be a copy of " + parent + ", which has another size");
    }
    ByteBuffer bytes = ByteBuffer.allocate(object.size());
    Outcome outcome = read(parent, 0, bytes);
    if (outcome != Outcome.DONE) {
      return outcome;
    }
    for (Extent extent : extents) {
      bytes.duplicate().position(extent.offset()).put(extent.bytes().duplicate());
    }
    return change(object, Step.Kind.CREATE, Extent.withoutZeros(bytes), change).value();
  }

  /// Where an earlier attempt may have removed the object, that it is not there is no news.
  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    Asked<Outcome> asked = change(object, Step.Kind.REMOVE, List.of(), change);
    boolean removed = asked.inDoubt() && asked.value() == Outcome.NO_OBJECT;
    return removed ? Outcome.DONE : asked.value();
  }

  private Asked<Outcome> change(
      ObjectId object, Step.Kind kind, List<Extent> extents, Change change) throws IOException {
    Step step = new Step(kind, extents, change.vdi(), change.durability());
    Asked<Outcome> asked = ask(object, (node, claim) -> node.change(claim, object, step));
    boolean isOpen = change.durability() == Durability.DEFERRED && kind != Step.Kind.REMOVE;
    if (isOpen && asked.value() == Outcome.DONE) {
      deferred.add(change.vdi(), asked.claim());
    }
    return asked;
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) throws IOException {
    return ask(object, (node, claim) -> node.stat(claim, object)).value();
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    listings.list(vdi).forEach(each);
  }

  /// @throws Primary.ChangesLost once, where acknowledged changes were lost
  @Override
  public void flush(VdiId vdi) throws IOException {
    barriers.flush(vdi);
  }

  @Override
  public void close() throws IOException {
    for (VdiId vdi : deferred.vdis()) {
      flush(vdi);
    }
  }

  private interface Request<T> {
    T of(StoreNode node, Claim claim) throws IOException;
  }

  /// An answer.
  ///
  /// @param claim under which it was given
  /// @param inDoubt whether it was asked before, and nobody knows what came of that
  private record Asked<T>(T value, Claim claim, boolean inDoubt) {}

  /// Asks the primary of an object's slot until it answers.
  private <T> Asked<T> ask(ObjectId object, Request<T> request) throws IOException {
    int slot = Slots.of(object);
    Retries retries = new Retries(platform.clock(), platform.tasks(), window);
    Optional<SlotConfig> config = table.of(slot);
    boolean inDoubt = false;
    while (true) {
      IOException failure = new IOException("there is nobody who could be asked");
      if (config.isPresent() && config.get().primary().isPresent()) {
        Claim claim = new Claim(slot, config.get().ballot());
        try {
          StoreNode node = nodes.at(config.get().primary().get());
          return new Asked<>(request.of(node, claim), claim, inDoubt);
        } catch (ObjectDamaged e) {
          throw e; // that will not get better
        } catch (IOException e) {
          inDoubt = true;
          failure = e;
        }
      }
      retries.failed("object " + object + " of slot " + slot + " at " + name(config), failure);
      config = retries.look(table, slot);
    }
  }

  private static String name(Optional<SlotConfig> config) {
    return config.flatMap(SlotConfig::primary).map(node -> "node " + node).orElse("no node");
  }

  private static void checkRange(ObjectId object, int offset, int length) {
    if (offset < 0 || length > object.size() - offset) {
      throw new IllegalArgumentException(
          length + " bytes at " + offset + " are outside of object " + object);
    }
  }

  private static void checkRanges(ObjectId object, List<Extent> extents) {
    int end = 0;
    for (Extent extent : extents) {
      checkRange(object, extent.offset(), extent.length());
      if (extent.offset() < end) {
        throw new IllegalArgumentException("extents of object " + object + " are out of order");
      }
      end = extent.end();
    }
  }
}

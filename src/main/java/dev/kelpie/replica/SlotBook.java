package dev.kelpie.replica;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Edition;
import dev.kelpie.cluster.EpochMemory;
import dev.kelpie.cluster.Life;
import dev.kelpie.cluster.Member;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/// What this node knows of the map and of the records of slots that go by it: one [SlotView], which
/// is replaced as a whole, so that a question costs a look at it.
///
/// **Map and slots fit together.** The map that is known is no older than any configuration that is
/// known, for each record names the edition of the map that it goes by: where that is a later one,
/// everything is read again. And no configuration is older than the map, since all records are read
/// after it.
///
/// **Nothing goes back.** Records are never deleted, so their versions order them, and ballots only
/// grow. A record that was read, and is behind what was known before the reading began, was
/// restored from a backup. From then on this book knows no map, and its node serves nothing until
/// it is restarted.
///
/// **A commit** writes the slot's record, which has the slots beside it too, and checks that the
/// map is the one that is known. Where somebody was faster with another slot, it is tried again:
/// each time another one was made.
///
/// [SlotBookTask] keeps it up to date.
public final class SlotBook implements SlotTable {
  /// How often a commit is tried again because others changed other slots of the same record: all
  /// of them can be changed at once.
  private static final int TRIES = SlotShard.SLOTS;

  /// How often everything is read again because the map changed meanwhile.
  private static final int READS = 16;

  private static final SlotRules.Nodes NOBODY = new SlotRules.Nodes(_ -> false, _ -> false);

  /// Where no map is known: nobody is up, and so nothing can be done by them.
  private static final SlotRules NO_RULES = SlotRules.forCopies(1);

  private final Coordination records;
  private final ClusterBook book;
  private final EpochMemory memory;
  private final Supplier<Optional<Life>> life;
  private final String self;
  private final AtomicReference<SlotView> view = new AtomicReference<>(SlotView.NOTHING);

  /// Reads everything.
  ///
  /// @param book whose map the records go by
  /// @param memory refuses a map from a backup
  /// @param life the life of this node that is announced now
  /// @throws IOException where that cannot be done, or the map must not be believed
  public SlotBook(
      Coordination records,
      ClusterBook book,
      EpochMemory memory,
      Supplier<Optional<Life>> life,
      Member self)
      throws IOException {
    this.records = records;
    this.book = book;
    this.memory = memory;
    this.life = life;
    this.self = self.name();
    lookAtAll();
  }

  @Override
  public Optional<SlotConfig> of(int slot) {
    SlotView now = view();
    return now.map().isPresent() ? now.shard(slot).config(slot) : Optional.empty();
  }

  @Override
  public Optional<SlotConfig> look(int slot) throws IOException {
    lookAt(SlotShard.of(slot));
    return of(slot);
  }

  /// Beside what [SlotTable] says, refuses what is not right under the map that is known: it may
  /// have changed since `after` was thought of. Another change of the map than that does no harm,
  /// so that what was long in the making is not in vain.
  ///
  /// @return whether it is done
  /// @throws Coordination.InDoubt where it is not known whether it is done: [#look] knows. With any
  ///   other [IOException] it is not
  @Override
  public boolean commit(int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven)
      throws IOException {
    SlotView first = view();
    Edition edition = first.edition();
    if (edition.held()
        || first.map().filter(map -> isSound(after, map)).isEmpty()
        || first.map().filter(map -> isProven(before, after, proven, map)).isEmpty()) {
      return false;
    }
    int shard = SlotShard.of(slot);
    for (int attempt = 0; attempt < TRIES; attempt++) {
      SlotView now = view();
      KnownShard known = now.shards().get(shard);
      if (now.edition().version() != edition.version()
          || !known.config(slot).equals(Optional.of(before))) {
        return false;
      }
      SlotShard next = known.with(slot, after, edition.version());
      Put put = new Put(SlotShard.key(shard), Optional.of(next.encode()), known.version());
      if (records.commit(List.of(put), List.of(edition.unchanged()))) {
        learn(shard, KnownShard.of(next, known.version() + 1));
        return true;
      }
      if (lookAt(shard).shards().get(shard).version() == known.version()) {
        // The record is as it was, so it was the map.
        lookAtAll();
      }
    }
    throw new IOException(
        SlotShard.key(shard) + " was changed " + TRIES + " times meanwhile; try again");
  }

  private static boolean isSound(SlotConfig after, SlotMap map) {
    return map.rules().isSound(after, map.nodes());
  }

  /// Whether who joins has shown that it has everything, and goes on living.
  private static boolean isProven(
      SlotConfig before, SlotConfig after, Optional<Proven> proven, SlotMap map) {
    Optional<String> still =
        proven.filter(life -> map.isUp(life.node(), life.life())).map(Proven::node);
    return after.nodes().stream()
        .filter(node -> !before.isActing(node))
        .allMatch(node -> still.filter(node::equals).isPresent());
  }

  @Override
  public List<String> holders(int slot) {
    Optional<SlotMap> map = view().map();
    return map.isPresent() ? map.get().holders(slot) : List.of();
  }

  @Override
  public SlotRules.Nodes nodes() {
    Optional<SlotMap> map = view().map();
    return map.isPresent() ? map.get().nodes() : NOBODY;
  }

  @Override
  public OptionalLong life(String node) {
    Optional<SlotMap> map = view().map();
    return map.isPresent() ? map.get().life(node) : OptionalLong.empty();
  }

  @Override
  public SlotRules rules() {
    return view().map().map(SlotMap::rules).orElse(NO_RULES);
  }

  @Override
  public boolean isIn() {
    Optional<Life> now = life.get();
    return now.isPresent() && isIn(now.get());
  }

  /// One life is asked for both: the lease of a next one says nothing of what this one may do.
  @Override
  public boolean mayServe() {
    Optional<Life> now = life.get();
    return now.isPresent() && isIn(now.get()) && now.get().presence().lease() > 0;
  }

  private boolean isIn(Life now) {
    Optional<SlotMap> map = view().map();
    return map.isPresent() && map.get().isUp(self, now.incarnation());
  }

  /// The edition of the map that is known.
  Edition edition() {
    return view().edition();
  }

  /// Reads one record again, and everything where it goes by another map.
  ///
  /// @return what is known then
  private SlotView lookAt(int shard) throws IOException {
    SlotView before = view();
    KnownShard read = KnownShard.of(records.read(SlotShard.key(shard)));
    if (before.restored() || read.isBehind(before.shards().get(shard))) {
      throw restored();
    }
    if (before.map().isEmpty() || read.map() > before.edition().version()) {
      return lookAtAll();
    }
    return learn(shard, read);
  }

  /// Reads the slots of these records again.
  ///
  /// @param shards by number
  void look(Iterable<Integer> shards) throws IOException {
    for (int shard : shards) {
      lookAt(shard);
    }
  }

  /// Reads everything again.
  void lookAtEverything() throws IOException {
    lookAtAll();
  }

  private SlotView lookAtAll() throws IOException {
    for (int attempt = 0; attempt < READS; attempt++) {
      SlotView before = view();
      Edition edition = book.edition();
      List<KnownShard> shards = readShards(before);
      // Records that go by a later map do not belong to this one.
      if (shards.stream().allMatch(shard -> shard.map() <= edition.version())) {
        SlotView read = new SlotView(false, edition, believe(edition, before), shards);
        if (before.restored() || read.isBehind(before)) {
          throw restored();
        }
        return Objects.requireNonNull(view.updateAndGet(known -> known.with(read)));
      }
    }
    throw new IOException("the map changed " + READS + " times while it was read; try again");
  }

  /// Reads all records. What is known already is not decoded again.
  private List<KnownShard> readShards(SlotView before) throws IOException {
    Map<String, Stored> found = new HashMap<>();
    records.list(SlotShard.PREFIX).forEach(stored -> found.put(stored.key(), stored));
    List<KnownShard> shards = new ArrayList<>(SlotShard.COUNT);
    for (int shard = 0; shard < SlotShard.COUNT; shard++) {
      Optional<Stored> stored = Optional.ofNullable(found.get(SlotShard.key(shard)));
      KnownShard known = before.shards().get(shard);
      boolean isKnown = stored.map(Stored::version).orElse(0L) == known.version();
      shards.add(isKnown ? known : KnownShard.of(stored));
    }
    return List.copyOf(shards);
  }

  /// The map of an edition, which may be that of the one before.
  private Optional<SlotMap> believe(Edition edition, SlotView before) throws IOException {
    if (edition.cluster().isEmpty()) {
      return Optional.empty();
    }
    try {
      memory.see(edition.cluster().get());
    } catch (EpochMemory.OldMap e) {
      forgetMap(false);
      throw e;
    }
    return before
        .map()
        .filter(map -> map.cluster().equals(edition.cluster().get()))
        .or(() -> edition.cluster().map(SlotMap::new));
  }

  private SlotView learn(int shard, KnownShard read) {
    return Objects.requireNonNull(view.updateAndGet(known -> known.with(shard, read)));
  }

  private IOException restored() {
    forgetMap(true);
    return new IOException(
        "the records of slots are older than what node "
            + self
            + " has seen: the coordination service was restored from an old backup. Nothing is"
            + " served; restore a newer one, and restart the nodes");
  }

  private void forgetMap(boolean forGood) {
    view.updateAndGet(known -> known.withoutMap(forGood));
  }

  private SlotView view() {
    return Objects.requireNonNull(view.get());
  }
}

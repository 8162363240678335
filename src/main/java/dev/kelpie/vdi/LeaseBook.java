package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.Invariant;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Leases;
import dev.kelpie.platform.Locks;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// The leases of this node: one coordination record per VDI, and in memory what the hot paths ask.
///
/// It is made before the object cache, which calls [#begin] when it knows itself; without a cache
/// whoever wires the node calls it with [#NO_CACHE].
///
/// A loss is told to at least one barrier: it stays in the record until the barrier after the one
/// that failed, so that a crash between the two does not hide it.
public final class LeaseBook implements Leases {
  /// The cache id of a node without a cache.
  public static final String NO_CACHE = "none";

  /// How often a lease is tried for again when its record changed meanwhile. Only another node can
  /// change it, once.
  private static final int TRIES = 4;

  /// How long clients that do not hold a VDI open are waited for (DESIGN §3, Ownership).
  public static final Duration SILENCE = Duration.ofSeconds(5);

  private final Platform platform;
  private final Log log;
  private final Coordination coordination;
  private final String node;
  private final LeaseTaker taker;
  private final LeaseWish wish;
  private final Locks.Mutex taking;
  private final Map<VdiId, Lease> held = new ConcurrentHashMap<>();

  /// VDIs whose leases others have taken, and of which there may be something in the cache yet. It
  /// must not be pushed, so that their leases cannot be taken before it is dropped (I4).
  private final Set<VdiId> lost = ConcurrentHashMap.newKeySet();

  private volatile Optional<String> cache = Optional.empty();
  private volatile Listener listener = Listener.NONE;

  /// Told of leases that come and go.
  interface Listener {
    Listener NONE =
        new Listener() {
          @Override
          public void taken() {}

          @Override
          public void lost(VdiId vdi) {}
        };

    /// This node takes a lease: what is known of the records may be old. Called before anybody can
    /// use the lease.
    void taken() throws IOException;

    /// Another node has taken a lease of this node's. Waits for nothing.
    void lost(VdiId vdi);
  }

  /// The leases of a node that is alone.
  ///
  /// @param node names this node for as long as its directory lives
  public LeaseBook(Platform platform, Log log, Coordination coordination, String node) {
    this(platform, log, coordination, node, Owners.NONE, SILENCE);
  }

  /// The leases of a node in a cluster.
  ///
  /// @param node names this node for as long as its directory lives, for the other nodes and for
  ///   people
  /// @param owners says of other nodes whether they may live
  /// @param silence how long clients that do not hold a VDI open have to be silent, for another
  ///   node to get it
  public LeaseBook(
      Platform platform,
      Log log,
      Coordination coordination,
      String node,
      Owners owners,
      Duration silence) {
    this.platform = platform;
    this.log = log;
    this.coordination = coordination;
    this.node = node;
    this.taker = new LeaseTaker(platform, log, coordination, node, owners);
    this.wish = new LeaseWish(platform, coordination, this, silence);
    this.taking = platform.locks().mutex();
  }

  @Override
  public Set<VdiId> held(String cacheId) throws IOException {
    Set<VdiId> ours = new HashSet<>();
    for (Stored stored : coordination.list(Keys.LEASE)) {
      VdiId vdi = Keys.vdiOf(stored.key());
      LeaseRecord record = LeaseRecord.decode(vdi, stored.value());
      if (record.owner().equals(node) && record.cache().equals(cacheId)) {
        ours.add(vdi);
      }
    }
    return ours;
  }

  @Override
  public void begin(String cacheId, Set<VdiId> kept) throws IOException {
    List<Put> puts = new ArrayList<>();
    List<Lease> begun = new ArrayList<>();
    Map<VdiId, LeaseRecord> lost = new HashMap<>();
    Set<VdiId> missing = new HashSet<>(kept);
    for (Stored stored : coordination.list(Keys.LEASE)) {
      VdiId vdi = Keys.vdiOf(stored.key());
      LeaseRecord before = LeaseRecord.decode(vdi, stored.value());
      if (before.owner().equals(node)) {
        boolean ours = before.cache().equals(cacheId) && missing.remove(vdi);
        LeaseRecord record = (ours ? before : LeaseTaker.withoutCached(before)).next(node, cacheId);
        if (!ours) {
          lost.put(vdi, before);
        }
        puts.add(new Put(stored.key(), Optional.of(record.encode()), stored.version()));
        begun.add(new Lease(vdi, record, stored.version() + 1, platform.locks().mutex()));
      }
    }
    if (!missing.isEmpty() || (!puts.isEmpty() && !coordination.commit(puts))) {
      throw new IOException(
          "the leases of node " + node + " changed while it started; start again");
    }
    lost.forEach(taker::alertOfLoss);
    begun.forEach(lease -> held.put(lease.vdi, lease));
    cache = Optional.of(cacheId);
  }

  @Override
  public Generation generation(VdiId vdi) throws IOException {
    return holding(vdi).generation();
  }

  @Override
  public boolean isCurrent(VdiId vdi, Generation generation) {
    Lease lease = held.get(vdi);
    return lease != null && lease.isOpen() && lease.generation().equals(generation);
  }

  @Override
  public void markUnflushed(VdiId vdi) throws IOException {
    Lease lease = holding(vdi);
    if (lease.record.unflushedSince() == 0) {
      change(lease, record -> markedAt(record, platform.clock().now().toEpochMilli()));
    }
  }

  @Override
  public boolean unflushed(VdiId vdi) {
    Lease lease = held.get(vdi);
    return lease != null && lease.record.unflushedSince() != 0;
  }

  @Override
  public void clearUnflushed(VdiId vdi) throws IOException {
    Lease lease = held.get(vdi);
    if (lease != null && lease.record.unflushedSince() != 0) {
      change(lease, record -> record.withUnflushedSince(0));
    }
  }

  @Override
  public void reportLoss(VdiId vdi, String what) {
    log.alert(taker.title(vdi) + ": acknowledged writes are lost: " + what);
    try {
      Lease lease = holding(vdi);
      lease.told = false;
      lease.losses.incrementAndGet();
      change(lease, record -> record.withLoss(what));
    } catch (IOException e) {
      log.error(taker.title(vdi) + ": the loss could not be recorded, so no flush will fail: " + e);
    }
  }

  @Override
  public void disown() throws IOException {
    cache = Optional.of(NO_CACHE);
    for (Lease lease : held.values()) {
      change(lease, record -> record.withCache(NO_CACHE));
    }
  }

  /// What was lost of a VDI's acknowledged writes, for a barrier that has to fail with it; once for
  /// each loss.
  public Optional<String> takeLoss(VdiId vdi) throws IOException {
    Lease lease = held.get(vdi);
    if (lease == null || lease.record.loss().isEmpty()) {
      return Optional.empty();
    }
    lease.mutex.lock();
    try {
      String loss = lease.record.loss();
      if (!loss.isEmpty() && !lease.told) {
        lease.told = true;
        return Optional.of(loss);
      }
      changeLocked(lease, record -> record.withLoss(""));
      return Optional.empty();
    } finally {
      lease.mutex.unlock();
    }
  }

  /// How often writes of this VDI were lost since this node serves it, for [#takeLossSince].
  public int losses(VdiId vdi) {
    Lease lease = held.get(vdi);
    return lease == null ? 0 : lease.losses.get();
  }

  /// The same for a client on this machine, which went down with whatever a power cut took: only
  /// where something was lost since it came.
  ///
  /// @param losses that there were when it came
  public Optional<String> takeLossSince(VdiId vdi, int losses) throws IOException {
    return losses(vdi) > losses ? takeLoss(vdi) : Optional.empty();
  }

  /// Hears of leases that come and go from now on.
  void listen(Listener next) {
    listener = next;
  }

  /// This node, as it stands in the records.
  String node() {
    return node;
  }

  /// Whether a node may be alive.
  boolean mayLive(String other) throws IOException {
    return other.equals(node) || taker.mayLive(other);
  }

  /// Gets leases from other nodes.
  LeaseWish wish() {
    return wish;
  }

  /// How long clients that do not hold a VDI open have to be silent.
  Duration silence() {
    return wish.silence();
  }

  /// Whether this node has the lease.
  boolean has(VdiId vdi) {
    return held.containsKey(vdi);
  }

  /// Pins a lease that this node has; empty where it has not, or hands it over now.
  Optional<Lease> pinHeld(VdiId vdi) {
    return Optional.ofNullable(held.get(vdi)).filter(Lease::pin);
  }

  /// Pins a lease, taking it first where need be, and asking its owner for it. The caller unpins
  /// it.
  ///
  /// @throws LeaseElsewhere where another node uses the VDI
  Lease pin(VdiId vdi) throws IOException {
    Optional<Lease> here = pinHeld(vdi);
    return here.isPresent() ? here.get() : wish.pin(vdi);
  }

  /// Takes a lease that no living node has; nothing happens where this node has it.
  ///
  /// @return false where another node that may live has it
  boolean obtain(VdiId vdi) throws IOException {
    try {
      holding(vdi);
      return true;
    } catch (LeaseElsewhere _) {
      return false;
    }
  }

  /// Whether the records say that this node has the lease. Where this node does not know of that,
  /// since a commit was in doubt, it takes it anew.
  boolean isOurs(VdiId vdi) throws IOException {
    return has(vdi) || (taker.isOurs(vdi) && obtain(vdi));
  }

  /// Closes a lease, to hand it over; empty where this node does not have it or it is pinned.
  Optional<Lease> close(VdiId vdi) {
    return Optional.ofNullable(held.get(vdi)).filter(Lease::close);
  }

  /// A client that does not hold the VDI open uses it.
  void used(VdiId vdi) {
    Lease lease = held.get(vdi);
    if (lease != null) {
      lease.used(platform.clock().nanos());
    }
  }

  /// Such a client says that it uses it no more.
  void unused(VdiId vdi) {
    Lease lease = held.get(vdi);
    if (lease != null) {
      lease.unused();
    }
  }

  /// For how long nobody has used a VDI whose lease is here; very long where there is none. A lease
  /// that is pinned is in use whatever this says.
  long silenceOf(VdiId vdi) {
    Lease lease = held.get(vdi);
    return lease == null ? Long.MAX_VALUE : lease.silence(platform.clock().nanos());
  }

  /// Gives a closed lease up: nothing of the VDI is in this node's memory or cache, and everything
  /// is durable.
  ///
  /// @return false where it was not this node's any more. However it ends, it is not here any more
  boolean giveUp(Lease lease) throws IOException {
    lease.mutex.lock();
    try {
      LeaseRecord given = lease.record.givenUp();
      Put put = new Put(Keys.lease(lease.vdi), Optional.of(given.encode()), lease.version);
      // Where it is in doubt the lease is taken anew before it is used or given up again.
      held.remove(lease.vdi, lease);
      return coordination.commit(List.of(put));
    } finally {
      lease.mutex.unlock();
    }
  }

  /// Looks whether leases of this node were taken by others, which took it for dead.
  void verify() throws IOException {
    for (Lease lease : held.values()) {
      lease.mutex.lock();
      try {
        reread(lease);
      } finally {
        lease.mutex.unlock();
      }
    }
  }

  /// A client starts from what is there now, so nothing that was lost before matters to it.
  void forgetLoss(VdiId vdi) throws IOException {
    Lease lease = held.get(vdi);
    if (lease != null && !lease.record.loss().isEmpty()) {
      change(lease, record -> record.withLoss(""));
    }
  }

  /// Lets a loss that no barrier was told of yet go on with the VDI that continues another.
  void inheritLoss(VdiId from, VdiId to) throws IOException {
    Lease lease = held.get(from);
    if (lease == null) {
      return;
    }
    Lease heir = holding(to);
    heir.losses.set(lease.losses.get());
    if (!lease.told && !lease.record.loss().isEmpty()) {
      String loss = lease.record.loss();
      change(heir, record -> record.withLoss(loss));
    }
  }

  /// The VDIs whose leases this node has.
  List<VdiId> all() {
    return held.keySet().stream().sorted().toList();
  }

  /// Makes other changes in one commit with what they need of leases.
  ///
  /// @param kept leases that this node must have
  /// @param dropped leases that are deleted, where this node has them: nothing is left of their
  ///   VDIs
  /// @return false where a record has changed; a lease that is another node's now is forgotten here
  boolean commit(Set<VdiId> kept, Set<VdiId> dropped, List<Put> others) throws IOException {
    List<VdiId> all = Stream.concat(kept.stream(), dropped.stream()).sorted().distinct().toList();
    List<Lease> leases = new ArrayList<>();
    try {
      for (VdiId vdi : all) {
        Lease lease = held.get(vdi);
        if (lease != null) {
          lease.mutex.lock();
          leases.add(lease);
        } else if (kept.contains(vdi)) {
          return false;
        }
      }
      return commitLocked(leases, dropped, others);
    } finally {
      leases.forEach(lease -> lease.mutex.unlock());
    }
  }

  private boolean commitLocked(List<Lease> leases, Set<VdiId> dropped, List<Put> others)
      throws IOException {
    List<Put> puts = new ArrayList<>(others);
    for (Lease lease : leases) {
      boolean drop = dropped.contains(lease.vdi);
      Optional<byte[]> value = drop ? Optional.empty() : Optional.of(lease.record.encode());
      puts.add(new Put(Keys.lease(lease.vdi), value, lease.version));
    }
    if (!coordination.commit(puts)) {
      for (Lease lease : leases) {
        reread(lease);
      }
      return false;
    }
    for (Lease lease : leases) {
      lease.version++;
      if (dropped.contains(lease.vdi)) {
        held.remove(lease.vdi, lease);
      }
    }
    return true;
  }

  /// Finds out what became of a lease. Called with its lock.
  ///
  /// @return whether this node has it still
  private boolean reread(Lease lease) throws IOException {
    if (taker.refresh(lease)) {
      return true;
    }
    lost.add(lease.vdi);
    if (held.remove(lease.vdi, lease)) {
      log.warn("node " + node + " has lost the lease of " + taker.title(lease.vdi));
      listener.lost(lease.vdi);
    }
    return false;
  }

  /// Deletes all leases together with other changes, in one commit: nothing is left of any VDI.
  ///
  /// @return false where a record has changed
  boolean commitWithoutAll(List<Put> others, Check ended) throws IOException {
    List<Put> puts = new ArrayList<>(others);
    for (Stored stored : coordination.list(Keys.LEASE)) {
      puts.add(new Put(stored.key(), Optional.empty(), stored.version()));
    }
    boolean done = coordination.commit(puts, List.of(ended));
    if (done) {
      held.clear();
    }
    return done;
  }

  /// The VDIs of which the cache is to be emptied, since others have taken their leases.
  Set<VdiId> lost() {
    return Set.copyOf(lost);
  }

  /// The cache has nothing of such a VDI any more.
  void dropped(VdiId vdi) {
    lost.remove(vdi);
  }

  /// The lease of a VDI, taken now where no living node has it.
  ///
  /// @throws LeaseElsewhere where another node has it
  Lease holding(VdiId vdi) throws IOException {
    Lease lease = held.get(vdi);
    if (lease == null && lost.contains(vdi)) {
      throw new IOException(
          "another node had VDI "
              + vdi
              + ", and what is cached here is not dropped yet; try again");
    }
    return lease != null ? lease : take(vdi);
  }

  private Lease take(VdiId vdi) throws IOException {
    String cacheId = begun();
    taking.lock();
    try {
      Optional<Lease> lease = Optional.ofNullable(held.get(vdi));
      for (int i = 0; lease.isEmpty() && i < TRIES; i++) {
        lease = taker.take(vdi, cacheId);
      }
      Lease taken =
          lease.orElseThrow(() ->
              new IOException("the lease of " + taker.title(vdi) + " keeps changing; try again"));
      if (!held.containsKey(vdi)) {
        listener.taken();
        held.put(vdi, taken);
      }
      return taken;
    } finally {
      taking.unlock();
    }
  }

  private static LeaseRecord markedAt(LeaseRecord record, long millis) {
    return record.unflushedSince() != 0 ? record : record.withUnflushedSince(millis);
  }

  private void change(Lease lease, Change change) throws IOException {
    lease.mutex.lock();
    try {
      changeLocked(lease, change);
    } finally {
      lease.mutex.unlock();
    }
  }

  /// Makes a lease's new record durable; again where an earlier change was in doubt. Called with
  /// the lease's lock.
  private void changeLocked(Lease lease, Change change) throws IOException {
    for (int i = 0; i < TRIES; i++) {
      LeaseRecord next = change.of(lease.record);
      if (next.equals(lease.record)) {
        return;
      }
      Put put = new Put(Keys.lease(lease.vdi), Optional.of(next.encode()), lease.version);
      if (coordination.commit(List.of(put))) {
        lease.record = next;
        lease.version++;
        return;
      } else if (!reread(lease)) {
        throw new IOException("node " + node + " has lost the lease of " + taker.title(lease.vdi));
      }
    }
    throw new IOException("the lease of " + taker.title(lease.vdi) + " keeps changing; try again");
  }

  private String begun() {
    Invariant.check(cache.isPresent(), "a lease is used before the cache has named itself");
    return cache.orElseThrow();
  }

  /// What becomes of a record.
  private interface Change {
    LeaseRecord of(LeaseRecord record);
  }
}

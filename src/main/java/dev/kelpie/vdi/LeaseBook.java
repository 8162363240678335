package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
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

  private final Platform platform;
  private final Log log;
  private final Coordination coordination;
  private final String node;
  private final Locks.Mutex taking;
  private final Map<VdiId, Held> held = new ConcurrentHashMap<>();
  private volatile Optional<String> cache = Optional.empty();

  /// @param node names this node for as long as its directory lives
  public LeaseBook(Platform platform, Log log, Coordination coordination, String node) {
    this.platform = platform;
    this.log = log;
    this.coordination = coordination;
    this.node = node;
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
    List<Held> begun = new ArrayList<>();
    Set<VdiId> missing = new HashSet<>(kept);
    for (Stored stored : coordination.list(Keys.LEASE)) {
      VdiId vdi = Keys.vdiOf(stored.key());
      LeaseRecord before = LeaseRecord.decode(vdi, stored.value());
      if (before.owner().equals(node)) {
        boolean ours = before.cache().equals(cacheId) && missing.remove(vdi);
        LeaseRecord record = ours ? before : withoutCached(vdi, before);
        record = record.next(node, cacheId);
        puts.add(new Put(stored.key(), Optional.of(record.encode()), stored.version()));
        begun.add(new Held(vdi, record, stored.version() + 1, platform.locks().mutex()));
      }
    }
    if (!missing.isEmpty() || (!puts.isEmpty() && !coordination.commit(puts))) {
      throw new IOException(
          "the leases of node " + node + " changed while it started; start again");
    }
    begun.forEach(lease -> held.put(lease.vdi, lease));
    cache = Optional.of(cacheId);
  }

  @Override
  public Generation generation(VdiId vdi) throws IOException {
    Held lease = held.get(vdi);
    return (lease != null ? lease : take(vdi)).record.generation();
  }

  @Override
  public void markUnflushed(VdiId vdi) throws IOException {
    Held lease = holding(vdi);
    if (lease.record.unflushedSince() == 0) {
      change(lease, record -> markedAt(record, platform.clock().now().toEpochMilli()));
    }
  }

  @Override
  public boolean unflushed(VdiId vdi) {
    Held lease = held.get(vdi);
    return lease != null && lease.record.unflushedSince() != 0;
  }

  @Override
  public void clearUnflushed(VdiId vdi) throws IOException {
    Held lease = held.get(vdi);
    if (lease != null && lease.record.unflushedSince() != 0) {
      change(lease, record -> record.withUnflushedSince(0));
    }
  }

  @Override
  public void reportLoss(VdiId vdi, String what) {
    log.alert(title(vdi) + ": acknowledged writes are lost: " + what);
    try {
      Held lease = holding(vdi);
      lease.told = false;
      lease.losses.incrementAndGet();
      change(lease, record -> record.withLoss(what));
    } catch (IOException e) {
      log.error(title(vdi) + ": the loss could not be recorded, so no flush will fail: " + e);
    }
  }

  @Override
  public void disown() throws IOException {
    cache = Optional.of(NO_CACHE);
    for (Held lease : held.values()) {
      change(lease, record -> record.withCache(NO_CACHE));
    }
  }

  /// What was lost of a VDI's acknowledged writes, for a barrier that has to fail with it; once for
  /// each loss.
  public Optional<String> takeLoss(VdiId vdi) throws IOException {
    Held lease = held.get(vdi);
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
      store(lease, lease.record.withLoss(""));
      return Optional.empty();
    } finally {
      lease.mutex.unlock();
    }
  }

  /// How often writes of this VDI were lost since this node serves it, for [#takeLossSince].
  public int losses(VdiId vdi) {
    Held lease = held.get(vdi);
    return lease == null ? 0 : lease.losses.get();
  }

  /// The same for a client on this machine, which went down with whatever a power cut took: only
  /// where something was lost since it came.
  ///
  /// @param losses that there were when it came
  public Optional<String> takeLossSince(VdiId vdi, int losses) throws IOException {
    return losses(vdi) > losses ? takeLoss(vdi) : Optional.empty();
  }

  /// Whether [#generation] answers without a wait.
  boolean has(VdiId vdi) {
    return held.containsKey(vdi);
  }

  /// A client starts from what is there now, so nothing that was lost before matters to it.
  void forgetLoss(VdiId vdi) throws IOException {
    Held lease = held.get(vdi);
    if (lease != null && !lease.record.loss().isEmpty()) {
      change(lease, record -> record.withLoss(""));
    }
  }

  /// Lets a loss that no barrier was told of yet go on with the VDI that continues another.
  void inheritLoss(VdiId from, VdiId to) throws IOException {
    Held lease = held.get(from);
    if (lease == null) {
      return;
    }
    Held heir = holding(to);
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
    List<Held> leases = new ArrayList<>();
    try {
      for (VdiId vdi : all) {
        Held lease = held.get(vdi);
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

  private boolean commitLocked(List<Held> leases, Set<VdiId> dropped, List<Put> others)
      throws IOException {
    List<Put> puts = new ArrayList<>(others);
    for (Held lease : leases) {
      boolean drop = dropped.contains(lease.vdi);
      Optional<byte[]> value = drop ? Optional.empty() : Optional.of(lease.record.encode());
      puts.add(new Put(Keys.lease(lease.vdi), value, lease.version));
    }
    if (!coordination.commit(puts)) {
      for (Held lease : leases) {
        reread(lease);
      }
      return false;
    }
    for (Held lease : leases) {
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
  private boolean reread(Held lease) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lease(lease.vdi));
    if (stored.isPresent()) {
      LeaseRecord now = LeaseRecord.decode(lease.vdi, stored.get().value());
      if (now.owner().equals(node) && now.generation().equals(lease.record.generation())) {
        lease.record = now;
        lease.version = stored.get().version();
        return true;
      }
    }
    held.remove(lease.vdi, lease);
    return false;
  }

  /// Deletes all leases together with other changes, in one commit: nothing is left of any VDI.
  ///
  /// @return false where a record has changed
  boolean commitWithoutAll(List<Put> others) throws IOException {
    taking.lock();
    try {
      List<Put> puts = new ArrayList<>(others);
      for (Stored stored : coordination.list(Keys.LEASE)) {
        puts.add(new Put(stored.key(), Optional.empty(), stored.version()));
      }
      boolean done = coordination.commit(puts);
      if (done) {
        held.clear();
      }
      return done;
    } finally {
      taking.unlock();
    }
  }

  private Held holding(VdiId vdi) throws IOException {
    Held lease = held.get(vdi);
    return lease != null ? lease : take(vdi);
  }

  private Held take(VdiId vdi) throws IOException {
    String cacheId = begun();
    taking.lock();
    try {
      Optional<Held> lease = Optional.ofNullable(held.get(vdi));
      for (int i = 0; lease.isEmpty() && i < TRIES; i++) {
        lease = tryTake(vdi, cacheId);
      }
      Held taken =
          lease.orElseThrow(
              () -> new IOException("the lease of " + title(vdi) + " keeps changing; try again"));
      held.put(vdi, taken);
      return taken;
    } finally {
      taking.unlock();
    }
  }

  private Optional<Held> tryTake(VdiId vdi, String cacheId) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lease(vdi));
    LeaseRecord before = new LeaseRecord("", "", Generation.NONE, 0, "");
    if (stored.isPresent()) {
      before = withoutCached(vdi, LeaseRecord.decode(vdi, stored.get().value()));
    }
    LeaseRecord record = before.next(node, cacheId);
    long version = stored.map(Stored::version).orElse(0L);
    Put put = new Put(Keys.lease(vdi), Optional.of(record.encode()), version);
    return coordination.commit(List.of(put))
        ? Optional.of(new Held(vdi, record, version + 1, platform.locks().mutex()))
        : Optional.empty();
  }

  /// The lease when what its cache held is gone: if that was marked unflushed, writes are lost.
  private LeaseRecord withoutCached(VdiId vdi, LeaseRecord record) throws IOException {
    if (record.unflushedSince() == 0) {
      return record;
    }
    String loss =
        "those made since "
            + Instant.ofEpochMilli(record.unflushedSince())
            + " that no flush covered; the cache that held them is gone or did not survive a power"
            + " failure";
    log.alert(title(vdi) + ": acknowledged writes are lost: " + loss);
    return record.withUnflushedSince(0).withLoss(loss);
  }

  private static LeaseRecord markedAt(LeaseRecord record, long millis) {
    return record.unflushedSince() != 0 ? record : record.withUnflushedSince(millis);
  }

  private void change(Held lease, Change change) throws IOException {
    lease.mutex.lock();
    try {
      store(lease, change.of(lease.record));
    } finally {
      lease.mutex.unlock();
    }
  }

  /// Makes a lease's new record durable. Called with the lease's lock.
  private void store(Held lease, LeaseRecord record) throws IOException {
    if (record.equals(lease.record)) {
      return;
    }
    Put put = new Put(Keys.lease(lease.vdi), Optional.of(record.encode()), lease.version);
    if (coordination.commit(List.of(put))) {
      lease.record = record;
      lease.version++;
    } else if (reread(lease)) {
      throw new IOException("the lease of " + title(lease.vdi) + " changed meanwhile; try again");
    } else {
      throw new IOException("node " + node + " has lost the lease of " + title(lease.vdi));
    }
  }

  private String begun() {
    Invariant.check(cache.isPresent(), "a lease is used before the cache has named itself");
    return cache.orElseThrow();
  }

  private String title(VdiId vdi) {
    try {
      Optional<Stored> stored = coordination.read(Keys.vdi(vdi));
      if (stored.isPresent()) {
        return "VDI " + VdiRecord.decode(vdi, stored.get().value()).name() + " (" + vdi + ")";
      }
    } catch (IOException e) {
      log.debug("the name of VDI " + vdi + " cannot be read: " + e);
    }
    return "VDI " + vdi;
  }

  /// What becomes of a record.
  private interface Change {
    LeaseRecord of(LeaseRecord record);
  }

  /// A lease that this node has. The lock guards changes; the record is read without it.
  private static final class Held {
    final VdiId vdi;
    final Locks.Mutex mutex;
    volatile LeaseRecord record;
    long version;
    volatile boolean told;

    /// How often writes were lost since this node serves the VDI.
    final AtomicInteger losses = new AtomicInteger();

    Held(VdiId vdi, LeaseRecord record, long version, Locks.Mutex mutex) {
      this.vdi = vdi;
      this.record = record;
      this.version = version;
      this.mutex = mutex;
    }
  }
}

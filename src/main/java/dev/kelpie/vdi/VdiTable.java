package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/// The records of all VDIs: questions are answered from a [VdiMirror], which [#look] brings up to
/// date by one read where nothing has changed; every change is one commit.
///
/// A decision is made on what a [#look] has shown, and [#commit] makes it only where what it relies
/// on is still so. If not, [#deciding] lets it be decided again. Every commit changes the
/// [ChangeLog] too, so that commits of all nodes have one order: who has seen the last one has seen
/// them all.
final class VdiTable {
  /// How often something is decided again because another node was faster.
  private static final int DECISIONS_MAX = 64;

  /// How often a commit is tried again because others, which have nothing to do with it, went
  /// first.
  private static final int COMMITS_MAX = 1000;

  /// How often it is asked whether a commit in doubt was made.
  private static final int QUESTIONS_MAX = 16;

  private final Coordination coordination;
  private final LeaseBook leases;
  private final RandomGenerator chance;
  private final VdiMirror mirror;

  /// Had by who brings the mirror up to date or commits; may be held over calls of the
  /// coordination.
  private final Locks.Mutex following;

  /// The commit up to which the mirror is complete. Guarded by `following`.
  private volatile long followed = -1;

  private ChangeLog log = ChangeLog.EMPTY;

  /// What was decided may not hold any more.
  static final class Outdated extends IOException {
    private static final long serialVersionUID = 1;

    Outdated(String what) {
      super(what + " changed meanwhile; try again");
    }
  }

  /// Reads all records.
  VdiTable(Platform platform, Coordination coordination, LeaseBook leases) throws IOException {
    this.coordination = coordination;
    this.leases = leases;
    this.chance = platform.chance();
    this.mirror = new VdiMirror(platform.locks());
    this.following = platform.locks().mutex();
    look();
  }

  /// Brings what is known up to date: everything that was committed before the call, by whichever
  /// node.
  ///
  /// @return how far it is known now, for the [Draft] of who decides on it
  long look() throws IOException {
    long seen = followed;
    Optional<Stored> now = coordination.read(Keys.CHANGES);
    return seen >= 0 && version(now) == seen ? seen : follow();
  }

  /// A decision, which may be made more than once.
  interface Decision<T> {
    /// Makes it.
    ///
    /// @param seen what [#look] has answered just before
    T make(long seen) throws IOException;
  }

  /// Decides, and decides again where others were faster.
  <T> T deciding(Decision<T> decision) throws IOException {
    for (int i = 1; ; i++) {
      try {
        return decision.make(look());
      } catch (Outdated e) {
        if (i == DECISIONS_MAX) {
          throw e;
        }
      }
    }
  }

  Optional<VdiRecord> record(VdiId vdi) {
    return mirror.record(vdi);
  }

  /// The record of a VDI that is not deleted.
  Optional<VdiRecord> live(VdiId vdi) {
    return record(vdi).filter(record -> !record.isDeleted());
  }

  /// The record of a VDI that the caller found alive.
  VdiRecord living(VdiId vdi) throws IOException {
    return live(vdi).orElseThrow(() -> new IOException("VDI " + vdi + " was deleted"));
  }

  /// All records that a test accepts, in the order of their ids.
  List<VdiRecord> records(Predicate<VdiRecord> accepted) {
    return mirror.records(accepted);
  }

  /// The VDIs of a name that are not deleted, in the order in which a lookup meets them: newest
  /// first.
  List<VdiRecord> newestFirst(VdiName name) {
    return mirror.newestFirst(name);
  }

  /// The ids of the VDIs that a VDI comes from, nearest first, as far as they are known: the record
  /// of one that is gone takes what is behind it along.
  List<Integer> ancestors(VdiId vdi) {
    List<Integer> ancestors = new ArrayList<>();
    int parent = record(vdi).map(VdiRecord::parent).orElse(0);
    while (parent != 0) {
      ancestors.add(parent);
      parent = record(new VdiId(parent)).map(VdiRecord::parent).orElse(0);
    }
    return ancestors;
  }

  /// Whether an id is or was in use.
  boolean isUsed(VdiId vdi) {
    return mirror.isUsed(vdi);
  }

  BitSet used() {
    return mirror.used();
  }

  /// The id for a new VDI of this name. Empty where all are in use.
  Optional<VdiId> free(VdiName name) {
    return mirror.free(name);
  }

  /// VDIs whose inodes may not follow their records.
  List<VdiId> behind() {
    return mirror.behind();
  }

  /// The inode follows its record; that is stored with the next commit.
  void caughtUp(VdiId vdi) {
    mirror.catchUp(vdi);
  }

  /// Makes a change.
  ///
  /// @throws Outdated where what it relies on has changed; it has to be decided again
  /// @throws InDoubt where it is not known whether it was done; with any other [IOException] it was
  ///   not
  void commit(Draft draft) throws IOException {
    following.lock();
    try {
      attempt(() -> {
        requireCurrent(draft);
        return attemptOf(draft);
      });
    } finally {
      following.unlock();
    }
  }

  /// Forgets a VDI of which nothing is left but that its id was used, together with its lease.
  void commitGone(VdiId vdi) throws IOException {
    following.lock();
    try {
      attempt(() -> attemptGone(vdi));
    } finally {
      following.unlock();
    }
  }

  /// Forgets everything, leases and used ids too.
  ///
  /// @param ended a record that has to stay as it is meanwhile
  /// @throws IOException where it does not, and nothing was forgotten
  void commitNothing(Check ended) throws IOException {
    following.lock();
    try {
      for (int i = 0; i < COMMITS_MAX; i++) {
        follow();
        ChangeLog.Entry all = new ChangeLog.Entry(chance.nextLong(), Optional.empty());
        List<Put> puts = new ArrayList<>(List.of(logged(all)));
        for (String prefix : List.of(Keys.VDI, Keys.USED, Keys.BEHIND, Keys.LOCK)) {
          for (Stored stored : coordination.list(prefix)) {
            puts.add(new Put(stored.key(), Optional.empty(), stored.version()));
          }
        }
        if (leases.commitWithoutAll(puts, ended)) {
          follow();
          return;
        }
        if (version(coordination.read(ended.key())) != ended.version()) {
          throw new IOException("the cluster was formatted again meanwhile");
        }
      }
      throw new Outdated("the records of VDIs");
    } finally {
      following.unlock();
    }
  }

  // Following. Called with the lock, but for the first.

  private long follow() throws IOException {
    following.lock();
    try {
      Optional<Stored> stored = coordination.read(Keys.CHANGES);
      long now = version(stored);
      if (now == followed) {
        return now;
      }
      ChangeLog next = stored.isPresent() ? ChangeLog.decode(stored.get().value()) : log;
      Optional<Set<VdiId>> changed =
          followed >= 0 && now > followed ? next.changed(now - followed) : Optional.empty();
      if (changed.isPresent()) {
        for (VdiId vdi : changed.get()) {
          renew(vdi, now);
        }
      } else {
        if (followed >= 0) {
          leases.verify(); // perhaps there is nothing left of anything
        }
        mirror.renewAll(
            coordination.list(Keys.VDI),
            coordination.list(Keys.USED),
            coordination.list(Keys.BEHIND),
            now);
      }
      log = next;
      followed = now;
      return now;
    } finally {
      following.unlock();
    }
  }

  private void renew(VdiId vdi, long now) throws IOException {
    Optional<Stored> record = coordination.read(Keys.vdi(vdi));
    if (record.isEmpty()) {
      Optional<Stored> used = coordination.read(Keys.used(vdi));
      if (used.isPresent()) {
        BitSet bits = BitSet.valueOf(used.get().value());
        mirror.knowUsed(Keys.usedChunk(vdi), bits, used.get().version());
      }
    }
    mirror.renew(vdi, record, coordination.read(Keys.behind(vdi)), now);
  }

  private static long version(Optional<Stored> stored) {
    return stored.map(Stored::version).orElse(0L);
  }

  // Committing. Called with the lock.

  /// Everything of one try of a commit.
  ///
  /// @param changes but for the log's
  /// @param vdis whose records are changed
  /// @param kept leases that this node must have
  /// @param dropped leases that are deleted with it
  /// @param done takes the changes in, as made by a commit of this number
  private record Attempt(
      List<Put> changes, Set<VdiId> vdis, Set<VdiId> kept, Set<VdiId> dropped, Done done) {}

  private interface Done {
    void at(long commit);
  }

  private interface Attempts {
    Attempt next() throws IOException;
  }

  /// Tries until no other commit came between.
  private void attempt(Attempts attempts) throws IOException {
    for (int i = 0; i < COMMITS_MAX; i++) {
      follow();
      Attempt attempt = attempts.next();
      ChangeLog.Entry entry = new ChangeLog.Entry(chance.nextLong(), Optional.of(attempt.vdis));
      List<Put> puts = new ArrayList<>(attempt.changes);
      Put logged = logged(entry);
      puts.add(logged);
      long made = followed + 1;
      if (isMade(attempt, puts, entry)) {
        log = log.with(entry);
        attempt.done.at(made);
        followed = made;
        return;
      }
      if (version(coordination.read(Keys.CHANGES)) == followed) {
        throw new Outdated("a lease or lock of VDI " + attempt.vdis);
      }
    }
    throw new Outdated("the records of VDIs");
  }

  private boolean isMade(Attempt attempt, List<Put> puts, ChangeLog.Entry entry)
      throws IOException {
    try {
      return leases.commit(attempt.kept, attempt.dropped, puts);
    } catch (InDoubt e) {
      return find(entry).orElseThrow(() -> e);
    }
  }

  /// Whether a commit in doubt was made. As long as nothing was committed in its place it may still
  /// come, so that something else is; after that the log tells.
  private Optional<Boolean> find(ChangeLog.Entry entry) {
    for (int i = 0; i < QUESTIONS_MAX; i++) {
      try {
        Optional<Stored> stored = coordination.read(Keys.CHANGES);
        long commits = version(stored) - followed;
        if (stored.isPresent() && commits > 0) {
          return ChangeLog.decode(stored.get().value()).holds(entry.token(), commits);
        }
        ChangeLog.Entry nothing = new ChangeLog.Entry(chance.nextLong(), Optional.of(Set.of()));
        coordination.commit(List.of(logged(nothing)));
      } catch (IOException _) {
        // It is asked again, or stays in doubt.
      }
    }
    return Optional.empty();
  }

  private Put logged(ChangeLog.Entry entry) {
    return put(Keys.CHANGES, log.with(entry).encode(), followed);
  }

  private void requireCurrent(Draft draft) throws Outdated {
    for (VdiRecord record : draft.records) {
      boolean isNew = mirror.record(record.vdi()).isEmpty() && !mirror.isUsed(record.vdi());
      if (!isNew && !mirror.isUnchanged(record.vdi(), draft.seen)) {
        throw new Outdated("VDI " + record.name() + " (" + record.vdi() + ")");
      }
    }
    for (VdiId guard : draft.guards) {
      if (!mirror.isUnchanged(guard, draft.seen)) {
        throw new Outdated("VDI " + guard);
      }
    }
  }

  private Attempt attemptOf(Draft draft) {
    List<Put> puts = new ArrayList<>(draft.others);
    Set<VdiId> vdis = new HashSet<>(draft.behind);
    for (VdiRecord record : draft.records) {
      vdis.add(record.vdi());
      puts.add(put(Keys.vdi(record.vdi()), record.encode(), mirror.version(record.vdi())));
    }
    for (VdiId vdi : draft.behind) {
      puts.add(put(Keys.behind(vdi), new byte[0], mirror.behindVersion(vdi)));
    }
    Set<VdiId> caughtUp = new HashSet<>(mirror.caughtUp());
    caughtUp.removeAll(draft.behind);
    for (VdiId vdi : caughtUp) {
      puts.add(new Put(Keys.behind(vdi), Optional.empty(), mirror.behindVersion(vdi)));
    }
    vdis.addAll(caughtUp);
    vdis.addAll(draft.touched);
    return new Attempt(
        puts,
        vdis,
        draft.leases,
        Set.of(),
        commit -> {
          for (VdiRecord record : draft.records) {
            mirror.know(record, mirror.version(record.vdi()) + 1, commit);
          }
          draft.touched.forEach(vdi -> mirror.touch(vdi, commit));
          draft.behind.forEach(vdi -> mirror.fallBehind(vdi, mirror.behindVersion(vdi) + 1));
          caughtUp.forEach(mirror::forgetBehind);
        });
  }

  private Attempt attemptGone(VdiId vdi) throws IOException {
    VdiMirror.UsedChunk chunk = mirror.usedChunk(Keys.usedChunk(vdi));
    BitSet bits = (BitSet) chunk.bits().clone();
    bits.set(vdi.value() % Keys.USED_IDS);
    if (mirror.record(vdi).isEmpty()) {
      throw new Outdated("VDI " + vdi);
    }
    List<Put> puts = new ArrayList<>();
    puts.add(new Put(Keys.vdi(vdi), Optional.empty(), mirror.version(vdi)));
    puts.add(put(Keys.used(vdi), bits.toByteArray(), chunk.version()));
    if (mirror.behindVersion(vdi) != 0) {
      puts.add(new Put(Keys.behind(vdi), Optional.empty(), mirror.behindVersion(vdi)));
    }
    return new Attempt(
        puts,
        Set.of(vdi),
        Set.of(),
        Set.of(vdi),
        _ -> {
          mirror.forget(vdi);
          mirror.knowUsed(Keys.usedChunk(vdi), bits, chunk.version() + 1);
        });
  }

  private static Put put(String key, byte[] value, long expected) {
    return new Put(key, Optional.of(value), expected);
  }
}

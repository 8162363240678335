package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/// The records of all VDIs, mirrored in memory, and the id space (spec/protocol-and-cache.md
/// §1.14). Every change is one commit of the coordination records and is seen here after it.
final class VdiTable {
  private final Coordination coordination;
  private final Locks.Mutex committing;
  private final Locks.Mutex mutex;
  private final TreeMap<VdiId, Known> known = new TreeMap<>();
  private final Map<VdiName, Set<VdiId>> byName = new HashMap<>();
  private final BitSet used = new BitSet();
  private final Map<Integer, UsedChunk> usedChunks = new HashMap<>();
  private final Map<VdiId, Behind> behind = new TreeMap<>();

  /// Reads all records.
  VdiTable(Coordination coordination, Locks locks) throws IOException {
    this.coordination = coordination;
    this.committing = locks.mutex();
    this.mutex = locks.mutex();
    for (Stored stored : coordination.list(Keys.VDI)) {
      VdiId vdi = Keys.vdiOf(stored.key());
      know(VdiRecord.decode(vdi, stored.value()), stored.version());
    }
    for (Stored stored : coordination.list(Keys.USED)) {
      knowUsed(Keys.chunkOf(stored.key()), BitSet.valueOf(stored.value()), stored.version());
    }
    for (Stored stored : coordination.list(Keys.BEHIND)) {
      behind.put(Keys.vdiOf(stored.key()), new Behind(stored.version(), false));
    }
  }

  Optional<VdiRecord> record(VdiId vdi) {
    return locked(() -> Optional.ofNullable(known.get(vdi)).map(Known::record));
  }

  /// The record of a VDI that is not deleted.
  Optional<VdiRecord> live(VdiId vdi) {
    return record(vdi).filter(record -> !record.isDeleted());
  }

  /// All records that a test accepts, in the order of their ids.
  List<VdiRecord> records(Predicate<VdiRecord> accepted) {
    return locked(() -> known.values().stream().map(Known::record).filter(accepted).toList());
  }

  /// The VDIs of a name that are not deleted, in the order in which a lookup meets them: newest
  /// first.
  List<VdiRecord> newestFirst(VdiName name) {
    int start = SheepHash.vdiSlot(name.bytes());
    Comparator<VdiRecord> age =
        Comparator.comparingInt(r -> r.vdi().value() - start & VdiId.COUNT - 1);
    return locked(() ->
        byName.getOrDefault(name, Set.of()).stream()
            .flatMap(vdi -> Optional.ofNullable(known.get(vdi)).stream())
            .map(Known::record)
            .filter(record -> !record.isDeleted())
            .sorted(age.reversed())
            .toList());
  }

  /// The record of a VDI that the caller found alive.
  VdiRecord living(VdiId vdi) throws IOException {
    return live(vdi).orElseThrow(() -> new IOException("VDI " + vdi + " was deleted"));
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
    return locked(() -> used.get(vdi.value()));
  }

  BitSet used() {
    return locked(() -> (BitSet) used.clone());
  }

  /// The id for a new VDI of this name: the first that is free, from the name's hash on, with wrap.
  /// 0 is no id. Empty where all are in use.
  Optional<VdiId> free(VdiName name) {
    return locked(() -> {
      int free = used.nextClearBit(Math.max(1, SheepHash.vdiSlot(name.bytes())));
      if (free >= VdiId.COUNT) {
        free = used.nextClearBit(1);
      }
      return free < VdiId.COUNT ? Optional.of(new VdiId(free)) : Optional.empty();
    });
  }

  /// Stores records, new and changed ones, in one commit.
  ///
  /// @param nowBehind VDIs whose inodes do not follow their records yet
  /// @throws Coordination.InDoubt where it is not known whether it was done; with any other
  ///   [IOException] it was not
  void commit(List<VdiRecord> records, List<VdiId> nowBehind) throws IOException {
    committing.lock();
    try {
      List<Put> puts = new ArrayList<>();
      records.forEach(r -> puts.add(put(Keys.vdi(r.vdi()), r.encode(), version(r.vdi()))));
      nowBehind.forEach(vdi -> puts.add(put(Keys.behind(vdi), new byte[0], behindVersion(vdi))));
      Set<VdiId> done = addCaughtUp(puts, new HashSet<>(nowBehind));
      commit(puts);
      mutex.lock();
      try {
        records.forEach(record -> know(record, version(record.vdi()) + 1));
        nowBehind.forEach(vdi -> behind.put(vdi, new Behind(behindVersion(vdi) + 1, false)));
        done.forEach(behind::remove);
      } finally {
        mutex.unlock();
      }
    } finally {
      committing.unlock();
    }
  }

  /// Forgets a VDI of which nothing is left but that its id was used, together with its lease.
  void commitGone(VdiId vdi, LeaseBook leases) throws IOException {
    committing.lock();
    try {
      UsedChunk chunk = locked(() -> usedChunks.getOrDefault(Keys.usedChunk(vdi), UsedChunk.EMPTY));
      BitSet bits = (BitSet) chunk.bits.clone();
      bits.set(vdi.value() % Keys.USED_IDS);
      List<Put> puts = new ArrayList<>();
      puts.add(new Put(Keys.vdi(vdi), Optional.empty(), version(vdi)));
      puts.add(put(Keys.used(vdi), bits.toByteArray(), chunk.version));
      if (behindVersion(vdi) != 0) {
        puts.add(new Put(Keys.behind(vdi), Optional.empty(), behindVersion(vdi)));
      }
      if (!leases.commitWithout(vdi, puts)) {
        throw changedElsewhere();
      }
      mutex.lock();
      try {
        forget(vdi);
        knowUsed(Keys.usedChunk(vdi), bits, chunk.version + 1);
      } finally {
        mutex.unlock();
      }
    } finally {
      committing.unlock();
    }
  }

  /// Forgets everything, leases and used ids too.
  void commitNothing(LeaseBook leases) throws IOException {
    committing.lock();
    try {
      List<Put> puts = new ArrayList<>();
      for (String prefix : List.of(Keys.VDI, Keys.USED, Keys.BEHIND)) {
        for (Stored stored : coordination.list(prefix)) {
          puts.add(new Put(stored.key(), Optional.empty(), stored.version()));
        }
      }
      leases.commitWithoutAll(puts);
      mutex.lock();
      try {
        known.clear();
        byName.clear();
        used.clear();
        usedChunks.clear();
        behind.clear();
      } finally {
        mutex.unlock();
      }
    } finally {
      committing.unlock();
    }
  }

  /// VDIs whose inodes may not follow their records.
  List<VdiId> behind() {
    return locked(() ->
        behind.entrySet().stream().filter(t -> !t.getValue().done).map(Map.Entry::getKey).toList());
  }

  /// The inode follows its record; that is stored with the next commit.
  void caughtUp(VdiId vdi) {
    mutex.lock();
    try {
      behind.computeIfPresent(vdi, (_, lag) -> new Behind(lag.version, true));
    } finally {
      mutex.unlock();
    }
  }

  private void commit(List<Put> puts) throws IOException {
    if (!coordination.commit(puts)) {
      throw changedElsewhere();
    }
  }

  private static IOException changedElsewhere() {
    return new IOException("another node changed the same VDI's records; try again");
  }

  private Set<VdiId> addCaughtUp(List<Put> puts, Set<VdiId> renewed) {
    Set<VdiId> done = new HashSet<>();
    mutex.lock();
    try {
      behind.forEach((vdi, lag) -> {
        if (lag.done && !renewed.contains(vdi)) {
          puts.add(new Put(Keys.behind(vdi), Optional.empty(), lag.version));
          done.add(vdi);
        }
      });
      return done;
    } finally {
      mutex.unlock();
    }
  }

  private static Put put(String key, byte[] value, long expected) {
    return new Put(key, Optional.of(value), expected);
  }

  private long version(VdiId vdi) {
    return locked(() -> Optional.ofNullable(known.get(vdi)).map(Known::version).orElse(0L));
  }

  private long behindVersion(VdiId vdi) {
    return locked(() -> Optional.ofNullable(behind.get(vdi)).map(Behind::version).orElse(0L));
  }

  private void know(VdiRecord record, long version) {
    known.put(record.vdi(), new Known(record, version));
    byName.computeIfAbsent(record.name(), _ -> new HashSet<>()).add(record.vdi());
    used.set(record.vdi().value());
  }

  private void forget(VdiId vdi) {
    behind.remove(vdi);
    Known gone = known.remove(vdi);
    if (gone != null) {
      VdiName name = gone.record().name();
      Set<VdiId> named = byName.getOrDefault(name, new HashSet<>());
      named.remove(vdi);
      if (named.isEmpty()) {
        byName.remove(name);
      }
    }
  }

  private void knowUsed(int chunk, BitSet bits, long version) {
    usedChunks.put(chunk, new UsedChunk(bits, version));
    bits.stream().forEach(bit -> used.set(chunk * Keys.USED_IDS + bit));
  }

  private <T> T locked(Question<T> question) {
    mutex.lock();
    try {
      return question.answer();
    } finally {
      mutex.unlock();
    }
  }

  private interface Question<T> {
    T answer();
  }

  private record Known(VdiRecord record, long version) {}

  private record Behind(long version, boolean done) {}

  private record UsedChunk(BitSet bits, long version) {
    static final UsedChunk EMPTY = new UsedChunk(new BitSet(), 0);
  }
}

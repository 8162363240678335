package dev.kelpie.vdi;

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

/// The records of all VDIs in memory, with the versions that they have in the coordination, and the
/// id space (spec/protocol-and-cache.md §1.14). Answers questions; [VdiTable] keeps it up to date.
final class VdiMirror {
  private final Locks.Mutex mutex;
  private final TreeMap<VdiId, Known> known = new TreeMap<>();
  private final Map<VdiName, Set<VdiId>> byName = new HashMap<>();
  private final BitSet used = new BitSet();
  private final Map<Integer, UsedChunk> usedChunks = new HashMap<>();
  private final Map<VdiId, Behind> behind = new TreeMap<>();

  /// When all of it was read anew, as a number of commits.
  private long readAt;

  VdiMirror(Locks locks) {
    this.mutex = locks.mutex();
  }

  /// A record of the coordination.
  ///
  /// @param version that it has there
  /// @param changedAt the commit that has changed it last, or a later one
  private record Known(VdiRecord record, long version, long changedAt) {}

  /// @param done whether the inode has caught up, which is not stored yet
  private record Behind(long version, boolean done) {}

  /// @param version 0 where there is no record
  record UsedChunk(BitSet bits, long version) {
    private static final UsedChunk EMPTY = new UsedChunk(new BitSet(), 0);
  }

  Optional<VdiRecord> record(VdiId vdi) {
    return locked(() -> Optional.ofNullable(known.get(vdi)).map(Known::record));
  }

  /// All records that a test accepts, in the order of their ids.
  List<VdiRecord> records(Predicate<VdiRecord> accepted) {
    return locked(() -> known.values().stream().map(Known::record).filter(accepted).toList());
  }

  /// The VDIs of a name that are not deleted, newest first.
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

  boolean isUsed(VdiId vdi) {
    return locked(() -> used.get(vdi.value()));
  }

  BitSet used() {
    return locked(() -> (BitSet) used.clone());
  }

  /// The first id that was never used, from the name's hash on, with wrap. 0 is no id.
  Optional<VdiId> free(VdiName name) {
    return locked(() -> {
      int free = used.nextClearBit(Math.max(1, SheepHash.vdiSlot(name.bytes())));
      if (free >= VdiId.COUNT) {
        free = used.nextClearBit(1);
      }
      return free < VdiId.COUNT ? Optional.of(new VdiId(free)) : Optional.empty();
    });
  }

  /// The ids that were used of a chunk of them, and of which nothing is left.
  UsedChunk usedChunk(int chunk) {
    return locked(() -> usedChunks.getOrDefault(chunk, UsedChunk.EMPTY));
  }

  /// VDIs whose inodes may not follow their records.
  List<VdiId> behind() {
    return locked(() ->
        behind.entrySet().stream().filter(t -> !t.getValue().done).map(Map.Entry::getKey).toList());
  }

  /// VDIs whose inodes have caught up, which is not stored yet.
  List<VdiId> caughtUp() {
    return locked(() ->
        behind.entrySet().stream().filter(t -> t.getValue().done).map(Map.Entry::getKey).toList());
  }

  /// The version of a VDI's record; 0 where there is none.
  long version(VdiId vdi) {
    return locked(() -> Optional.ofNullable(known.get(vdi)).map(Known::version).orElse(0L));
  }

  /// The version of the record that a VDI's inode is behind; 0 where there is none.
  long behindVersion(VdiId vdi) {
    return locked(() -> Optional.ofNullable(behind.get(vdi)).map(Behind::version).orElse(0L));
  }

  /// Whether a VDI's record is there and was not changed by a commit after this one.
  boolean isUnchanged(VdiId vdi, long commit) {
    return locked(() -> {
      Known now = known.get(vdi);
      return readAt <= commit && now != null && now.changedAt <= commit;
    });
  }

  /// Takes a record in.
  void know(VdiRecord record, long version, long commit) {
    change(() -> put(record, version, commit));
  }

  /// Something else of a VDI has changed.
  void touch(VdiId vdi, long commit) {
    change(
        () -> known.computeIfPresent(vdi, (_, now) -> new Known(now.record, now.version, commit)));
  }

  /// A VDI's inode may not follow its record any more.
  void fallBehind(VdiId vdi, long version) {
    change(() -> behind.put(vdi, new Behind(version, false)));
  }

  /// The inode of a VDI follows its record.
  void catchUp(VdiId vdi) {
    change(() -> behind.computeIfPresent(vdi, (_, lag) -> new Behind(lag.version, true)));
  }

  /// That it does is stored.
  void forgetBehind(VdiId vdi) {
    change(() -> behind.remove(vdi));
  }

  /// Takes the record of used ids in.
  void knowUsed(int chunk, BitSet bits, long version) {
    change(() -> putUsed(chunk, bits, version));
  }

  /// Forgets the record of a VDI.
  void forget(VdiId vdi) {
    change(() -> {
      behind.remove(vdi);
      drop(vdi);
    });
  }

  /// Takes in what the coordination has of one VDI; nothing where it has nothing.
  void renew(VdiId vdi, Optional<Stored> record, Optional<Stored> lag, long commit)
      throws IOException {
    Optional<VdiRecord> decoded = Optional.empty();
    if (record.isPresent()) {
      decoded = Optional.of(VdiRecord.decode(vdi, record.get().value()));
    }
    mutex.lock();
    try {
      drop(vdi);
      if (decoded.isPresent()) {
        put(decoded.get(), record.get().version(), commit);
      }
      putBehind(vdi, lag);
    } finally {
      mutex.unlock();
    }
  }

  /// Takes in all that the coordination has, and forgets everything else.
  void renewAll(List<Stored> vdis, List<Stored> usedIds, List<Stored> lags, long commit)
      throws IOException {
    List<VdiRecord> decoded = new ArrayList<>();
    for (Stored stored : vdis) {
      decoded.add(VdiRecord.decode(Keys.vdiOf(stored.key()), stored.value()));
    }
    mutex.lock();
    try {
      clear(commit);
      for (int i = 0; i < decoded.size(); i++) {
        put(decoded.get(i), vdis.get(i).version(), commit);
      }
      for (Stored stored : usedIds) {
        putUsed(Keys.chunkOf(stored.key()), BitSet.valueOf(stored.value()), stored.version());
      }
      Map<VdiId, Stored> byVdi = new HashMap<>();
      lags.forEach(stored -> byVdi.put(Keys.vdiOf(stored.key()), stored));
      Set<VdiId> all = new HashSet<>(behind.keySet());
      all.addAll(byVdi.keySet());
      all.forEach(vdi -> putBehind(vdi, Optional.ofNullable(byVdi.get(vdi))));
    } finally {
      mutex.unlock();
    }
  }

  /// Called with the lock.
  private void clear(long commit) {
    known.clear();
    byName.clear();
    used.clear();
    usedChunks.clear();
    readAt = commit;
  }

  private void put(VdiRecord record, long version, long commit) {
    known.put(record.vdi(), new Known(record, version, commit));
    byName.computeIfAbsent(record.name(), _ -> new HashSet<>()).add(record.vdi());
    used.set(record.vdi().value());
  }

  private void drop(VdiId vdi) {
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

  private void putUsed(int chunk, BitSet bits, long version) {
    usedChunks.put(chunk, new UsedChunk(bits, version));
    bits.stream().forEach(bit -> used.set(chunk * Keys.USED_IDS + bit));
  }

  /// What is known here of an inode that has caught up holds for the record that it was behind.
  private void putBehind(VdiId vdi, Optional<Stored> stored) {
    if (stored.isEmpty()) {
      behind.remove(vdi);
    } else if (behindVersion(vdi) != stored.get().version()) {
      behind.put(vdi, new Behind(stored.get().version(), false));
    }
  }

  private void change(Runnable change) {
    mutex.lock();
    try {
      change.run();
    } finally {
      mutex.unlock();
    }
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
}

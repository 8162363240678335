package dev.kelpie.testing;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/// The plainest [ObjectStore]: objects in memory, in the order that [Change] asks for. Deferred
/// changes are applied to the durable copy by [#flush], or get lost in [#afterPowerCut]. A durable
/// change of part of an object makes durable just that part.
///
/// Strict: ranges and the order of extents are checked, and use after [#close] is an error.
public final class MemoryStore implements ObjectStore {
  private final ReentrantLock lock = new ReentrantLock();
  private final Faults<StoreCall, ObjectId> faults = new Faults<>();
  private final StoreRecord record = new StoreRecord();
  private final Map<ObjectId, StoredObject> live;
  private final Map<ObjectId, StoredObject> durable;
  private final List<Deferred> deferred = new ArrayList<>();
  private long objectsMax = Long.MAX_VALUE;
  private boolean waits;
  private boolean closed;

  /// An empty store.
  public MemoryStore() {
    this(new TreeMap<>(), new TreeMap<>());
  }

  private MemoryStore(Map<ObjectId, StoredObject> live, Map<ObjectId, StoredObject> durable) {
    this.live = live;
    this.durable = durable;
  }

  /// A change that is not durable yet, or one that is and came after such a change of the same
  /// object, so that it has to be applied once more after that one.
  ///
  /// @param whole whether it made or removed the object
  private record Deferred(
      VdiId vdi,
      ObjectId object,
      boolean whole,
      boolean durable,
      Consumer<Map<ObjectId, StoredObject>> change) {}

  // What a test sets up and asks for.

  /// Calls that fail or hang, matched by the object; flushes and lists by the inode of the VDI.
  public Faults<StoreCall, ObjectId> faults() {
    return faults;
  }

  /// What was asked of the store so far.
  public StoreRecord record() {
    return record;
  }

  /// Lets the store have room for so many objects.
  public void objectsMax(long count) {
    locked(() -> objectsMax = count);
  }

  /// Lets every call that must not wait be answered `WOULD_WAIT`, or no longer.
  public void wouldAlwaysWait(boolean wait) {
    locked(() -> waits = wait);
  }

  /// The store after a power cut: without what was deferred and not flushed. This one is closed.
  public MemoryStore afterPowerCut() {
    return afterPowerCut(_ -> false);
  }

  /// The store after a power cut that left some of the deferred changes, by chance.
  public MemoryStore afterPowerCut(RandomGenerator chance) {
    return afterPowerCut(_ -> chance.nextBoolean());
  }

  private MemoryStore afterPowerCut(Predicate<Deferred> kept) {
    return locked(() -> {
      closed = true;
      Map<ObjectId, StoredObject> left = copy(durable);
      deferred.stream().filter(d -> d.durable || kept.test(d)).forEach(d -> d.change.accept(left));
      return new MemoryStore(left, copy(left));
    });
  }

  /// The ids of all objects.
  public List<ObjectId> objects() {
    return locked(() -> List.copyOf(live.keySet()));
  }

  /// The bytes of an object as a reader sees them; empty where there is none.
  public Optional<byte[]> bytes(ObjectId object) {
    return locked(() -> bytes(live, object));
  }

  /// The bytes of an object that are there for certain after a power cut; empty for none.
  public Optional<byte[]> durableBytes(ObjectId object) {
    return locked(() -> bytes(durable, object));
  }

  private static Optional<byte[]> bytes(Map<ObjectId, StoredObject> objects, ObjectId object) {
    return Optional.ofNullable(objects.get(object))
        .map(stored -> {
          ByteBuffer all = ByteBuffer.allocate(object.size());
          stored.read(0, all);
          return all.array();
        });
  }

  // The store.

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    checkRange(object, offset, into.remaining());
    if (mustWait(StoreCall.READ, object, access.patience())) {
      return Outcome.WOULD_WAIT;
    }
    int length = into.remaining();
    record.called(StoreCall.READ, object, offset, length, Optional.empty());
    faults.check(StoreCall.READ, object);
    return opened(() -> {
      Optional<StoredObject> stored = Optional.ofNullable(live.get(object));
      stored.ifPresent(found -> {
        found.read(offset, into);
        record.read(length);
      });
      return stored.isPresent() ? Outcome.DONE : Outcome.NO_OBJECT;
    });
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    int length = checkExtents(object, extents);
    if (mustWait(StoreCall.WRITE, object, change.patience())) {
      return Outcome.WOULD_WAIT;
    }
    record.called(StoreCall.WRITE, object, start(extents), length, Optional.of(change));
    faults.check(StoreCall.WRITE, object);
    return opened(() -> {
      StoredObject stored = live.get(object);
      if (stored == null) {
        return Outcome.NO_OBJECT;
      } else if (!stored.isBefore(change)) {
        return Outcome.STALE;
      }
      long number = stored.numberOf(change);
      List<Extent> copies = copy(extents);
      apply(
          object,
          change,
          false,
          state ->
              Optional.ofNullable(state.get(object))
                  .ifPresent(o -> o.apply(copies, change.generation(), number)));
      record.written(length, extents.size());
      return Outcome.DONE;
    });
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    int length = checkExtents(object, extents);
    if (mustWait(StoreCall.CREATE, object, change.patience())) {
      return Outcome.WOULD_WAIT;
    }
    record.called(StoreCall.CREATE, object, start(extents), length, Optional.of(change));
    faults.check(StoreCall.CREATE, object);
    return opened(() -> {
      Optional<StoredObject> old = Optional.ofNullable(live.get(object));
      if (old.isPresent() && !old.get().isBefore(change)) {
        return Outcome.STALE;
      }
      SparseBytes content = new SparseBytes();
      if (base instanceof Base.CopyOf(ObjectId parent)) {
        StoredObject source = live.get(parent);
        if (source == null) {
          return Outcome.NO_OBJECT;
        }
        content = source.bytes.copy();
      }
      if (old.isEmpty() && live.size() >= objectsMax) {
        return Outcome.NO_SPACE;
      }
      long number = old.map(o -> o.numberOf(change)).orElse(Math.max(1, change.pushNumber()));
      StoredObject made = new StoredObject(content, change.generation(), number);
      made.apply(extents, change.generation(), number);
      apply(object, change, true, state -> state.put(object, made.copy()));
      record.written(length, extents.size());
      return Outcome.DONE;
    });
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    if (mustWait(StoreCall.REMOVE, object, change.patience())) {
      return Outcome.WOULD_WAIT;
    }
    record.called(StoreCall.REMOVE, object, 0, 0, Optional.of(change));
    faults.check(StoreCall.REMOVE, object);
    return opened(() -> {
      StoredObject stored = live.get(object);
      if (stored == null) {
        return Outcome.NO_OBJECT;
      } else if (!stored.isBefore(change)) {
        return Outcome.STALE;
      }
      apply(object, change, true, state -> state.remove(object));
      return Outcome.DONE;
    });
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) throws IOException {
    record.called(StoreCall.STAT, object, 0, 0, Optional.empty());
    faults.check(StoreCall.STAT, object);
    return opened(() -> Optional.ofNullable(live.get(object)).map(o -> o.stat(object)));
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    record.called(StoreCall.LIST, ObjectId.inode(vdi), 0, 0, Optional.empty());
    faults.check(StoreCall.LIST, ObjectId.inode(vdi));
    List<ObjectId> found =
        opened(() -> live.keySet().stream().filter(o -> o.vdiBits() == vdi.value()).toList());
    found.forEach(each);
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    record.called(StoreCall.FLUSH, ObjectId.inode(vdi), 0, 0, Optional.empty());
    faults.check(StoreCall.FLUSH, ObjectId.inode(vdi));
    opened(() -> {
      settle(d -> d.vdi.equals(vdi));
      return true;
    });
  }

  @Override
  public void prefetch(ObjectId object, int offset, int length, Access access) throws IOException {
    checkRange(object, offset, length);
    record.called(StoreCall.PREFETCH, object, offset, length, Optional.empty());
    faults.check(StoreCall.PREFETCH, object);
  }

  @Override
  public void close() throws IOException {
    locked(() -> {
      if (!closed) {
        settle(_ -> true);
      }
      closed = true;
      return true;
    });
  }

  /// Applies a change to the live state, and now or later to the durable one. A create or remove
  /// that was only deferred becomes durable with a durable change on top of it.
  private void apply(
      ObjectId object, Change change, boolean whole, Consumer<Map<ObjectId, StoredObject>> body) {
    body.accept(live);
    if (change.durability() == Durability.DEFERRED) {
      deferred.add(new Deferred(change.vdi(), object, whole, false, body));
      return;
    }
    if (deferred.stream().anyMatch(d -> d.whole && d.object.equals(object))) {
      settle(d -> d.object.equals(object));
    }
    body.accept(durable);
    if (deferred.stream().anyMatch(d -> d.object.equals(object))) {
      deferred.add(new Deferred(change.vdi(), object, whole, true, body));
    }
  }

  private void settle(Predicate<Deferred> chosen) {
    deferred.stream().filter(chosen).forEach(d -> d.change.accept(durable));
    deferred.removeIf(chosen);
  }

  private boolean mustWait(StoreCall call, ObjectId object, Patience patience) {
    return patience == Patience.NOW && (locked(() -> waits) || faults.hangs(call, object));
  }

  private static void checkRange(ObjectId object, int offset, int length) {
    if (offset < 0 || length < 0 || (long) offset + length > object.size()) {
      throw new IllegalArgumentException(
          object + ": " + length + " bytes at " + offset + " of " + object.size());
    }
  }

  private static int checkExtents(ObjectId object, List<Extent> extents) {
    int end = 0;
    int length = 0;
    for (Extent extent : extents) {
      checkRange(object, extent.offset(), extent.length());
      if (extent.offset() < end) {
        throw new IllegalArgumentException(object + ": extents are not in order: " + extents);
      }
      end = extent.end();
      length += extent.length();
    }
    return length;
  }

  private static int start(List<Extent> extents) {
    return extents.isEmpty() ? 0 : extents.getFirst().offset();
  }

  private static List<Extent> copy(List<Extent> extents) {
    return extents.stream()
        .map(e -> {
          ByteBuffer bytes = ByteBuffer.allocate(e.length()).put(e.bytes().duplicate());
          return new Extent(e.offset(), bytes.flip());
        })
        .toList();
  }

  private static Map<ObjectId, StoredObject> copy(Map<ObjectId, StoredObject> state) {
    Map<ObjectId, StoredObject> copy = new TreeMap<>();
    state.forEach((id, object) -> copy.put(id, object.copy()));
    return copy;
  }

  private <T> T opened(Body<T> body) {
    return locked(() -> {
      if (closed) {
        throw new IllegalStateException("the store is used after it was closed");
      }
      return body.run();
    });
  }

  private <T> T locked(Body<T> body) {
    lock.lock();
    try {
      return Objects.requireNonNull(body.run());
    } finally {
      lock.unlock();
    }
  }

  private interface Body<T> {
    T run();
  }
}

package dev.kelpie.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/// What a store may hold after a crash, in sectors of 512 bytes.
///
/// Every change gets a number. A sector, and whether the object is there, has one *candidate* for
/// each change that may be its last one: when a change is durable, or only answered and the process
/// was killed, the candidates before it go.
final class StoreModel {
  static final int SECTOR = 512;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<ObjectId, List<Life>> objects = new TreeMap<>();
  private long changes;

  /// A change under way.
  ///
  /// @param tag what the sectors hold after it; never 0, which stands for zeros
  record Pending(ObjectId object, long number, long tag) {
    /// The order pair with which to make it.
    Order order() {
      return new Order(1, number);
    }
  }

  /// What may be in a sector.
  private record Candidate(long number, long tag) {}

  /// What the object may be from a create or remove on.
  private static final class Life {
    final long number;
    final boolean exists;
    final Map<Integer, List<Candidate>> sectors = new TreeMap<>();
    final Map<Long, Order> orders = new TreeMap<>();
    long lastDurable;
    long lastAnswered;

    Life(long number, boolean exists) {
      this.number = number;
      this.exists = exists;
    }

    Life copy() {
      Life copy = new Life(number, exists);
      sectors.forEach(
          (sector, candidates) -> copy.sectors.put(sector, new ArrayList<>(candidates)));
      copy.orders.putAll(orders);
      copy.lastDurable = lastDurable;
      copy.lastAnswered = lastAnswered;
      return copy;
    }

    List<Candidate> sector(int sector) {
      return sectors.computeIfAbsent(sector, _ -> new ArrayList<>(List.of(new Candidate(0, 0))));
    }
  }

  /// The bytes of a sector.
  static void fill(ByteBuffer into, int sector, long tag) {
    for (int i = 0; i < SECTOR / Long.BYTES; i++) {
      into.putLong(i == 0 ? tag : tag * 31 + sector * 1_000_003L + i);
    }
  }

  /// The same knowledge, for another future.
  StoreModel copy() {
    lock.lock();
    try {
      StoreModel copy = new StoreModel();
      copy.changes = changes;
      objects.forEach((object, lives) ->
          copy.objects.put(object, new ArrayList<>(lives.stream().map(Life::copy).toList())));
      return copy;
    } finally {
      lock.unlock();
    }
  }

  // What the driver tells.

  Pending write(ObjectId object, List<Integer> sectors) {
    lock.lock();
    try {
      Life life = last(object);
      Pending pending = new Pending(object, ++changes, changes);
      for (int sector : sectors) {
        life.sector(sector).add(new Candidate(pending.number, pending.tag));
      }
      life.orders.put(pending.number, pending.order());
      return pending;
    } finally {
      lock.unlock();
    }
  }

  Pending create(ObjectId object, Optional<ObjectId> parent, List<Integer> sectors) {
    lock.lock();
    try {
      Pending pending = new Pending(object, ++changes, changes);
      Life life = new Life(pending.number, true);
      parent.ifPresent(from ->
          last(from)
              .sectors
              .forEach((sector, candidates) ->
                  life.sectors.put(
                      sector,
                      new ArrayList<>(
                          List.of(new Candidate(pending.number, candidates.getLast().tag))))));
      for (int sector : sectors) {
        life.sectors.put(
            sector, new ArrayList<>(List.of(new Candidate(pending.number, pending.tag))));
      }
      life.orders.put(pending.number, pending.order());
      life.lastDurable = pending.number;
      lives(object).add(life);
      return pending;
    } finally {
      lock.unlock();
    }
  }

  Pending remove(ObjectId object) {
    lock.lock();
    try {
      Pending pending = new Pending(object, ++changes, changes);
      lives(object).add(new Life(pending.number, false));
      return pending;
    } finally {
      lock.unlock();
    }
  }

  /// It was answered with DONE.
  void answered(Pending change, boolean durable) {
    lock.lock();
    try {
      Life life = last(change.object);
      life.lastAnswered = Math.max(life.lastAnswered, change.number);
      if (durable) {
        life.lastDurable = Math.max(life.lastDurable, change.number);
        for (List<Candidate> candidates : life.sectors.values()) {
          if (candidates.getLast().number == change.number) {
            candidates.removeIf(older -> older.number < change.number);
          }
        }
        lives(change.object).removeIf(older -> older.number < life.number);
      }
    } finally {
      lock.unlock();
    }
  }

  /// It was answered with something else: nothing was changed.
  void refused(Pending change) {
    lock.lock();
    try {
      lives(change.object).removeIf(life -> life.number == change.number);
      Life life = last(change.object);
      life.sectors.values().forEach(c -> c.removeIf(one -> one.number == change.number));
      life.orders.remove(change.number);
    } finally {
      lock.unlock();
    }
  }

  /// The changes that a flush beginning now has to make durable.
  Map<ObjectId, Long> answeredSoFar(VdiId vdi) {
    lock.lock();
    try {
      Map<ObjectId, Long> marks = new HashMap<>();
      objects.forEach((object, lives) -> {
        if (object.vdiBits() == vdi.value()) {
          marks.put(object, lives.stream().mapToLong(l -> l.lastAnswered).max().orElse(0));
        }
      });
      return marks;
    } finally {
      lock.unlock();
    }
  }

  void flushed(Map<ObjectId, Long> marks) {
    lock.lock();
    try {
      marks.forEach(this::settle);
    } finally {
      lock.unlock();
    }
  }

  /// Whether the object is there, as a client knows it.
  boolean exists(ObjectId object) {
    lock.lock();
    try {
      return last(object).exists;
    } finally {
      lock.unlock();
    }
  }

  /// Checks that a client reads what it wrote last.
  void verifyLast(ObjectStore store, ObjectId object) throws IOException {
    Map<Integer, Long> expected = new TreeMap<>();
    lock.lock();
    try {
      last(object).sectors.forEach((sector, all) -> expected.put(sector, all.getLast().tag));
    } finally {
      lock.unlock();
    }
    assertEquals(exists(object), store.stat(object).isPresent(), object + " exists");
    expected.forEach((sector, tag) ->
        assertEquals(tag, read(store, object, sector), object + " sector " + sector));
  }

  /// The process was killed: everything answered is there.
  void killed() {
    lock.lock();
    try {
      objects.forEach((object, lives) -> {
        settle(object, lives.stream().mapToLong(l -> l.lastAnswered).max().orElse(0));
      });
    } finally {
      lock.unlock();
    }
  }

  // What the store is compared with.

  /// Checks every sector of every object, and takes what is found as what is there from now on.
  void verifyAndAdopt(ObjectStore store) throws IOException {
    lock.lock();
    try {
      for (Map.Entry<ObjectId, List<Life>> object : objects.entrySet()) {
        List<Life> possible = object.getValue();
        Life found = verify(store, object.getKey(), possible);
        possible.clear();
        possible.add(found);
      }
    } finally {
      lock.unlock();
    }
  }

  private Life verify(ObjectStore store, ObjectId object, List<Life> possible) throws IOException {
    Optional<ObjectStat> stat = store.stat(object);
    List<String> why = new ArrayList<>();
    for (Life life : possible.reversed()) {
      if (life.exists != stat.isPresent()) {
        why.add("life " + life.number + " exists: " + life.exists);
        continue;
      }
      Optional<String> difference =
          life.exists ? difference(store, object, life, stat.orElseThrow()) : Optional.empty();
      if (difference.isEmpty()) {
        return adopted(store, object, life, stat);
      }
      why.add("life " + life.number + ": " + difference.get());
    }
    return fail("object " + object + " is none of what it may be: " + why);
  }

  private static Optional<String> difference(
      ObjectStore store, ObjectId object, Life life, ObjectStat stat) throws IOException {
    for (Map.Entry<Integer, List<Candidate>> sector : life.sectors.entrySet()) {
      long tag = read(store, object, sector.getKey());
      if (sector.getValue().stream().noneMatch(candidate -> candidate.tag == tag)) {
        return Optional.of(
            "sector " + sector.getKey() + " is " + tag + ", not of " + sector.getValue());
      }
    }
    Order order = new Order(stat.generation().value(), stat.pushNumber());
    Order least = life.orders.getOrDefault(life.lastDurable, Order.NONE);
    if (order.compareTo(least) < 0) {
      return Optional.of("its order went back to " + order + " from " + least);
    }
    return life.orders.entrySet().stream()
        .filter(change -> change.getValue().equals(order))
        .findFirst()
        .flatMap(change -> missing(store, object, life, change.getKey()));
  }

  /// Where the order pair says that a change is there, its sectors are its own or later ones.
  private static Optional<String> missing(
      ObjectStore store, ObjectId object, Life life, long number) {
    for (Map.Entry<Integer, List<Candidate>> sector : life.sectors.entrySet()) {
      List<Candidate> candidates = sector.getValue();
      if (candidates.stream().anyMatch(one -> one.number == number)) {
        long tag = read(store, object, sector.getKey());
        if (candidates.stream().noneMatch(one -> one.number >= number && one.tag == tag)) {
          return Optional.of(
              "the order pair is that of " + number + ", but sector " + sector + " is " + tag);
        }
      }
    }
    return Optional.empty();
  }

  private Life adopted(ObjectStore store, ObjectId object, Life life, Optional<ObjectStat> stat) {
    Life adopted = new Life(++changes, life.exists);
    if (life.exists) {
      for (int sector : life.sectors.keySet()) {
        adopted.sectors.put(
            sector, new ArrayList<>(List.of(new Candidate(changes, read(store, object, sector)))));
      }
      ObjectStat found = stat.orElseThrow();
      adopted.orders.put(changes, new Order(found.generation().value(), found.pushNumber()));
    }
    adopted.lastDurable = changes;
    adopted.lastAnswered = changes;
    return adopted;
  }

  /// The tag of a sector, after a check that it is whole.
  private static long read(ObjectStore store, ObjectId object, int sector) {
    ByteBuffer into = ByteBuffer.allocate(SECTOR);
    try {
      Access access = new Access(new VdiId(1), Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
      assertEquals(Outcome.DONE, store.read(object, sector * SECTOR, into, access));
    } catch (IOException failure) {
      throw new AssertionError(object + " sector " + sector + " cannot be read", failure);
    }
    long tag = into.getLong(0);
    ByteBuffer expected = ByteBuffer.allocate(SECTOR);
    if (tag != 0) {
      fill(expected, sector, tag);
    }
    assertTrue(expected.clear().equals(into.clear()), object + " sector " + sector + " is torn");
    return tag;
  }

  private void settle(ObjectId object, long number) {
    List<Life> lives = lives(object);
    for (Life life : List.copyOf(lives)) {
      if (life.number <= number) {
        lives.removeIf(older -> older.number < life.number);
        settleWritten(life, number);
      }
    }
  }

  /// Everything up to a change is durable.
  private static void settleWritten(Life life, long number) {
    life.lastDurable = Math.max(life.lastDurable, number);
    for (List<Candidate> candidates : life.sectors.values()) {
      long last =
          candidates.stream()
              .mapToLong(Candidate::number)
              .filter(one -> one <= number)
              .max()
              .orElse(0);
      candidates.removeIf(one -> one.number < last);
    }
  }

  private Life last(ObjectId object) {
    return lives(object).getLast();
  }

  private List<Life> lives(ObjectId object) {
    return objects.computeIfAbsent(object, _ -> new ArrayList<>(List.of(new Life(0, false))));
  }
}

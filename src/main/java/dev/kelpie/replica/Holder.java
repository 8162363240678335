package dev.kelpie.replica;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.CopyStore;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// This node's own copies. An object's [Version] is the order pair that its store keeps with it.
///
/// What is asked for is done inside the gate of the slot, in which the claim is checked; a
/// preparation has the gate alone, so that afterwards nothing is under way that an earlier primary
/// asked for.
public final class Holder implements Copies {
  private static final int STRIPES = 64;

  private final SlotTable table;
  private final CopyStore store;
  private final Locks.Gate[] gates = new Locks.Gate[STRIPES];
  private final Locks.Mutex[] objects = new Locks.Mutex[STRIPES];
  private final SlotIndex index;

  /// For each slot the largest ballot under which it was told what is here. Changed with the slot's
  /// gate had alone.
  private final Map<Integer, Long> told = new ConcurrentHashMap<>();

  public Holder(SlotTable table, CopyStore store, Locks locks) {
    this.table = table;
    this.store = store;
    this.index = new SlotIndex(store, locks);
    for (int i = 0; i < STRIPES; i++) {
      gates[i] = locks.gate();
      objects[i] = locks.mutex();
    }
  }

  @Override
  public List<Versioned> prepare(Claim claim) throws IOException {
    Locks.Gate gate = gate(claim.slot());
    gate.enterAlone();
    try {
      check(claim);
      told.merge(claim.slot(), claim.ballot(), Math::max);
      List<Versioned> found = new ArrayList<>();
      for (ObjectId object : index.of(claim.slot())) {
        Version version = version(object);
        if (version.equals(Version.ABSENT)) {
          index.remove(object);
        } else {
          found.add(new Versioned(object, version));
        }
      }
      return found;
    } finally {
      gate.leaveAlone();
    }
  }

  @Override
  public Version version(Claim claim, ObjectId object) throws IOException {
    return inGate(claim, () -> version(object));
  }

  @Override
  public Result change(Claim claim, ObjectId object, Version before, Version after, Step step)
      throws IOException {
    return inGate(claim, () -> changing(object, () -> change(object, before, after, step)));
  }

  @Override
  public Whole fetch(Claim claim, ObjectId object) throws IOException {
    return inGate(claim, () -> changing(object, () -> whole(object)));
  }

  @Override
  public Result replace(Claim claim, ObjectId object, Whole whole) throws IOException {
    return inGate(claim, () -> changing(object, () -> replace(object, whole)));
  }

  @Override
  public void flush(Claim claim, VdiId vdi) throws IOException {
    inGate(
        claim,
        () -> {
          store.flush(vdi);
          return Result.DONE;
        });
  }

  @Override
  public void flushAll(Claim claim) throws IOException {
    inGate(
        claim,
        () -> {
          store.flushAll();
          return Result.DONE;
        });
  }

  /// Whether there may be objects of a slot here.
  boolean has(int slot) throws IOException {
    return index.has(slot);
  }

  /// Removes what is here of a slot that others have, if they do: where this node is neither to
  /// have its objects nor acting, and has told nobody under this configuration what is here, so
  /// that nobody can be about to make it acting because of that. The record is read with the slot
  /// had alone: what it says then is so until the last object is gone, or this node is asked again.
  ///
  /// @param self the name of this node
  /// @return how many objects were removed
  int purge(int slot, String self) throws IOException {
    Locks.Gate gate = gate(slot);
    gate.enterAlone();
    try {
      Optional<SlotConfig> config = table.look(slot);
      if (config.isEmpty() || !isOver(slot, config.get(), self)) {
        return 0;
      }
      List<ObjectId> here = index.of(slot);
      for (ObjectId object : here) {
        store.drop(object);
        index.remove(object);
      }
      return here.size();
    } finally {
      gate.leaveAlone();
    }
  }

  private boolean isOver(int slot, SlotConfig config, String self) {
    return !config.isActing(self)
        && !table.holders(slot).contains(self)
        && config.ballot() > told.getOrDefault(slot, 0L);
  }

  /// Reads a part of an object, for a primary that has the object's turn.
  ///
  /// @return `DONE` or `NO_OBJECT`
  Outcome read(ObjectId object, int offset, ByteBuffer into) throws IOException {
    return store.read(object, offset, into, access(object));
  }

  /// What this node's store says of an object, whatever others have.
  Optional<ObjectStat> stat(ObjectId object) throws IOException {
    return store.stat(object);
  }

  /// Names what this node's store has of a VDI, whatever others have.
  void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    store.list(vdi, each);
  }

  /// Makes durable what this node's store has of a VDI, in nobody's name.
  void settle(VdiId vdi) throws IOException {
    store.flush(vdi);
  }

  private interface Work<T> {
    T run() throws IOException;
  }

  private <T> T inGate(Claim claim, Work<T> work) throws IOException {
    Locks.Gate gate = gate(claim.slot());
    gate.enterShared();
    try {
      check(claim);
      return work.run();
    } finally {
      gate.leaveShared();
    }
  }

  private <T> T changing(ObjectId object, Work<T> work) throws IOException {
    Locks.Mutex mutex = objects[Math.floorMod(object.hashCode(), STRIPES)];
    mutex.lock();
    try {
      return work.run();
    } finally {
      mutex.unlock();
    }
  }

  private Locks.Gate gate(int slot) {
    return gates[slot % STRIPES];
  }

  private void check(Claim claim) throws IOException {
    long known = table.of(claim.slot()).map(SlotConfig::ballot).orElse(0L);
    if (known < claim.ballot()) {
      known = table.look(claim.slot()).map(SlotConfig::ballot).orElse(0L);
    }
    if (known != claim.ballot()) {
      throw new Outdated(claim, known);
    }
    if (!table.isIn()) {
      throw new IOException("this node has just started, and is not in the cluster's map yet");
    }
  }

  private Version version(ObjectId object) throws IOException {
    return store.stat(object).map(Holder::versionOf).orElse(Version.ABSENT);
  }

  private static Version versionOf(ObjectStat stat) {
    return new Version(stat.generation().value(), stat.pushNumber());
  }

  /// A removal is durable at once: a copy that a power cut brought back would count as the newest
  /// one, since of a removed object no version is left.
  private Result change(ObjectId object, Version before, Version after, Step step)
      throws IOException {
    Version now = version(object);
    boolean removal = step.kind() == Step.Kind.REMOVE;
    if (now.equals(removal ? Version.ABSENT : after)) {
      return Result.DONE;
    } else if (!now.equals(before)) {
      return Result.DIFFERS;
    }
    Change change =
        new Change(
            step.vdi(),
            new Generation(after.ballot()),
            after.count(),
            CacheMode.DIRECT,
            removal ? Durability.DURABLE : step.durability(),
            Patience.WAIT);
    Outcome outcome =
        switch (step.kind()) {
          case WRITE -> store.write(object, step.extents(), change);
          case CREATE -> create(object, step.extents(), change);
          case REMOVE -> remove(object, change);
        };
    return switch (outcome) {
      case DONE -> Result.DONE;
      case NO_SPACE -> Result.NO_SPACE;
      case NO_OBJECT, STALE -> Result.DIFFERS;
      case WOULD_WAIT -> throw new IOException("the store did not wait with object " + object);
    };
  }

  private Outcome create(ObjectId object, List<Extent> extents, Change change) throws IOException {
    index.add(object);
    return store.create(object, Base.ZEROS, extents, change);
  }

  private Outcome remove(ObjectId object, Change change) throws IOException {
    Outcome outcome = store.remove(object, change);
    if (outcome == Outcome.DONE || outcome == Outcome.NO_OBJECT) {
      index.remove(object);
    }
    return outcome;
  }

  private Whole whole(ObjectId object) throws IOException {
    Optional<ObjectStat> stat = store.stat(object);
    ByteBuffer bytes = ByteBuffer.allocate(object.size());
    if (stat.isEmpty() || store.read(object, 0, bytes, access(object)) != Outcome.DONE) {
      return Whole.ABSENT;
    }
    return new Whole(versionOf(stat.get()), Extent.withoutZeros(bytes.flip()));
  }

  private Result replace(ObjectId object, Whole whole) throws IOException {
    if (whole.isAbsent()) {
      store.drop(object);
      index.remove(object);
      return Result.DONE;
    }
    index.add(object);
    Version version = whole.version();
    Outcome outcome =
        store.replace(object, whole.extents(), new Generation(version.ballot()), version.count());
    return outcome == Outcome.NO_SPACE ? Result.NO_SPACE : Result.DONE;
  }

  private static Access access(ObjectId object) {
    return new Access(
        new VdiId(object.vdiBits()), Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
  }
}

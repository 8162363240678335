package dev.kelpie.store.disk;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.store.disk.StoreModel.Pending;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Does things with a store and tells a [StoreModel] about them.
final class StoreDriver {
  private final ObjectStore store;
  private final StoreModel model;

  StoreDriver(ObjectStore store, StoreModel model) {
    this.store = store;
    this.model = model;
  }

  /// Overwrites sectors; does nothing where the object is not there.
  void write(ObjectId object, List<Integer> sectors, Durability durability) throws IOException {
    if (!model.exists(object)) {
      return;
    }
    Pending change = model.write(object, sectors);
    Outcome outcome =
        store.write(object, extents(sectors, change.tag()), change(change, durability));
    tell(change, outcome, durability == Durability.DURABLE);
  }

  /// Creates or replaces.
  void create(ObjectId object, Optional<ObjectId> parent, List<Integer> sectors)
      throws IOException {
    if (parent.isPresent() && !model.exists(parent.get())) {
      return;
    }
    Pending change = model.create(object, parent, sectors);
    Base base = parent.<Base>map(Base.CopyOf::new).orElse(Base.ZEROS);
    Outcome outcome =
        store.create(
            object, base, extents(sectors, change.tag()), change(change, Durability.DEFERRED));
    tell(change, outcome, true);
  }

  /// Removes; does nothing where the object is not there.
  void remove(ObjectId object, Durability durability) throws IOException {
    if (!model.exists(object)) {
      return;
    }
    Pending change = model.remove(object);
    Outcome outcome = store.remove(object, change(change, durability));
    tell(change, outcome, durability == Durability.DURABLE);
  }

  /// Reads everything that was written to an object that nobody else changes.
  void readBack(ObjectId object) throws IOException {
    model.verifyLast(store, object);
  }

  void flush(VdiId vdi) throws IOException {
    Map<ObjectId, Long> answered = model.answeredSoFar(vdi);
    store.flush(vdi);
    model.flushed(answered);
  }

  private void tell(Pending change, Outcome outcome, boolean durable) {
    if (outcome == Outcome.DONE) {
      model.answered(change, durable);
    } else {
      assertTrue(Set.of(Outcome.NO_SPACE).contains(outcome), "answered " + outcome);
      model.refused(change);
    }
  }

  private static Change change(Pending change, Durability durability) {
    return new Change(
        change.object().vdi(),
        new Generation(change.order().generation()),
        change.order().number(),
        CacheMode.DIRECT,
        durability,
        Patience.WAIT);
  }

  /// One extent for each run of sectors.
  private static List<Extent> extents(List<Integer> sectors, long tag) {
    List<Extent> extents = new ArrayList<>();
    int i = 0;
    while (i < sectors.size()) {
      int first = i;
      while (i < sectors.size() && sectors.get(i) == sectors.get(first) + i - first) {
        i++;
      }
      ByteBuffer bytes = ByteBuffer.allocate((i - first) * StoreModel.SECTOR);
      for (int sector : sectors.subList(first, i)) {
        StoreModel.fill(bytes, sector, tag);
      }
      extents.add(new Extent(sectors.get(first) * StoreModel.SECTOR, bytes.flip()));
    }
    return extents;
  }
}

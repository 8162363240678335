package dev.kelpie.testing;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.vdi.ClientObjects;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Objects of clients straight in a [MemoryStore]: no inodes are looked at. What came in which mode
/// is in the store's record, and what was opened and discarded here.
public final class MemoryClientObjects implements ClientObjects {
  private final MemoryStore store = new MemoryStore();
  private final Set<VdiId> snapshots = ConcurrentHashMap.newKeySet();
  private final List<VdiId> opened = new CopyOnWriteArrayList<>();
  private final List<VdiId> closed = new CopyOnWriteArrayList<>();
  private final List<ObjectId> discarded = new CopyOnWriteArrayList<>();

  /// Where the objects are.
  public MemoryStore store() {
    return store;
  }

  /// Freezes a VDI.
  public void freeze(VdiId vdi) {
    snapshots.add(vdi);
  }

  /// What clients opened, in order.
  public List<VdiId> openedVdis() {
    return List.copyOf(opened);
  }

  /// What clients discarded, in order.
  public List<ObjectId> discardedObjects() {
    return List.copyOf(discarded);
  }

  @Override
  public void opened(VdiId vdi) {
    opened.add(vdi);
  }

  @Override
  public void closed(VdiId vdi) {
    closed.add(vdi);
  }

  /// What clients closed, in order.
  public List<VdiId> closedVdis() {
    return List.copyOf(closed);
  }

  @Override
  public Outcome read(
      ObjectId object, int offset, ByteBuffer into, CacheMode mode, Patience patience)
      throws IOException {
    return store.read(
        object, offset, into, new Access(object.vdi(), Generation.NONE, mode, patience));
  }

  @Override
  public Outcome write(
      ObjectId object,
      int offset,
      ByteBuffer from,
      CacheMode mode,
      Durability durability,
      Patience patience)
      throws IOException {
    check(object);
    Change change = change(object, mode, durability, patience);
    return store.write(object, List.of(new Extent(offset, from)), change);
  }

  @Override
  public Outcome create(
      ObjectId object,
      Base base,
      int offset,
      ByteBuffer from,
      CacheMode mode,
      Durability durability)
      throws IOException {
    check(object);
    Change change = change(object, mode, durability, Patience.WAIT);
    return store.create(object, base, List.of(new Extent(offset, from)), change);
  }

  @Override
  public Outcome remove(ObjectId object) throws IOException {
    return store.remove(
        object, change(object, CacheMode.DIRECT, Durability.DURABLE, Patience.WAIT));
  }

  @Override
  public Outcome discard(ObjectId object, CacheMode mode) throws IOException {
    check(object);
    discarded.add(object);
    return Outcome.DONE;
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    store.flush(vdi);
  }

  @Override
  public boolean exists(ObjectId object) throws IOException {
    return store.stat(object).isPresent();
  }

  private void check(ObjectId object) throws ReadOnlyVdi {
    if (object.kind() == ObjectId.Kind.DATA && snapshots.contains(object.vdi())) {
      throw new ReadOnlyVdi(object.vdi());
    }
  }

  private static Change change(
      ObjectId object, CacheMode mode, Durability durability, Patience patience) {
    return new Change(object.vdi(), Generation.NONE, Change.NEXT, mode, durability, patience);
  }
}

package dev.kelpie.sheep;

import dev.kelpie.cluster.Membership;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// What clients of a node in a cluster get of its object cache: nothing where the others may take
/// the node for dead, since another one may have the disk then. It is looked after each request, so
/// that no pause between the look and the answer is longer than a client's own.
final class Fence implements ObjectStore {
  private final ObjectStore store;
  private final Membership membership;

  Fence(ObjectStore store, Membership membership) {
    this.store = store;
    this.membership = membership;
  }

  private <T> T passed(T answer) throws IOException {
    if (membership.mayServe()) {
      return answer;
    }
    throw new IOException("the others may take this node for dead, so it does not answer");
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    return passed(store.read(object, offset, into, access));
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    return passed(store.write(object, extents, change));
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    return passed(store.create(object, base, extents, change));
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    return passed(store.remove(object, change));
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) throws IOException {
    return passed(store.stat(object));
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    store.list(vdi, each);
    passed(vdi);
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    store.flush(vdi);
    passed(vdi);
  }

  @Override
  public void prefetch(ObjectId object, int offset, int length, Access access) throws IOException {
    store.prefetch(object, offset, length, access);
  }

  @Override
  public void opened(VdiId vdi) {
    store.opened(vdi);
  }

  /// The store stays its opener's.
  @Override
  public void close() {}
}

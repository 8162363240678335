package dev.kelpie.cache;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.DiskMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Disks that consist of their own objects, as many as the store has, but for those that a test
/// says are another VDI's.
final class FakeDiskMap implements DiskMap {
  final Map<ObjectId, ObjectId> parents = new ConcurrentHashMap<>();
  final Map<VdiId, VdiId> parentOf = new ConcurrentHashMap<>();
  final Set<VdiId> gone = ConcurrentHashMap.newKeySet();
  private final CacheRig rig;

  FakeDiskMap(CacheRig rig) {
    this.rig = rig;
  }

  @Override
  public Optional<ObjectId> object(VdiId vdi, int index) {
    ObjectId own = ObjectId.data(vdi, index);
    Optional<ObjectId> parents = Optional.ofNullable(this.parents.get(own));
    return gone.contains(vdi)
        ? Optional.empty()
        : parents.or(() -> rig.store.bytes(own).map(_ -> own));
  }

  @Override
  public Optional<VdiId> parent(VdiId vdi) {
    return Optional.ofNullable(parentOf.get(vdi));
  }

  @Override
  public boolean has(VdiId vdi) {
    return !gone.contains(vdi);
  }
}

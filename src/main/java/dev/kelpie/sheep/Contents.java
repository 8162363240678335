package dev.kelpie.sheep;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.cluster.Edition;
import dev.kelpie.cluster.Holdings;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.vdi.VdiCatalog;
import java.io.IOException;
import java.util.Optional;

/// What a node has of its cluster.
final class Contents implements Holdings {
  private final DiskStore store;
  private volatile Optional<CacheControl> cache = Optional.empty();
  private volatile Optional<VdiCatalog> vdis = Optional.empty();

  Contents(DiskStore store) {
    this.store = store;
  }

  /// From now on there are also these. Before that the leases are enough: a cache drops what it has
  /// no lease for when it is opened.
  void add(Optional<CacheControl> opened, VdiCatalog catalog) {
    cache = opened;
    vdis = Optional.of(catalog);
  }

  /// Disks and leases first, so that nothing that is cached is pushed any more: it would be in the
  /// store again, under ids that are used anew.
  @Override
  public void clear(Edition ended) throws IOException {
    if (vdis.isPresent()) {
      vdis.get().wipe(ended.unchanged());
    }
    forgetCached();
    store.format();
    forgetCached(); // what it fetched ahead meanwhile
  }

  private void forgetCached() throws IOException {
    if (cache.isPresent()) {
      cache.get().clear();
    }
  }
}

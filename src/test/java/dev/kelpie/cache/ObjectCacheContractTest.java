package dev.kelpie.cache;

import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.ObjectStoreContract;
import java.io.IOException;

/// The cache is an [ObjectStore] like the one behind it.
final class ObjectCacheContractTest extends ObjectStoreContract {
  private final CacheRig rig;

  ObjectCacheContractTest() throws IOException {
    rig = new CacheRig(32L << 20);
  }

  @Override
  protected ObjectStore open() {
    return rig.cache;
  }

  @Override
  protected void closed() throws IOException {
    rig.platform.assertNoFailures();
    CacheCheck.check(rig.cache);
    rig.store.close();
  }
}

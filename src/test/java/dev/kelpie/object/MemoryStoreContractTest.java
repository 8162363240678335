package dev.kelpie.object;

import dev.kelpie.testing.MemoryStore;

/// The store in memory that other rooms are tested on.
final class MemoryStoreContractTest extends ObjectStoreContract {
  @Override
  protected ObjectStore open() {
    return new MemoryStore();
  }
}

package dev.kelpie.object;

import dev.kelpie.testing.MemoryStore;

/// The store in memory that other rooms are tested on.
final class MemoryStoreContractTest extends BottomStoreContract {
  @Override
  protected ObjectStore open() {
    return new MemoryStore();
  }
}

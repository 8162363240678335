package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.object.BottomStoreContract;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// The disk store, on two disks.
final class DiskStoreContractTest extends BottomStoreContract {
  private final MemoryDisk disk = new MemoryDisk();
  private final TestPlatform platform = new TestPlatform(disk);

  @Override
  protected ObjectStore open() throws IOException {
    List<Path> disks = List.of(disk.mount("/one"), disk.mount("/two"));
    DiskStore.prepare(platform.platform(), Log.NONE, disks);
    return DiskStore.open(platform.platform(), Log.NONE, disks, DiskStoreConfig.DEFAULT);
  }

  @Override
  protected void closed() {
    platform.assertNoFailures();
    disk.assertNothingOpen();
  }
}

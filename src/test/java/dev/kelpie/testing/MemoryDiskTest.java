package dev.kelpie.testing;

import dev.kelpie.platform.DiskContract;

/// The disk in memory keeps the contract.
final class MemoryDiskTest extends DiskContract {
  MemoryDiskTest() {
    MemoryDisk disk = new MemoryDisk();
    super(disk, disk.directories("/home"));
  }
}

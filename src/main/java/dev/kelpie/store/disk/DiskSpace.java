package dev.kelpie.store.disk;

import java.nio.file.Path;

/// Room on one disk of a store, in bytes.
///
/// @param total size of the file system
/// @param free what this process may still use; 0 where the disk is out of service
/// @param inService whether the disk works
public record DiskSpace(Path directory, long total, long free, boolean inService) {
  /// What is not free.
  public long used() {
    return total - free;
  }
}

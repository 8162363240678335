package dev.kelpie.store.disk;

import java.io.IOException;

/// An object's new file, on the disk that took it.
record Placed(OneDisk disk, Creation.Written file) {
  /// Makes it the object, durably.
  void take(Slot slot, Disks disks, Locations locations) throws IOException {
    ObjectFile made = file.name();
    long change = disk.nameChanged();
    slot.put(made);
    locations.put(slot.object(), disks.numberOf(disk));
    disk.syncNames(change);
  }
}

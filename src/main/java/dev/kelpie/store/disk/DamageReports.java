package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.platform.Locks;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// Says in the log, once for each place, that stored bytes are damaged.
final class DamageReports {
  /// How many places are remembered. When there are more they are forgotten and said again: memory
  /// stays bounded, and a disk with that much damage needs attention anyway.
  private static final int REMEMBERED_MAX = 1024;

  private final Log log;
  private final Locks.Mutex mutex;
  private final Set<Place> said = new HashSet<>();

  DamageReports(Log log, Locks locks) {
    this.log = log;
    this.mutex = locks.mutex();
  }

  private record Place(ObjectId object, int offset) {}

  /// Reports damage, and makes the exception to be thrown for it.
  ObjectDamaged report(ObjectId object, int offset, Path file, String what) {
    if (isNew(new Place(object, offset))) {
      log.error(
          "object "
              + object
              + " is damaged at byte "
              + offset
              + " in "
              + file
              + ": "
              + what
              + "; reads of it fail until these 4096 bytes are written whole");
    }
    return new ObjectDamaged(object, offset, file + ": " + what);
  }

  private boolean isNew(Place place) {
    mutex.lock();
    try {
      if (said.size() >= REMEMBERED_MAX) {
        said.clear();
      }
      return said.add(place);
    } finally {
      mutex.unlock();
    }
  }
}

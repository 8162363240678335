package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// A cache of nothing, with usage and failures as a test likes them.
final class FakeCache implements CacheControl {
  final List<String> dropped = new CopyOnWriteArrayList<>();
  final Set<VdiId> unpushable = ConcurrentHashMap.newKeySet();
  final List<String> warmed = new CopyOnWriteArrayList<>();

  /// After so many parts it has no room.
  volatile int partsMax = Integer.MAX_VALUE;

  volatile Usage usage = new Usage(0, 0, List.of());

  @Override
  public Usage usage() {
    return usage;
  }

  @Override
  public long drop(VdiId vdi, boolean force) throws IOException {
    dropped.add(vdi + (force ? " by force" : ""));
    if (!unpushable.contains(vdi)) {
      return 0;
    } else if (force) {
      return 4096;
    }
    throw new IOException("the backend does not take the dirty blocks of VDI " + vdi);
  }

  @Override
  public Warmed warm(VdiId vdi, ObjectId object, int offset, int length) {
    warmed.add(vdi + " " + object + " " + offset + " " + length);
    return new Warmed(length, warmed.size() > partsMax);
  }

  @Override
  public void clear() {}
}

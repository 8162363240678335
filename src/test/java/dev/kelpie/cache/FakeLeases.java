package dev.kelpie.cache;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Leases;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/// Lease records that outlive every crash, as those of a coordinator do.
final class FakeLeases implements Leases {
  private final Map<VdiId, Lease> leases = new HashMap<>();
  private final Set<VdiId> resumed = new HashSet<>();
  private final List<String> losses = new CopyOnWriteArrayList<>();
  private String cacheId = "";

  private record Lease(String cacheId, Generation generation, boolean unflushed) {}

  @Override
  public synchronized void begin(String id, boolean intact) {
    cacheId = id;
    resumed.clear();
    leases.replaceAll((vdi, lease) -> {
      boolean ours = lease.cacheId.equals(id) && intact;
      if (ours) {
        resumed.add(vdi);
      } else if (lease.unflushed) {
        losses.add(vdi + ": the cache was lost");
      }
      return new Lease(id, lease.generation.next(), ours && lease.unflushed);
    });
  }

  @Override
  public synchronized boolean resumed(VdiId vdi) {
    return resumed.contains(vdi);
  }

  @Override
  public synchronized Generation generation(VdiId vdi) {
    return leases.computeIfAbsent(vdi, _ -> new Lease(cacheId, Generation.NONE.next(), false))
        .generation;
  }

  @Override
  public synchronized void markUnflushed(VdiId vdi) {
    Generation generation = generation(vdi);
    leases.put(vdi, new Lease(cacheId, generation, true));
  }

  @Override
  public synchronized void clearUnflushed(VdiId vdi) {
    leases.put(vdi, new Lease(cacheId, generation(vdi), false));
  }

  @Override
  public synchronized void disown() {
    cacheId = "none";
    leases.replaceAll((_, lease) -> new Lease("none", lease.generation, lease.unflushed));
  }

  @Override
  public void reportLoss(VdiId vdi, String what) {
    losses.add(vdi + ": " + what);
  }

  /// Somebody else took the lease.
  synchronized void takeAway(VdiId vdi) {
    leases.put(vdi, new Lease("another", generation(vdi).next(), false));
  }

  synchronized boolean unflushed(VdiId vdi) {
    Lease lease = leases.get(vdi);
    return lease != null && lease.unflushed;
  }

  List<String> losses() {
    return losses;
  }
}

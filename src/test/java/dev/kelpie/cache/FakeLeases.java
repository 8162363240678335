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
  private final List<String> losses = new CopyOnWriteArrayList<>();
  private final Set<VdiId> givenUp = new HashSet<>();
  private String cacheId = "";

  private record Lease(String cacheId, Generation generation, boolean unflushed) {}

  @Override
  public synchronized Set<VdiId> held(String id) {
    Set<VdiId> ours = new HashSet<>();
    leases.forEach((vdi, lease) -> {
      if (lease.cacheId.equals(id)) {
        ours.add(vdi);
      }
    });
    return ours;
  }

  @Override
  public synchronized void begin(String id, Set<VdiId> kept) {
    if (!held(id).containsAll(kept)) {
      throw new IllegalStateException("the leases changed");
    }
    cacheId = id;
    leases.replaceAll((vdi, lease) -> {
      boolean ours = kept.contains(vdi);
      if (!ours && lease.unflushed) {
        losses.add(vdi + ": the cache was lost");
      }
      return new Lease(id, lease.generation.next(), ours && lease.unflushed);
    });
  }

  @Override
  public synchronized Generation generation(VdiId vdi) {
    return leases.computeIfAbsent(vdi, _ -> new Lease(cacheId, Generation.NONE.next(), false))
        .generation;
  }

  @Override
  public synchronized boolean isCurrent(VdiId vdi, Generation generation) {
    return !givenUp.contains(vdi);
  }

  /// Lets a lease be current no more, or again.
  synchronized void giveUp(VdiId vdi, boolean given) {
    if (given) {
      givenUp.add(vdi);
    } else {
      givenUp.remove(vdi);
    }
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

  /// Somebody else takes the lease, and finds it marked or not.
  synchronized void takeAway(VdiId vdi) {
    if (unflushed(vdi)) {
      losses.add(vdi + ": the lease was taken over");
    }
    leases.put(vdi, new Lease("another", generation(vdi).next(), false));
  }

  @Override
  public synchronized boolean unflushed(VdiId vdi) {
    Lease lease = leases.get(vdi);
    return lease != null && lease.unflushed;
  }

  List<String> losses() {
    return losses;
  }
}

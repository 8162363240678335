package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheTuning.Disk;
import java.util.List;

/// Gives disks their quotas and reservations.
final class SpaceTuner {
  private final CacheState state;

  SpaceTuner(CacheState state) {
    this.state = state;
  }

  /// The limits count at once; then every chunk goes into the queues where it belongs now, one by
  /// one, so that nobody waits for long.
  void tune(List<Disk> disks) {
    boolean moved = false;
    for (Disk disk : disks) {
      List<VdiCache> vdis = disk.vdis().stream().map(state::vdi).toList();
      if (!vdis.isEmpty()) {
        moved |=
            state.space.share(vdis, quota(disk.settings().max()), chunks(disk.settings().min()));
      }
    }
    if (moved) {
      rehome();
    }
  }

  /// No disk has limits any more.
  void reset() {
    for (VdiCache vdi : state.vdis()) {
      state.space.share(List.of(vdi), Share.UNLIMITED, 0);
    }
    rehome();
  }

  /// The bytes that VDIs take.
  long used(List<VdiId> vdis) {
    return vdis.stream().mapToLong(vdi -> state.vdi(vdi).chunks.get()).sum() * CHUNK_SIZE;
  }

  private void rehome() {
    for (int chunk = 0; chunk < state.space.allocated(); chunk++) {
      long owner = state.table.owner(chunk);
      if (owner != 0) {
        rehome(chunk, new ObjectId(owner));
      }
    }
  }

  private void rehome(int chunk, ObjectId id) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      if (state.table.owner(chunk) == id.value()) {
        state.space.rehome(chunk, state.vdi(id));
      }
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Rounded down: a quota is never exceeded.
  private static int quota(long bytes) {
    return bytes == 0 ? Share.UNLIMITED : Math.max(1, chunks(bytes));
  }

  private static int chunks(long bytes) {
    return (int) Math.min(Share.UNLIMITED - 1, bytes / CHUNK_SIZE);
  }
}

package dev.kelpie.testing;

import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.object.CacheTuning;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Keeps what a cache would be told.
public final class RecordedTuning implements CacheTuning {
  private final Map<VdiId, Disk> disks = new ConcurrentHashMap<>();
  private final List<VdiId> forgotten = new CopyOnWriteArrayList<>();
  private final List<VdiId> letGone = new CopyOnWriteArrayList<>();
  private volatile long reservable = 64 << 20;

  @Override
  public long reservable() {
    return reservable;
  }

  /// Has another size from now on.
  public void reservable(long bytes) {
    reservable = bytes;
  }

  @Override
  public void tune(List<Disk> told) {
    for (Disk disk : told) {
      disk.vdis().forEach(vdi -> disks.put(vdi, disk));
    }
  }

  @Override
  public void forget(VdiId vdi) {
    forgotten.add(vdi);
  }

  @Override
  public void letGo(VdiId vdi) {
    letGone.add(vdi);
  }

  /// What was let go.
  public List<VdiId> letGone() {
    return new ArrayList<>(letGone);
  }

  /// What was told of a VDI last.
  public Optional<CacheSettings> of(VdiId vdi) {
    return Optional.ofNullable(disks.get(vdi)).map(Disk::settings);
  }

  /// With which others it shares.
  public List<VdiId> with(VdiId vdi) {
    return Optional.ofNullable(disks.get(vdi)).map(Disk::vdis).orElse(List.of());
  }

  /// What was forgotten.
  public List<VdiId> forgotten() {
    return new ArrayList<>(forgotten);
  }
}

package dev.kelpie.vdi;

import dev.kelpie.log.Log;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.object.CacheTuning;
import dev.kelpie.platform.Locks;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiAnswer.Refused;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The settings of disks, which lie in the records of their working VDIs; tells the cache what they
/// are.
final class CacheSettingsRecords implements VdiCacheSettings {
  private final Log log;
  private final VdiTable table;
  private final NameLocks names;
  private final Inodes inodes;
  private final Locks.Mutex making;
  private final CacheTuning tuning;

  /// @param making had by who changes records after looking at others
  CacheSettingsRecords(
      Log log,
      VdiTable table,
      NameLocks names,
      Inodes inodes,
      Locks.Mutex making,
      CacheTuning tuning) {
    this.log = log;
    this.table = table;
    this.names = names;
    this.inodes = inodes;
    this.making = making;
    this.tuning = tuning;
  }

  @Override
  public Optional<Standing> of(VdiId vdi) throws IOException {
    table.look();
    return table.live(vdi).filter(VdiRecord::isWorking).map(this::standing);
  }

  private Standing standing(VdiRecord working) {
    return new Standing(
        working.cache(), disk(working.name()).vdis(), tuning.reservable(), reserved(working.vdi()));
  }

  @Override
  public VdiAnswer change(VdiId vdi, UnaryOperator<CacheSettings> change) throws IOException {
    table.look();
    Optional<VdiRecord> known = table.live(vdi);
    if (known.isEmpty()) {
      return new Refused(Reason.NO_VDI);
    }
    VdiName name = known.get().name();
    names.lock(name);
    try {
      table.look();
      Optional<VdiRecord> working = table.live(vdi).filter(VdiRecord::isWorking);
      return working.isPresent()
          ? changeWorking(working.get(), change)
          : new Refused(Reason.INVALID_PARMS);
    } catch (LeaseElsewhere e) {
      log.info(String.valueOf(e.getMessage()));
      return new Refused(Reason.VDI_LOCKED);
    } finally {
      names.unlock(name);
    }
  }

  private VdiAnswer changeWorking(VdiRecord working, UnaryOperator<CacheSettings> change)
      throws IOException {
    Inode inode = inodes.acquire(working.vdi());
    try {
      Optional<CacheSettings> next = table.deciding(seen -> commit(working.vdi(), change, seen));
      if (next.isEmpty()) {
        return new Refused(Reason.INVALID_PARMS);
      }
      log.info(
          "VDI "
              + working.name()
              + ": cache mode "
              + next.get().mode()
              + ", at most "
              + next.get().max()
              + " bytes of the cache (0: no limit), "
              + next.get().min()
              + " reserved");
      tell(working.name());
      turn(inode, next.get().mode());
      return working.found();
    } finally {
      inodes.release(inode);
    }
  }

  private Optional<CacheSettings> commit(VdiId vdi, UnaryOperator<CacheSettings> change, long seen)
      throws IOException {
    making.lock();
    try {
      VdiRecord before = table.living(vdi);
      CacheSettings next = change.apply(before.cache());
      if (!isPossible(vdi, before.cache(), next)) {
        return Optional.empty();
      }
      table.commit(new Draft(seen).put(before.withCache(next)).underLease(vdi));
      return Optional.of(next);
    } finally {
      making.unlock();
    }
  }

  /// A cache that is smaller than it was may not have what was reserved before; that must not keep
  /// anybody from changing something else.
  private boolean isPossible(VdiId vdi, CacheSettings before, CacheSettings next) {
    boolean more = next.min() > before.min();
    boolean limited = next.limitsSpace() && !next.equals(before.withMode(next.mode()));
    return next.isConsistent()
        && (!limited || tuning.reservable() > 0)
        && (!more || next.min() <= tuning.reservable() - reserved(vdi));
  }

  /// What disks other than this one have reserved.
  private long reserved(VdiId except) {
    return table.records(r -> r.isWorking() && !r.vdi().equals(except)).stream()
        .mapToLong(r -> r.cache().min())
        .sum();
  }

  /// Lets clients go on in another mode. With the gate had alone, each write is in the old mode and
  /// answered before, or in the new one.
  private static void turn(Inode inode, CacheMode mode) throws IOException {
    inode.gate().enterAlone();
    try {
      inode.cacheMode(mode);
    } finally {
      inode.gate().leaveAlone();
    }
    if (mode != CacheMode.WRITEBACK) {
      inode.flush();
    }
  }

  /// Tells the cache which VDIs belong to the disk of this name now.
  void tell(VdiName name) {
    tuning.tune(List.of(disk(name)));
  }

  /// Tells the cache about all disks with a quota or a reservation.
  void tellAll() {
    Map<VdiName, CacheTuning.Disk> limited = new LinkedHashMap<>();
    for (VdiRecord working : table.records(r -> r.isWorking() && r.cache().limitsSpace())) {
      limited.put(working.name(), disk(working.name()));
    }
    if (!limited.isEmpty()) {
      tuning.tune(List.copyOf(limited.values()));
    }
  }

  /// A working VDI was deleted: nobody names its objects, so nothing of it needs to be in the cache
  /// nor goes to the store. May wait for a push of it that is under way.
  void deleted(VdiRecord working) {
    tuning.forget(working.vdi());
    tuning.tune(
        List.of(
            new CacheTuning.Disk(List.of(working.vdi()), CacheSettings.DEFAULT),
            disk(working.name())));
  }

  private CacheTuning.Disk disk(VdiName name) {
    List<VdiRecord> records = table.newestFirst(name);
    CacheSettings settings =
        records.stream()
            .filter(VdiRecord::isWorking)
            .findFirst()
            .map(VdiRecord::cache)
            .orElse(CacheSettings.DEFAULT);
    return new CacheTuning.Disk(records.stream().map(VdiRecord::vdi).toList(), settings);
  }
}

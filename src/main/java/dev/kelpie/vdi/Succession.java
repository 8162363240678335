package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import dev.kelpie.vdi.VdiAnswer.Found;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiAnswer.Refused;
import dev.kelpie.vdi.VdiDirectory.Shape;
import dev.kelpie.vdi.VdiMaker.Birth;
import java.io.IOException;
import java.util.Optional;

/// Puts a new working VDI in the place of the one that is there, which is frozen as a snapshot or
/// deleted. The caller has the name's lock.
final class Succession {
  private final Clock clock;
  private final VdiTable table;
  private final Inodes inodes;
  private final VdiMaker maker;
  private final Upkeep upkeep;
  private final CacheSettingsRecords settings;
  private final SweeperTask sweeper;
  private final Locks.Mutex making;

  /// @param making had by who makes a VDI
  Succession(
      Clock clock,
      VdiTable table,
      Inodes inodes,
      VdiMaker maker,
      Upkeep upkeep,
      CacheSettingsRecords settings,
      SweeperTask sweeper,
      Locks.Mutex making) {
    this.clock = clock;
    this.table = table;
    this.inodes = inodes;
    this.maker = maker;
    this.upkeep = upkeep;
    this.settings = settings;
    this.sweeper = sweeper;
    this.making = making;
  }

  /// Freezes the working VDI and goes on with a new one, made from it or from another snapshot.
  VdiAnswer freeze(Inode current, VdiId base, Shape shape, long seen) throws IOException {
    boolean ownContent = base.equals(current.vdi());
    if (!ownContent && inodes.isAttached(current)) {
      return new Refused(Reason.VDI_LOCKED);
    }
    current.gate().enterAlone();
    try {
      current.checkWritable();
      current.settle();
      current.flushInGate();
      VdiAnswer answer =
          ownContent ? freezeAsBase(current, shape, seen) : freezeFor(current, base, shape, seen);
      if (answer instanceof Found(VdiId next, int _)) {
        settings.tell(table.living(next).name());
        upkeep.bringInLine(current);
      }
      return answer;
    } finally {
      current.gate().leaveAlone();
    }
  }

  private VdiAnswer freezeAsBase(Inode current, Shape shape, long seen) throws IOException {
    making.lock();
    try {
      VdiRecord frozen = frozen(current);
      return maker.make(
          new Birth(frozen.name(), shape, current.size(), Optional.of(frozen), Optional.of(frozen)),
          Optional.of(current),
          seen);
    } finally {
      making.unlock();
    }
  }

  private VdiAnswer freezeFor(Inode current, VdiId base, Shape shape, long seen)
      throws IOException {
    making.lock();
    try {
      Optional<VdiRecord> parent = table.live(base);
      Optional<Reason> wrong = wrongBase(Optional.of(base), parent);
      VdiRecord frozen = frozen(current);
      return wrong.isPresent()
          ? new Refused(wrong.get())
          : maker.make(
              new Birth(frozen.name(), shape, shape.size(), parent, Optional.of(frozen)),
              Optional.of(current),
              seen);
    } finally {
      making.unlock();
    }
  }

  private VdiRecord frozen(Inode current) throws IOException {
    return table.living(current.vdi()).frozen(now());
  }

  /// Deletes the working VDI and puts a clone of a snapshot in its place.
  VdiAnswer replace(Inode current, VdiId snapshot, Shape shape, long seen) throws IOException {
    if (inodes.isAttached(current)) {
      return new Refused(Reason.VDI_LOCKED);
    }
    current.gate().enterAlone();
    try {
      VdiRecord before = table.living(current.vdi());
      VdiAnswer answer = commitReplaced(current, before.deleted(), snapshot, shape, seen);
      if (answer instanceof Found) {
        settings.deleted(before);
      }
      return answer;
    } finally {
      current.gate().leaveAlone();
    }
  }

  private VdiAnswer commitReplaced(
      Inode current, VdiRecord deleted, VdiId snapshot, Shape shape, long seen) throws IOException {
    making.lock();
    try {
      Optional<VdiRecord> parent = table.live(snapshot);
      Optional<Reason> wrong = wrongBase(Optional.of(snapshot), parent);
      if (wrong.isPresent()) {
        return new Refused(wrong.get());
      }
      Birth birth = new Birth(deleted.name(), shape, shape.size(), parent, Optional.of(deleted));
      VdiAnswer answer = maker.make(birth, Optional.of(current), seen);
      if (answer instanceof Found) {
        sweeper.deleted(deleted.family());
      }
      return answer;
    } finally {
      making.unlock();
    }
  }

  /// Why nothing can be made from this, which is to be a snapshot that is there.
  static Optional<Reason> wrongBase(Optional<VdiId> base, Optional<VdiRecord> parent) {
    if (base.isPresent() && parent.isEmpty()) {
      return Optional.of(Reason.NO_BASE_VDI);
    }
    return parent.filter(record -> !record.isSnapshot()).map(_ -> Reason.INVALID_PARMS);
  }

  private long now() {
    return InodeHeader.time(clock.now());
  }
}

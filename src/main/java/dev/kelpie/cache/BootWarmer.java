package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCKS_PER_CHUNK;
import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.DiskMap;
import dev.kelpie.object.Leases;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Lets a system start faster than the time before: notes what is read in the first minutes after a
/// VDI was opened, and fetches the same again, in the same order, when it is next opened. A VDI
/// without a set of its own starts from that of the VDI it comes from.
///
/// One task for each VDI that was just opened: it fetches, waits for the end of those minutes, and
/// keeps what was noted.
final class BootWarmer {
  /// How long reads are noted.
  static final Duration BOOT_TIME = Duration.ofMinutes(3);

  private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

  /// A client that reads less did not start a system, and leaves the set as it was: 1 MiB.
  private static final int BLOCKS_MIN = 256;

  /// How far back a set is looked for among the VDIs that one comes from.
  private static final int ANCESTORS_MAX = 16;

  private static final int BLOCKS_PER_OBJECT = ObjectId.DATA_SIZE / BLOCK_SIZE;
  private static final int BLOCKS_PER_STEP = Prefetcher.STEP / BLOCK_SIZE;

  private final CacheState state;
  private final BootSets sets;
  private final ReadAhead.Fetch fetch;
  private final Background background;
  private final Leases leases;
  private final Locks locks;
  private final Locks.Mutex mutex;
  private final Clock clock;
  private final Log log;
  private volatile @Nullable DiskMap map;

  BootWarmer(
      CacheState state,
      BootSets sets,
      ReadAhead.Fetch fetch,
      Background background,
      Leases leases,
      Locks locks,
      Clock clock,
      Log log) {
    this.state = state;
    this.sets = sets;
    this.fetch = fetch;
    this.background = background;
    this.leases = leases;
    this.locks = locks;
    this.mutex = locks.mutex();
    this.clock = clock;
    this.log = log;
  }

  /// Notes and fetches from now on.
  void start(DiskMap disks) {
    sets.retain(disks::has);
    map = disks;
  }

  /// A client opened the VDI. Where one did so a short time ago, nothing new begins.
  void opened(VdiId id) {
    DiskMap disks = map;
    if (disks == null) {
      return;
    }
    VdiCache vdi = state.vdi(id);
    BootRecord record = new BootRecord(locks);
    long began = clock.nanos();
    mutex.lock();
    try {
      if (vdi.bootRecord != null) {
        return;
      }
      vdi.bootRecord = record;
    } finally {
      mutex.unlock();
    }
    if (!background.start("cache-boot-" + id, () -> run(disks, vdi, record, began))) {
      end(vdi, record);
    }
  }

  /// The VDI is deleted: so is its set.
  void dropped(VdiId id) {
    state.vdi(id).bootRecord = null;
    sets.drop(id);
  }

  /// All VDIs are gone.
  void clear() {
    state.vdis().forEach(vdi -> vdi.bootRecord = null);
    sets.retain(_ -> false);
  }

  private void run(DiskMap disks, VdiCache vdi, BootRecord record, long began) {
    Optional<BootSet> known = known(disks, vdi.id);
    if (known.isPresent()) {
      replay(disks, vdi, record, known.get());
    }
    boolean on = !background.stopped();
    while (on
        && vdi.bootRecord == record
        && !record.full()
        && clock.nanos() - began < BOOT_TIME.toNanos()) {
      on = background.pause(LOOK_AGAIN);
    }
    if (end(vdi, record) && disks.has(vdi.id)) {
      keep(vdi.id, record, known, on);
    }
  }

  /// Ends the noting.
  ///
  /// @return whether nobody has ended it before
  private boolean end(VdiCache vdi, BootRecord record) {
    mutex.lock();
    try {
      boolean ours = vdi.bootRecord == record;
      if (ours) {
        vdi.bootRecord = null;
      }
      return ours;
    } finally {
      mutex.unlock();
    }
  }

  /// @param whole whether the minutes were full; otherwise what was known before is kept as well
  private void keep(VdiId vdi, BootRecord record, Optional<BootSet> known, boolean whole) {
    BootSet read = record.set();
    boolean copied = record.full() && known.isPresent(); // a backup or check, and no start
    if (read.blockCount() < BLOCKS_MIN || copied) {
      return;
    }
    if (!whole && known.isPresent()) {
      record.add(known.get());
    }
    BootSet kept = record.set();
    if (sets.save(vdi, kept)) {
      log.info(
          "VDI "
              + vdi
              + ": a boot set of "
              + kept.blockCount()
              + " blocks is kept"
              + known.map(old -> usefulness(old, read)).orElse(""));
    }
  }

  private static String usefulness(BootSet old, BootSet read) {
    return "; of the " + old.blockCount() + " before " + old.inCommonWith(read) + " were read";
  }

  private Optional<BootSet> known(DiskMap disks, VdiId vdi) {
    Optional<VdiId> from = Optional.of(vdi);
    for (int i = 0; i < ANCESTORS_MAX && from.isPresent(); i++) {
      Optional<BootSet> set = sets.load(from.get());
      if (set.isPresent()) {
        return set;
      }
      from = disks.parent(from.get());
    }
    return Optional.empty();
  }

  private void replay(DiskMap disks, VdiCache vdi, BootRecord record, BootSet set) {
    long pulled = 0;
    try {
      Access access =
          new Access(vdi.id, leases.generation(vdi.id), CacheMode.WRITEBACK, Patience.WAIT);
      Steps steps = new Steps(set);
      boolean on = background.pace(0);
      while (on && steps.next() && vdi.bootRecord == record) {
        long bytes = fetch(disks, access, steps.start, steps.end);
        pulled += bytes;
        on = background.pace(bytes);
      }
    } catch (IOException e) {
      log.warn("VDI " + vdi.id + ": its boot set is not fetched any further: " + e.getMessage());
    }
    log.info(
        "VDI " + vdi.id + ": " + (pulled >> 10) + " KiB of its boot set were fetched ahead of it");
  }

  private long fetch(DiskMap disks, Access access, long start, long end) throws IOException {
    Optional<ObjectId> object = disks.object(access.vdi(), (int) (start / BLOCKS_PER_OBJECT));
    if (object.isEmpty()) {
      return 0;
    }
    int offset = (int) (start % BLOCKS_PER_OBJECT) * BLOCK_SIZE;
    return fetch.fetch(object.get(), offset, (int) (end - start) * BLOCK_SIZE, access).pulled();
  }

  /// Goes through a set in runs of blocks of the disk; what follows directly in one object joins.
  private static final class Steps {
    private final BootSet set;
    private int entry;
    private int rest;
    private long start;
    private long end;

    Steps(BootSet set) {
      this.set = set;
      this.rest = set.size() == 0 ? 0 : blocks(0);
    }

    /// Goes to the next run; false where there is none.
    boolean next() {
      if (rest == 0) {
        return false;
      }
      start = first();
      end = start;
      while (rest != 0 && first() == end && end / BLOCKS_PER_STEP == start / BLOCKS_PER_STEP) {
        int at = Integer.numberOfTrailingZeros(rest);
        int run = Integer.numberOfTrailingZeros(~(rest >>> at));
        end += run;
        rest &= ~BlockMask.range(at, at + run - 1);
        if (rest == 0 && ++entry < set.size()) {
          rest = blocks(entry);
        }
      }
      return true;
    }

    private long first() {
      long chunk = set.chunks()[entry];
      return chunk * BLOCKS_PER_CHUNK + Integer.numberOfTrailingZeros(rest);
    }

    private int blocks(int at) {
      return set.blocks()[at] & BlockMask.ALL;
    }
  }
}

package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;

import dev.kelpie.platform.Clock;
import java.time.Duration;

/// How much may be dirty, and how writers are slowed on the way there (I14, I20).
///
/// All VDIs together: three quarters of the chunks, exactly. One VDI: as many bytes as can be
/// pushed in a given time at the rate measured lately, so that flush and hand-over take no longer;
/// three quarters of its quota; and at most twice as many chunks as the others have left over, so
/// that one VDI whose backend hangs leaves a third of the limit to the others, and two a fifth.
/// (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches",
/// 1998.)
///
/// Each object that differs takes memory, however little of it is dirty, so their number is limited
/// too, and shared in the same way.
///
/// From half of its limit on, a VDI's writers go past the cache ([WriteAround]). Where they cannot,
/// they wait in proportion: at three quarters they write as fast as can be pushed, so that they
/// meet the limit itself only where pushing gets slower.
final class DirtyLimits {
  /// Dirty chunks may take three quarters of the space; the rest is for what is being read.
  private static final int DIRTY_MAX_QUARTERS = 3;

  /// Writing behind begins at one quarter, so that a burst finds room.
  private static final double PUSH_FROM = 0.25;

  private static final double SLOW_FROM = 0.5;

  /// Up to here what is dirty may wait while writers go past the cache.
  private static final double WAITS_UP_TO = 0.75;

  /// How many chunks a VDI may have for each that is left over.
  private static final int TIMES_LEFT = 2;

  /// Whatever the rate is, so much may be dirty, or a hanging backend could never show that it has
  /// come back.
  private static final long BYTES_LEAST = 1L << 20;

  /// What is kept in memory about an object that differs, in bytes.
  private static final int OBJECT_BYTES = 320;

  /// The part of the heap that may go into that.
  private static final int HEAP_PARTS = 4;

  /// The longest wait of one write: clients give up a disk that is silent for long.
  private static final Duration DELAY_MAX = Duration.ofSeconds(1);

  private static final double NANOS = 1e9;

  private final CacheState state;
  private final Clock clock;
  private final Duration time;
  private final int objectsMax;

  /// @param time how long it may take to push all that a VDI has dirty
  /// @param objectsMax how many objects may differ
  DirtyLimits(CacheState state, Clock clock, Duration time, int objectsMax) {
    this.state = state;
    this.clock = clock;
    this.time = time;
    this.objectsMax = objectsMax;
  }

  /// How many objects may differ in the memory that there is.
  static int objectsMax() {
    long share = Runtime.getRuntime().maxMemory() / HEAP_PARTS;
    return (int) Math.min(Integer.MAX_VALUE, share / OBJECT_BYTES);
  }

  /// Whether an object may begin to differ.
  boolean admit(VdiCache vdi) {
    return vdi.differingCount() < objectsMaxOfOne();
  }

  /// Counts blocks of a chunk as about to become dirty, if they may.
  ///
  /// @param newChunk whether nothing in the chunk is dirty yet; then [#retract] takes the count
  ///   back where nothing was written after all
  boolean admit(VdiCache vdi, boolean newChunk, int newBlocks) {
    if (newBlocks == 0) {
      return true;
    }
    long dirty = vdi.dirtyBlocks.get();
    if (dirty > 0 && (dirty + newBlocks) * BLOCK_SIZE > bytesMax(vdi)) {
      return false;
    }
    return !newChunk
        || (vdi.dirtyChunks.get() < chunksMax(vdi) && state.addDirtyChunk(vdi, chunksMax()));
  }

  void retract(VdiCache vdi) {
    state.dropDirtyChunk(vdi);
  }

  /// Whether so much of all VDIs is dirty that it should be written behind now.
  boolean crowded() {
    return state.dirtyChunks() > PUSH_FROM * state.space.usable()
        || state.differing() > PUSH_FROM * objectsMax;
  }

  /// Whether so much of one is.
  boolean crowded(VdiCache vdi) {
    return fill(vdi) > PUSH_FROM;
  }

  /// How full a VDI's limit is: 1 where no more is admitted.
  double fill(VdiCache vdi) {
    double bytes = (double) vdi.dirtyBlocks.get() * BLOCK_SIZE / bytesMax(vdi);
    double chunks = (double) vdi.dirtyChunks.get() / Math.max(1, chunksMax(vdi));
    double objects = (double) vdi.differingCount() / Math.max(1, objectsMaxOfOne());
    return Math.max(objects, Math.max(bytes, chunks));
  }

  /// Whether a write would have to wait now.
  boolean slows(VdiCache vdi) {
    return fill(vdi) > SLOW_FROM;
  }

  /// Whether what it has dirty can wait until it is old: its writers go past the cache, and pushing
  /// would only take the backend from them.
  boolean canWait(VdiCache vdi) {
    return vdi.passage.isOpen(clock.nanos()) && fill(vdi) < WAITS_UP_TO;
  }

  /// Waits as long as a write of so many bytes has to before it begins; not any longer where room
  /// was made meanwhile.
  void awaitTurn(VdiCache vdi, long bytes, Throttle throttle) {
    Duration left = delay(vdi, bytes);
    if (left.isZero()) {
      return;
    }
    long turn = clock.nanos() + left.toNanos();
    boolean waits = true;
    while (waits && left.isPositive()) {
      long made = throttle.timesMade();
      waits = slows(vdi) && throttle.awaitMade(made, left);
      left = Duration.ofNanos(turn - clock.nanos());
    }
  }

  /// How long a write of so many bytes is to wait before it begins, with those before it. Writes of
  /// one VDI queue up, so that together they keep the pace, however many there are.
  Duration delay(VdiCache vdi, long bytes) {
    double fill = fill(vdi);
    if (fill <= SLOW_FROM) {
      return Duration.ZERO;
    }
    double slowness = fill < 1 ? (fill - SLOW_FROM) / (1 - fill) : Double.MAX_VALUE;
    double most = DELAY_MAX.toNanos();
    long share = (long) Math.min(most, bytes * slowness * NANOS / vdi.pushRate);
    long now = clock.nanos();
    long turn =
        vdi.nextWrite.updateAndGet(
            next -> now + Math.min((long) most, Math.max(0, next - now) + share));
    return Duration.ofNanos(turn - now);
  }

  /// A VDI was flushed: who writes from now on waits for nobody who came before.
  void flushed(VdiCache vdi) {
    vdi.nextWrite.set(clock.nanos());
    measure(vdi);
  }

  /// Looks at the clock and at what was pushed.
  void measure(VdiCache vdi) {
    vdi.pushRate = vdi.rate.perSecond(clock.nanos());
  }

  private long bytesMax(VdiCache vdi) {
    double seconds = time.toNanos() / NANOS;
    return Math.max(BYTES_LEAST, (long) (vdi.pushRate * seconds));
  }

  /// How many chunks of a VDI may be dirty while those of the others are as they are.
  private long chunksMax(VdiCache vdi) {
    long left = Math.max(0, chunksMax() - state.dirtyChunks());
    long quota = Math.max(1, (long) vdi.share.max * DIRTY_MAX_QUARTERS / 4);
    return Math.min(TIMES_LEFT * left, quota);
  }

  /// How many objects of one VDI may differ while those of the others are as they are.
  private long objectsMaxOfOne() {
    return TIMES_LEFT * Math.max(0L, objectsMax - state.differing());
  }

  /// How many chunks of all VDIs may be dirty.
  int chunksMax() {
    return (int) ((long) state.space.usable() * DIRTY_MAX_QUARTERS / 4);
  }
}

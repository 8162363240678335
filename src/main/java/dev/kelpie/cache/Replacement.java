package dev.kelpie.cache;

/// Who goes first when the cache is full: S3-FIFO. A chunk enters a small queue; used again before
/// its end, it moves to the main queue, else it goes, and only its name is remembered for a while.
/// A chunk whose name is remembered enters the main queue at once. So a scan passes through the
/// small queue and leaves what is used again alone. (Yang et al., "FIFO queues are all you need for
/// cache eviction", SOSP 2023.)
///
/// Pure bookkeeping over chunk numbers; the caller holds a lock, except for [#used].
final class Replacement {
  private static final int NONE = -1;
  private static final byte USES_MAX = 3;

  /// A tenth of the chunks stay in the small queue, as the paper recommends.
  private static final int SMALL_SHARE = 10;

  private final int[] next;
  private final int[] previous;
  private final byte[] uses;
  private final boolean[] inMain;
  private final boolean[] queued;
  private final Fifo small = new Fifo();
  private final Fifo main = new Fifo();

  /// Names of chunks that left the small queue, by hash; as many as there are chunks.
  private final int[] remembered;

  private final int smallMax;

  Replacement(int capacity) {
    next = new int[capacity];
    previous = new int[capacity];
    queued = new boolean[capacity];
    uses = new byte[capacity];
    inMain = new boolean[capacity];
    remembered = new int[Math.max(16, Integer.highestOneBit(capacity))];
    smallMax = Math.max(1, capacity / SMALL_SHARE);
  }

  /// A chunk came into use for something called `name`.
  void add(int chunk, long name) {
    uses[chunk] = 0;
    int place = place(name);
    boolean known = remembered[place] == fingerprint(name);
    if (known) {
      remembered[place] = 0;
    }
    inMain[chunk] = known;
    (known ? main : small).append(chunk);
  }

  /// A chunk was hit. Called without the lock: a lost count does no harm.
  void used(int chunk) {
    byte count = uses[chunk];
    if (count < USES_MAX) {
      uses[chunk] = (byte) (count + 1);
    }
  }

  /// A chunk is no longer in use, for another reason than its age.
  void remove(int chunk) {
    if (queued[chunk]) {
      (inMain[chunk] ? main : small).unlink(chunk);
    }
  }

  /// Takes the next chunk that should go out of the queues; -1 where there is none. The caller
  /// frees it, or hands it back with [#putBack].
  int next() {
    while (small.size > 0 || main.size > 0) {
      if (small.size > smallMax || main.size == 0) {
        int chunk = small.take();
        if (uses[chunk] == 0) {
          return chunk;
        }
        uses[chunk] = 0;
        inMain[chunk] = true;
        main.append(chunk);
      } else {
        int chunk = main.take();
        if (uses[chunk] == 0) {
          return chunk;
        }
        uses[chunk]--;
        main.append(chunk);
      }
    }
    return NONE;
  }

  /// The chunk that [#next] gave cannot go now. It may have been added again meanwhile.
  void putBack(int chunk) {
    if (!queued[chunk]) {
      (inMain[chunk] ? main : small).append(chunk);
    }
  }

  /// The chunk that [#next] gave has gone; its name is remembered where it was in the small queue.
  void gone(int chunk, long name) {
    if (!inMain[chunk]) {
      remembered[place(name)] = fingerprint(name);
    }
  }

  private int place(long name) {
    return (int) ((name * 0x9E3779B97F4A7C15L) >>> 40) & (remembered.length - 1);
  }

  private static int fingerprint(long name) {
    return (int) ((name * 0xBF58476D1CE4E5B9L) >>> 32) | 1;
  }

  /// A doubly linked queue of chunks.
  private final class Fifo {
    private int head = NONE;
    private int tail = NONE;
    private int size;

    void append(int chunk) {
      next[chunk] = NONE;
      previous[chunk] = tail;
      if (tail == NONE) {
        head = chunk;
      } else {
        next[tail] = chunk;
      }
      tail = chunk;
      queued[chunk] = true;
      size++;
    }

    int take() {
      int chunk = head;
      unlink(chunk);
      return chunk;
    }

    void unlink(int chunk) {
      if (previous[chunk] == NONE) {
        head = next[chunk];
      } else {
        next[previous[chunk]] = next[chunk];
      }
      if (next[chunk] == NONE) {
        tail = previous[chunk];
      } else {
        previous[next[chunk]] = previous[chunk];
      }
      queued[chunk] = false;
      size--;
    }
  }
}

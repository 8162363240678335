package dev.kelpie.cache;

/// Who goes first when the cache is full: S3-FIFO. A chunk enters a small queue; used again before
/// its end, it moves to the main queue, else it goes, and only its name is remembered for a while.
/// A chunk whose name is remembered enters the main queue at once. So a scan passes through the
/// small queue and leaves what is used again alone. (Yang et al., "FIFO queues are all you need for
/// cache eviction", SOSP 2023.)
///
/// Chunks that compete with each other share one pair of queues; there may be many pairs. What was
/// forgotten of any is remembered together.
///
/// Pure bookkeeping over chunk numbers; the caller holds a lock, except for [#used].
final class Replacement {
  private static final int NONE = -1;
  private static final byte USES_MAX = 3;

  /// A tenth of the chunks stay in the small queue, as the paper recommends.
  private static final int SMALL_SHARE = 10;

  /// While nothing of the small queue could go, so many of it are tried for each that is tried of
  /// the main queue.
  private static final int LOOK_AGAIN = 8;

  private final int[] next;
  private final int[] previous;
  private final byte[] uses;
  private final boolean[] inMain;
  private final boolean[] queued;

  /// When each chunk was put at the end of its queue, by a clock that counts those events.
  private final int[] since;

  private final Queues[] home;
  private final Queues common = new Queues();
  private int now;

  /// Names of chunks that left the small queue, by hash; as many as there are chunks.
  private final int[] remembered;

  Replacement(int capacity) {
    next = new int[capacity];
    previous = new int[capacity];
    queued = new boolean[capacity];
    uses = new byte[capacity];
    inMain = new boolean[capacity];
    since = new int[capacity];
    home = new Queues[capacity];
    remembered = new int[Math.max(16, Integer.highestOneBit(capacity))];
  }

  /// The queues of those that have none of their own.
  Queues common() {
    return common;
  }

  /// New queues.
  Queues queues() {
    return new Queues();
  }

  /// A chunk came into use for something called `name`.
  void add(int chunk, long name, Queues queues) {
    home[chunk] = queues;
    uses[chunk] = 0;
    int place = place(name);
    boolean known = remembered[place] == fingerprint(name);
    if (known) {
      remembered[place] = 0;
    }
    inMain[chunk] = known;
    fifo(chunk).append(chunk);
  }

  /// A chunk in use competes with others from now on.
  void move(int chunk, Queues queues) {
    if (home[chunk] == queues) {
      return;
    }
    boolean waiting = queued[chunk];
    if (waiting) {
      fifo(chunk).unlink(chunk);
    }
    home[chunk] = queues;
    if (waiting) {
      fifo(chunk).append(chunk);
    }
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
      fifo(chunk).unlink(chunk);
    }
  }

  /// Whether the next chunk of one pair of queues has waited longer than that of another. One
  /// without chunks is never the older.
  boolean isOlder(Queues one, Queues other) {
    Fifo first = one.next();
    Fifo second = other.next();
    return first.size > 0 && (second.size == 0 || since[first.head] - since[second.head] < 0);
  }

  /// Takes the next chunk that should go out of its queue; -1 where there is none. The caller frees
  /// it, or hands it back with [#putBack].
  int next(Queues queues) {
    Fifo small = queues.small;
    Fifo main = queues.main;
    while (small.size > 0 || main.size > 0) {
      if (queues.next() == small) {
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
      fifo(chunk).append(chunk);
      Queues queues = home[chunk];
      queues.stuck = inMain[chunk] ? queues.lessStuck() : queues.stuck + 1;
    }
  }

  /// Whether the chunk that [#next] gave was in the small queue.
  boolean isInSmall(int chunk) {
    return !inMain[chunk];
  }

  /// The chunk that [#next] gave has gone; its name is remembered where it was in the small queue.
  void gone(Queues queues, boolean fromSmall, long name) {
    queues.stuck = fromSmall ? 0 : queues.lessStuck();
    if (fromSmall) {
      remembered[place(name)] = fingerprint(name);
    }
  }

  private Fifo fifo(int chunk) {
    Queues queues = home[chunk];
    return inMain[chunk] ? queues.main : queues.small;
  }

  private int place(long name) {
    return (int) ((name * 0x9E3779B97F4A7C15L) >>> 40) & (remembered.length - 1);
  }

  private static int fingerprint(long name) {
    return (int) ((name * 0xBF58476D1CE4E5B9L) >>> 32) | 1;
  }

  /// Chunks that compete with each other.
  final class Queues {
    private final Fifo small = new Fifo();
    private final Fifo main = new Fifo();

    /// How many of the small queue could not go, one after the other.
    private int stuck;

    private int lessStuck() {
      return Math.max(0, stuck - LOOK_AGAIN);
    }

    /// The queue whose turn it is: the small one, where it has more than its share and not only
    /// chunks that cannot go.
    private Fifo next() {
      int smallMax = Math.max(1, (small.size + main.size) / SMALL_SHARE);
      boolean smallsTurn = small.size > smallMax && stuck < small.size;
      return smallsTurn || main.size == 0 ? small : main;
    }
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
      since[chunk] = ++now;
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

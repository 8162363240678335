package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.platform.Locks;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The sequential streams among a VDI's reads, and how far to read ahead of each. Positions are
/// bytes of the disk. Pure bookkeeping of a fixed size: nothing is allocated, and reads that are
/// hits cost nothing while no stream is being read ahead.
///
/// A stream begins with three reads that miss, each where the one before ended. Its window doubles
/// with each half that was read, up to 1 MiB; it halves where the reader skips most of what was
/// fetched for it, and the stream ends when it becomes too small. A VDI whose streams break before
/// they used what was fetched has to show longer ones.
final class Streams {
  /// The answer where nothing is to be read ahead.
  static final long NOTHING = 0;

  static final int WINDOW_MIN = 128 << 10;
  static final int WINDOW_MAX = 1 << 20;

  /// Guests read a few files at a time; the stream that was idle longest makes room for a new one.
  private static final int COUNT = 8;

  private static final int READS_MIN = 3;
  private static final int READS_MAX = 48;

  /// How far a read of a known stream may be off: many are in flight, and overtake each other.
  private static final int LATE_MAX = 1 << 20;

  private static final int EARLY_MAX = 256 << 10;

  private final Locks.Mutex mutex;
  private final Stream[] streams = new Stream[COUNT];
  private int readsNeeded = READS_MIN;
  private long reads;

  /// How many streams are being read ahead.
  private final AtomicInteger active = new AtomicInteger();

  /// A stream; free where it has no reads.
  private static final class Stream {
    /// Where the next read is expected.
    private long next;

    private int reads;
    private long lastRead;

    /// Bytes to be ahead; 0 while nothing was fetched.
    private int window;

    /// Up to where was fetched.
    private long ahead;

    /// Where the window was set, and what was read since.
    private long windowSet;

    private long readSince;

    /// What was fetched and what was read since the first fetch.
    private long fetched;

    private long used;
  }

  Streams(Locks locks) {
    this.mutex = locks.mutex();
    for (int i = 0; i < COUNT; i++) {
      streams[i] = new Stream();
    }
  }

  /// A client read, or tries to.
  ///
  /// @param missed whether something of it was absent
  /// @return what to fetch now, as [#start] and [#length] take it apart, or [#NOTHING]
  long read(long at, int length, boolean missed) {
    if (length <= 0 || (active.get() == 0 && !missed)) {
      return NOTHING;
    }
    mutex.lock();
    try {
      reads++;
      Stream stream = find(at, length);
      if (stream == null) {
        if (missed) {
          begin(at + length);
        }
        return NOTHING;
      }
      return goOn(stream, at, length);
    } finally {
      mutex.unlock();
    }
  }

  /// Where a range to fetch begins.
  static long start(long range) {
    return (range >>> 16) * BLOCK_SIZE;
  }

  /// How many bytes it has.
  static int length(long range) {
    return (int) (range & 0xffff) * BLOCK_SIZE;
  }

  /// The end of a range could not be fetched yet.
  ///
  /// @param until where the range ended that [#read] gave
  void notFetched(long from, long until) {
    mutex.lock();
    try {
      for (Stream stream : streams) {
        if (stream.window > 0 && stream.ahead == until) {
          stream.ahead = from;
          stream.fetched -= until - from;
        }
      }
    } finally {
      mutex.unlock();
    }
  }

  /// Fetching failed: no stream is read ahead until a long one has shown itself.
  void failed() {
    mutex.lock();
    try {
      for (Stream stream : streams) {
        stop(stream);
      }
      readsNeeded = READS_MAX;
    } finally {
      mutex.unlock();
    }
  }

  private @Nullable Stream find(long at, int length) {
    for (Stream stream : streams) {
      boolean known =
          stream.window > 0
              ? at >= stream.next - LATE_MAX
                  && at <= Math.max(stream.ahead, stream.next + EARLY_MAX)
              : stream.reads > 0 && (at == stream.next || at + length == stream.next);
      if (known) {
        return stream;
      }
    }
    return null;
  }

  private void begin(long next) {
    Stream oldest = streams[0];
    for (Stream stream : streams) {
      if (stream.lastRead < oldest.lastRead) {
        oldest = stream;
      }
    }
    stop(oldest);
    oldest.next = next;
    oldest.reads = 1;
    oldest.lastRead = reads;
  }

  private long goOn(Stream stream, long at, int length) {
    stream.lastRead = reads;
    stream.readSince += length;
    stream.used += length;
    long end = at + length;
    if (end <= stream.next) {
      return NOTHING; // late, or the second try of a read that had to wait
    }
    stream.next = end;
    stream.reads++;
    if (stream.window == 0) {
      return stream.reads < readsNeeded ? NOTHING : open(stream, length);
    }
    stream.ahead = Math.max(stream.ahead, end);
    return stream.ahead - end > stream.window / 2 ? NOTHING : adapt(stream);
  }

  private long open(Stream stream, int length) {
    active.incrementAndGet();
    stream.window = Math.clamp(2L * length, WINDOW_MIN, WINDOW_MAX);
    stream.ahead = stream.next;
    stream.fetched = 0;
    stream.used = 0;
    return fetch(stream);
  }

  private long adapt(Stream stream) {
    if (2 * stream.readSince < stream.next - stream.windowSet) {
      stream.window /= 2;
      if (stream.window < WINDOW_MIN) {
        stop(stream);
        return NOTHING;
      }
    } else {
      stream.window = Math.min(2 * stream.window, WINDOW_MAX);
      readsNeeded = READS_MIN;
    }
    return fetch(stream);
  }

  private long fetch(Stream stream) {
    stream.windowSet = stream.next;
    stream.readSince = 0;
    long from = stream.ahead / BLOCK_SIZE;
    long until = (stream.next + stream.window) / CHUNK_SIZE * IndexLayout.BLOCKS_PER_CHUNK;
    if (until <= from) {
      return NOTHING;
    }
    stream.ahead = until * BLOCK_SIZE;
    stream.fetched += (until - from) * BLOCK_SIZE;
    return from << 16 | (until - from);
  }

  /// Ends a stream; one that did not use what was fetched makes the next ones wait longer.
  private void stop(Stream stream) {
    if (stream.window > 0) {
      active.decrementAndGet();
      if (2 * stream.used < stream.fetched) {
        readsNeeded = Math.min(2 * readsNeeded, READS_MAX);
      }
    }
    stream.window = 0;
    stream.reads = 0;
  }
}

package dev.kelpie.cache;

import dev.kelpie.cache.RecordedTrace.Request;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.TestPlatform;

/// Replays requests through [Replacement] as the cache calls it, with what is read ahead
/// ([Streams]) in the queue before its reader comes.
final class RecordedReplay {
  /// What counts as a use of a chunk.
  enum Rule {
    /// Each write, and each run of blocks that a read finds here.
    EVERY_USE,
    /// The same, and nothing is read ahead.
    NO_READ_AHEAD,
    /// Only what a client asks for again ([ChunkSpace#asked]): blocks that it has read or written
    /// since the chunk came.
    AS_BUILT
  }

  private final ReplayedChunks chunks;
  private final Streams streams;
  private final Rule rule;
  private final int[] valid;

  /// Blocks that clients have asked for.
  private final int[] asked;

  /// Of what was read ahead, that nobody has asked for yet.
  private final boolean[] early;

  private int hits;

  private RecordedReplay(int capacity, Rule rule) {
    this.chunks = new ReplayedChunks(capacity);
    this.streams = new Streams(new TestPlatform(new MemoryDisk()).platform().locks());
    this.rule = rule;
    this.valid = new int[capacity];
    this.asked = new int[capacity];
    this.early = new boolean[capacity];
  }

  /// How often a chunk was here that was asked for; the first to ask for what was read ahead is no
  /// hit.
  static int hits(RecordedTrace trace, int capacity, Rule rule) {
    RecordedReplay replay = new RecordedReplay(capacity, rule);
    trace.requests().forEach(replay::request);
    return replay.hits;
  }

  private void request(Request request) {
    boolean missed = false;
    for (int name = request.firstChunk(); name <= request.lastChunk(); name++) {
      int chunk = chunks.find(name);
      if (chunk >= 0 && !early[chunk]) {
        hits++;
      }
      chunk = chunk >= 0 ? chunk : take(name);
      early[chunk] = false;
      int blocks = request.blocksOf(name);
      missed |= (blocks & ~valid[chunk]) != 0;
      for (int use = uses(request, blocks, chunk); use > 0; use--) {
        chunks.used(chunk);
      }
      asked[chunk] |= blocks;
      valid[chunk] |= blocks;
    }
    if (rule != Rule.NO_READ_AHEAD && !request.write()) {
      fetchAhead(
          streams.read(
              (long) request.first() * IndexLayout.BLOCK_SIZE,
              request.blocks() * IndexLayout.BLOCK_SIZE,
              missed));
    }
  }

  private int uses(Request request, int blocks, int chunk) {
    if (rule == Rule.AS_BUILT) {
      return runs(blocks & asked[chunk]);
    }
    return request.write() ? 1 : runs(blocks & valid[chunk]);
  }

  private void fetchAhead(long range) {
    if (range == Streams.NOTHING) {
      return;
    }
    int first = (int) (Streams.start(range) / IndexLayout.BLOCK_SIZE);
    Request fetch = new Request(false, first, Streams.length(range) / IndexLayout.BLOCK_SIZE);
    for (int name = fetch.firstChunk(); name <= fetch.lastChunk(); name++) {
      int chunk = chunks.find(name);
      if (chunk < 0) {
        chunk = take(name);
        early[chunk] = true;
      }
      valid[chunk] |= fetch.blocksOf(name);
    }
  }

  private int take(int name) {
    int chunk = chunks.take(name);
    valid[chunk] = 0;
    asked[chunk] = 0;
    early[chunk] = false;
    return chunk;
  }

  /// How many runs of blocks a mask has.
  private static int runs(int mask) {
    return Integer.bitCount(mask & ~(mask << 1));
  }
}

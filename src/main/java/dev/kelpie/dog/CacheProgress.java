package dev.kelpie.dog;

import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A request that has a sheep push or drop what it has cached, with a bar on a terminal. While the
/// sheep works, it is asked for its counters over the same connection: it answers in any order.
///
/// The bar counts bytes of what was there at first, each once. What is written or read meanwhile
/// makes the counts of the sheep larger, so the end shows only with the answer.
final class CacheProgress {
  private static final int WORK = 0;
  private static final int LOOK = 1;
  private static final long PAUSE_MILLIS_MIN = 5;
  private static final long PAUSE_MILLIS_MAX = 200;

  private final Invocation in;
  private final Goal goal;
  private final Map<Integer, CacheStats.Vdi> before = new HashMap<>();
  private final int room;
  private final long total;
  private final Progress bar;
  private long done;
  private Optional<Reply> answer = Optional.empty();
  private Optional<ByteBuffer> looked = Optional.empty();

  /// What the request does with a VDI.
  enum Goal {
    /// Pushes what is dirty.
    FLUSH {
      @Override
      long total(CacheStats.Vdi first) {
        return first.dirty();
      }

      @Override
      long done(CacheStats.Vdi first, CacheStats.Vdi now) {
        return Math.min(first.dirty(), now.pushed() - first.pushed());
      }
    },
    /// Pushes what is dirty, then drops everything: what is clean is done when it is dropped, what
    /// is dirty when it is pushed.
    DROP {
      @Override
      long total(CacheStats.Vdi first) {
        return first.valid();
      }

      @Override
      long done(CacheStats.Vdi first, CacheStats.Vdi now) {
        return Math.max(FLUSH.done(first, now), first.valid() - now.valid());
      }
    };

    abstract long total(CacheStats.Vdi first);

    abstract long done(CacheStats.Vdi first, CacheStats.Vdi now);
  }

  private CacheProgress(Invocation in, Goal goal, int vdi, CacheStats stats) {
    this.in = in;
    this.goal = goal;
    this.room = CacheStatistics.room(stats);
    for (CacheStats.Vdi counts : stats.vdis()) {
      if (vdi == 0 || counts.vdi() == vdi) {
        before.put(counts.vdi(), counts);
      }
    }
    this.total = before.values().stream().mapToLong(goal::total).sum();
    this.bar = new Progress(in.console(), total);
  }

  /// Asks the sheep of `-a` and `-p`, and waits for the answer.
  ///
  /// @param vdi which it is about; 0 for all
  static Reply call(Invocation in, Goal goal, int vdi, RequestHeader request)
      throws Failure, MalformedPayload {
    Optional<CacheStats> stats =
        in.console().terminal().present() ? CacheStatistics.tryFetch(in.sheep()) : Optional.empty();
    if (stats.isEmpty()) {
      return in.sheep().call(request);
    }
    return new CacheProgress(in, goal, vdi, stats.get()).watch(request);
  }

  private Reply watch(RequestHeader request) throws Failure, MalformedPayload {
    Pipeline pipeline = new Pipeline(in.sheep(), new Answers());
    try {
      pipeline.send(WORK, request);
      long pause = PAUSE_MILLIS_MIN;
      while (answer.isEmpty()) {
        pipeline.send(LOOK, RequestHeader.of(Opcode.CACHE_STATS, 0, room, RequestFields.NONE));
        pipeline.takeOne();
        if (answer.isEmpty()) {
          show();
          Pause.millis(pause);
          pause = Math.min(2 * pause, PAUSE_MILLIS_MAX);
        }
      }
      pipeline.drain();
      if (answer.get().success()) {
        bar.at(total);
      }
      return answer.get();
    } finally {
      bar.end();
    }
  }

  private void show() throws Failure, MalformedPayload {
    if (looked.isEmpty()) {
      return;
    }
    CacheStats stats = CacheStats.decode(looked.get());
    looked = Optional.empty();
    long now = 0;
    for (CacheStats.Vdi counts : stats.vdis()) {
      CacheStats.Vdi first = before.get(counts.vdi());
      now += first == null ? 0 : Math.clamp(goal.done(first, counts), 0, goal.total(first));
    }
    done = Math.max(done, Math.min(now, total - 1));
    bar.at(done);
  }

  private final class Answers implements Pipeline.Replies {
    @Override
    public ByteBuffer room(int token, int length) {
      return SheepClient.allocate(length);
    }

    @Override
    public void onReply(int token, ResponseHeader header, ByteBuffer data) {
      if (token == WORK) {
        answer = Optional.of(new Reply(header, data));
      } else if (header.success()) {
        looked = Optional.of(data);
      }
    }
  }
}

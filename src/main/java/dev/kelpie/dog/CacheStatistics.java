package dev.kelpie.dog;

import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.util.Optional;

/// What a sheep has counted in its object cache.
final class CacheStatistics {
  private static final int ROOM_MIN = 1 << 20;
  private static final int ROOM_MAX = 1 << 30;

  private CacheStatistics() {}

  /// Asks a sheep that has a cache.
  static CacheStats fetch(SheepClient sheep) throws Failure, MalformedPayload {
    CacheStats stats = fetchAny(sheep);
    if (stats.size() == 0) {
      throw new Failure(
          ExitStatus.FAILURE,
          "the sheep at "
              + sheep.address()
              + " has no object cache: start it with -w size=SIZE to have one");
    }
    return stats;
  }

  /// Asks a sheep; one without a cache has one of size 0.
  static CacheStats fetchAny(SheepClient sheep) throws Failure, MalformedPayload {
    Reply reply = ask(sheep);
    if (!reply.success()) {
      throw new Failure(ExitStatus.FAILURE, "failed to get cache statistics: " + reply.text());
    }
    return CacheStats.decode(reply.data());
  }

  /// Asks a sheep that may be of another kind; empty where it does not tell.
  static Optional<CacheStats> tryFetch(SheepClient sheep) throws Failure, MalformedPayload {
    Reply reply = ask(sheep);
    return reply.success() ? Optional.of(CacheStats.decode(reply.data())) : Optional.empty();
  }

  /// Room for the same again, and for some more VDIs.
  static int room(CacheStats stats) {
    long size = 2 * CacheStats.size(stats.vdis().size());
    return Math.clamp(size, ROOM_MIN, ROOM_MAX);
  }

  private static Reply ask(SheepClient sheep) throws Failure {
    int room = ROOM_MIN;
    Reply reply = ask(sheep, room);
    while (reply.is(ResultCode.BUFFER_SMALL) && room < ROOM_MAX) {
      room *= 2;
      reply = ask(sheep, room);
    }
    return reply;
  }

  private static Reply ask(SheepClient sheep, int room) throws Failure {
    return sheep.call(Opcode.CACHE_STATS, 0, room, RequestFields.NONE);
  }
}

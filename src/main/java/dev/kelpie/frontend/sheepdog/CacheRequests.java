package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.cache.CacheControl.Inspection;
import dev.kelpie.cache.CacheControl.Usage;
import dev.kelpie.cache.CacheControl.VdiUsage;
import dev.kelpie.cache.CacheControl.Warmed;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.vdi.VdiDirectory;
import dev.kelpie.wire.CacheCheck;
import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.ObjectCacheInfo;
import dev.kelpie.wire.ObjectCacheInfo.CachedVdi;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What operators want of the object cache. A node without one has nothing to drop, and succeeds.
///
/// The replies of what drops carry the dirty bytes that were lost, in the field that is an object's
/// offset elsewhere.
final class CacheRequests {
  /// The most that one WARM_CACHE brings, so that none runs long.
  private static final int WARM_MAX = 1 << 20;

  private final Optional<CacheControl> cache;
  private final VdiDirectory vdis;

  CacheRequests(Optional<CacheControl> cache, VdiDirectory vdis) {
    this.cache = cache;
    this.vdis = vdis;
  }

  /// DELETE_CACHE and FLUSH_DEL_CACHE: pushes what is dirty of a VDI and drops all of it.
  Reply drop(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    if (object.vdiBits() == 0) {
      return Reply.of(ResultCode.INVALID_PARMS);
    }
    return cache.isPresent()
        ? dropped(cache.get().drop(object.vdi(), exchange.has(RequestFlags.FORCE)))
        : dropped(0);
  }

  /// CACHE_PURGE: the same for one VDI, or for all of them where flag WRITE is not set.
  Reply purge(Exchange exchange) throws IOException {
    if (exchange.has(RequestFlags.WRITE)) {
      return drop(exchange);
    }
    return cache.isPresent()
        ? dropped(purge(cache.get(), exchange.has(RequestFlags.FORCE)))
        : dropped(0);
  }

  /// Drops all VDIs that can be dropped; the failure of one does not keep the others.
  private static long purge(CacheControl cache, boolean force) throws IOException {
    long lost = 0;
    Optional<IOException> failed = Optional.empty();
    for (VdiUsage vdi : cache.usage().vdis()) {
      try {
        lost += cache.drop(vdi.vdi(), force);
      } catch (IOException failure) {
        failed.ifPresent(failure::addSuppressed);
        failed = Optional.of(failure);
      }
    }
    if (failed.isPresent()) {
      throw failed.get();
    }
    return lost;
  }

  /// WARM_CACHE: brings a part of a disk into the cache. The reply carries the bytes that came,
  /// also where there was no room for the rest.
  Reply warm(Exchange exchange) throws IOException {
    RequestFields.Range wanted = exchange.range();
    ObjectId object = wanted.object();
    boolean sound =
        object.vdiBits() != 0
            && object.kind() == ObjectId.Kind.DATA
            && wanted.vdi() > 0
            && wanted.vdi() < VdiId.COUNT
            && wanted.length() >= 0
            && wanted.length() <= WARM_MAX
            && wanted.offset() >= 0
            && wanted.offset() <= object.size() - wanted.length();
    if (!sound) {
      return Reply.of(ResultCode.INVALID_PARMS);
    } else if (cache.isEmpty()) {
      return Reply.of(ResultCode.NO_CACHE);
    }
    VdiId vdi = new VdiId(wanted.vdi());
    if (vdis.state(vdi).isEmpty()) {
      return Reply.of(ResultCode.NO_VDI);
    }
    return cache
        .get()
        .warm(vdi, object, (int) wanted.offset(), wanted.length())
        .map(CacheRequests::warmed)
        .orElse(Reply.of(ResultCode.NO_CACHE));
  }

  private static Reply warmed(Warmed warmed) {
    return new Reply(
        warmed.full() ? ResultCode.NO_SPACE : ResultCode.SUCCESS,
        new ResponseFields.Obj(0, warmed.pulled()),
        Reply.DONE.data());
  }

  /// GET_CACHE_INFO. Where there are more VDIs than it can name, those that take most space.
  Reply info(Exchange exchange) throws IOException {
    Usage usage = cache.map(CacheControl::usage).orElse(Usage.NONE);
    Map<VdiId, Integer> objects = cache.map(CacheControl::objects).orElse(Map.of());
    List<CachedVdi> vdis =
        usage.vdis().stream()
            .filter(VdiUsage::holdsAnything)
            .sorted(Comparator.comparingLong(VdiUsage::usedBytes).reversed())
            .limit(ObjectCacheInfo.VDIS_MAX)
            .map(vdi -> named(vdi, objects.getOrDefault(vdi.vdi(), 0)))
            .toList();
    ByteBuffer data = exchange.room(ObjectCacheInfo.SIZE);
    new ObjectCacheInfo(usage.size(), usage.used(), vdis, false).encode(data);
    return Reply.of(data.flip());
  }

  /// CACHE_STATS.
  Reply stats(Exchange exchange) throws IOException {
    Usage usage = cache.map(CacheControl::usage).orElse(Usage.NONE);
    long size = CacheStats.size(usage.vdis().size());
    if (size > Math.min(exchange.header().dataLength(), BufferPool.SEGMENT)) {
      return Reply.of(ResultCode.BUFFER_SMALL);
    }
    List<CacheStats.Vdi> vdis = usage.vdis().stream().map(CacheRequests::stats).toList();
    ByteBuffer data = exchange.room((int) size);
    new CacheStats(usage.on(), usage.size(), usage.used(), usage.dirty(), usage.dirtyMax(), vdis)
        .encode(data);
    return Reply.of(data.flip());
  }

  private static CacheStats.Vdi stats(VdiUsage vdi) {
    CacheControl.Counters counters = vdi.counters();
    return new CacheStats.Vdi(
        vdi.vdi().value(),
        vdi.dirtyObjects(),
        vdi.usedBytes(),
        vdi.validBytes(),
        vdi.dirtyBytes(),
        vdi.oldestDirty().map(Duration::toMillis).orElse(CacheStats.NOTHING_DIRTY),
        counters.hits(),
        counters.misses(),
        counters.pulledBytes(),
        counters.readAheadBytes(),
        counters.pushedBytes(),
        counters.pushesFailed(),
        counters.evictedBytes(),
        counters.damagedClean(),
        counters.damagedDirty(),
        counters.throttleWaits());
  }

  /// CHECK_CACHE. A node without a cache is at the end at once.
  Reply check(Exchange exchange) throws IOException {
    long from = exchange.object().offset();
    ObjectId object = exchange.object().object();
    boolean namesNoVdi = object.value() != 0 && object.vdiBits() == 0;
    if (from < 0 || from > Integer.MAX_VALUE || namesNoVdi) {
      return Reply.of(ResultCode.INVALID_PARMS);
    }
    Optional<VdiId> vdi = object.value() == 0 ? Optional.empty() : Optional.of(object.vdi());
    Inspection found = new Inspection(Inspection.END, 0, 0, 0, 0, 0);
    if (cache.isPresent()) {
      found = cache.get().check(vdi, (int) from, exchange.has(RequestFlags.DEEP));
    }
    ByteBuffer data = exchange.room(CacheCheck.SIZE);
    new CacheCheck(
            found.next(),
            found.checked(),
            found.damagedClean(),
            found.damagedDirty(),
            found.differing(),
            found.unread())
        .encode(data);
    return Reply.of(data.flip());
  }

  private static CachedVdi named(VdiUsage vdi, int objects) {
    return new CachedVdi(vdi.vdi().value(), vdi.dirtyObjects(), objects);
  }

  private static Reply dropped(long bytes) {
    return Reply.of(new ResponseFields.Obj(0, bytes));
  }
}

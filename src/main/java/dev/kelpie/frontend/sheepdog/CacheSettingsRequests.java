package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiCacheSettings;
import dev.kelpie.wire.DiskCache;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// CACHE_SETTINGS: how a disk uses the object cache. The object of the request is the inode of its
/// working VDI.
final class CacheSettingsRequests {
  private static final Reply INVALID = Reply.of(ResultCode.INVALID_PARMS);

  private final VdiCacheSettings settings;
  private final Optional<CacheControl> cache;

  CacheSettingsRequests(VdiCacheSettings settings, Optional<CacheControl> cache) {
    this.settings = settings;
    this.cache = cache;
  }

  /// With flag WRITE it changes them, without it tells them.
  Reply handle(Exchange exchange) throws IOException {
    ObjectId object = exchange.object().object();
    if (object.vdiBits() == 0) {
      return INVALID;
    }
    return exchange.has(RequestFlags.WRITE)
        ? change(object.vdi(), DiskCache.decode(exchange.payload()))
        : tell(object.vdi(), exchange);
  }

  private Reply tell(VdiId vdi, Exchange exchange) throws IOException {
    if (exchange.header().dataLength() < DiskCache.SIZE) {
      return INVALID;
    }
    Optional<VdiCacheSettings.Standing> known = settings.of(vdi);
    if (known.isEmpty()) {
      return Reply.of(ResultCode.NO_VDI);
    }
    VdiCacheSettings.Standing standing = known.get();
    ByteBuffer data = exchange.room(DiskCache.SIZE);
    new DiskCache(
            0,
            code(standing.settings().mode()),
            standing.settings().max(),
            standing.settings().min(),
            cache.map(c -> c.used(standing.vdis())).orElse(0L),
            cache.map(CacheControl::size).orElse(0L),
            standing.reservable(),
            standing.reservedByOthers())
        .encode(data);
    return Reply.of(data.flip());
  }

  private Reply change(VdiId vdi, DiskCache wanted) throws IOException {
    Optional<CacheMode> mode = mode(wanted.mode());
    if (mode.isEmpty() || wanted.max() < 0 || wanted.min() < 0) {
      return INVALID;
    }
    VdiAnswer answer = settings.change(vdi, before -> changed(before, wanted, mode.get()));
    boolean emptied = wanted.changes(DiskCache.MODE) && mode.get() == CacheMode.DIRECT;
    if (answer instanceof VdiAnswer.Found && emptied && cache.isPresent()) {
      cache.get().drop(vdi, false);
    }
    return Reply.of(Answers.of(answer).result());
  }

  private static CacheSettings changed(CacheSettings before, DiskCache wanted, CacheMode mode) {
    return new CacheSettings(
        wanted.changes(DiskCache.MODE) ? mode : before.mode(),
        wanted.changes(DiskCache.MAX) ? wanted.max() : before.max(),
        wanted.changes(DiskCache.MIN) ? wanted.min() : before.min());
  }

  private static int code(CacheMode mode) {
    return switch (mode) {
      case WRITEBACK -> DiskCache.WRITEBACK;
      case WRITETHROUGH -> DiskCache.WRITETHROUGH;
      case DIRECT -> DiskCache.NONE;
    };
  }

  private static Optional<CacheMode> mode(int code) {
    return switch (code) {
      case DiskCache.WRITEBACK -> Optional.of(CacheMode.WRITEBACK);
      case DiskCache.WRITETHROUGH -> Optional.of(CacheMode.WRITETHROUGH);
      case DiskCache.NONE -> Optional.of(CacheMode.DIRECT);
      default -> Optional.empty();
    };
  }
}

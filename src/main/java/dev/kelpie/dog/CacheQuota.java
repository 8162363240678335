package dev.kelpie.dog;

import dev.kelpie.wire.DiskCache;
import dev.kelpie.wire.MalformedPayload;
import java.util.OptionalLong;

/// `dog vdi cache quota`: shows or changes how much of the cache a disk may take (`--max`), and how
/// much is kept for it (`--min`).
final class CacheQuota implements Command {
  private static final long MAX_LEAST = 1L << 20;

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    CacheSettingsClient disk = new CacheSettingsClient(in, in.nextArgument().orElseThrow());
    OptionalLong max = in.options().cacheMax();
    OptionalLong min = in.options().cacheMin();
    DiskCache now = disk.ask();
    if (max.isEmpty() && min.isEmpty()) {
      in.console().print(in.options().json() ? disk.json(now) : render(disk.name(), now));
      return ExitStatus.SUCCESS;
    }
    int changes = (max.isPresent() ? DiskCache.MAX : 0) | (min.isPresent() ? DiskCache.MIN : 0);
    DiskCache wanted =
        DiskCache.change(changes, now.mode(), max.orElse(now.max()), min.orElse(now.min()));
    check(disk.name(), now, wanted);
    disk.change(wanted);
    return ExitStatus.SUCCESS;
  }

  static String render(String name, DiskCache now) {
    return "Name\tMax\tMin\tUsed\n"
        + name
        + '\t'
        + limit(now.max())
        + '\t'
        + limit(now.min())
        + '\t'
        + Values.size(now.used())
        + '\n';
  }

  private static String limit(long bytes) {
    return bytes == 0 ? "none" : Values.size(bytes);
  }

  /// Says what the sheep would only refuse.
  private static void check(String name, DiskCache now, DiskCache wanted) throws Failure {
    boolean limited = wanted.max() > 0 || wanted.min() > 0;
    if (limited && now.reservable() == 0) {
      throw new Failure(
          ExitStatus.FAILURE,
          "The sheep has no object cache to divide: start it with -w size=SIZE");
    }
    if (wanted.max() > 0 && wanted.max() < MAX_LEAST) {
      throw new Failure(
          ExitStatus.FAILURE,
          "The quota of VDI "
              + name
              + " cannot be less than "
              + Values.size(MAX_LEAST)
              + "; '--max none' takes it away, and 'dog vdi cache mode "
              + name
              + " none' keeps it out of the cache");
    }
    if (wanted.max() > 0 && wanted.min() > wanted.max()) {
      throw new Failure(
          ExitStatus.FAILURE,
          "VDI "
              + name
              + " cannot have more reserved ("
              + Values.size(wanted.min())
              + ") than it may take ("
              + Values.size(wanted.max())
              + "): raise --max or lower --min");
    }
    long free = now.reservable() - now.reservedByOthers();
    if (wanted.min() > now.min() && wanted.min() > free) {
      throw new Failure(
          ExitStatus.FAILURE,
          "VDI "
              + name
              + " cannot have "
              + Values.size(wanted.min())
              + " reserved: of the cache of "
              + Values.size(now.cacheSize())
              + " three quarters can be, and other disks have reserved "
              + Values.size(now.reservedByOthers())
              + ", which leaves "
              + Values.size(Math.max(0, free))
              + "; lower --min here or there, or make the cache larger (sheep -w size=SIZE)");
    }
  }
}

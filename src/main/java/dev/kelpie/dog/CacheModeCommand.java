package dev.kelpie.dog;

import dev.kelpie.wire.DiskCache;
import dev.kelpie.wire.MalformedPayload;
import java.util.List;
import java.util.Optional;

/// `dog vdi cache mode`: shows or changes the mode of clients that choose none. Attached ones go on
/// in the new mode; what was written before is in the store when this returns, unless the new mode
/// is write-back.
final class CacheModeCommand implements Command {
  /// By the number on the wire.
  private static final List<String> WORDS = List.of("writeback", "writethrough", "none");

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    CacheSettingsClient disk = new CacheSettingsClient(in, in.nextArgument().orElseThrow());
    Optional<String> wanted = in.nextArgument();
    if (wanted.isEmpty()) {
      DiskCache now = disk.ask();
      in.console().print(in.options().json() ? disk.json(now) : word(now.mode()) + "\n");
      return ExitStatus.SUCCESS;
    }
    int mode = WORDS.indexOf(wanted.get());
    if (mode < 0) {
      throw new Failure(
          ExitStatus.USAGE,
          "Invalid cache mode '" + wanted.get() + "': must be writeback, writethrough or none");
    }
    disk.change(DiskCache.change(DiskCache.MODE, mode, 0, 0));
    return ExitStatus.SUCCESS;
  }

  /// What a mode is called.
  static String word(int mode) throws Failure {
    if (mode < 0 || mode >= WORDS.size()) {
      throw new Failure(
          ExitStatus.SYSTEM,
          "The sheep has a cache mode that this dog does not know (" + mode + "): use a newer dog");
    }
    return WORDS.get(mode);
  }
}

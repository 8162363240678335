package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.BLOCK_SIZE;
import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.DiskMap;
import dev.kelpie.object.Leases;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// All that brings blocks here before a client reads them: ahead of sequential reads, when a VDI is
/// opened, after a power loss, and because somebody asks for it. Begins with [#start]; where blocks
/// that are pulled are not kept, only what is asked for is done.
final class Warmth {
  /// How long an end waits before it says what it waits for.
  static final Duration STOP_LIMIT = Duration.ofSeconds(10);

  private final Log log;
  private final CacheConfig config;
  private final CacheState state;
  private final CacheSwitch power;
  private final Leases leases;
  private final Prefetcher prefetcher;
  private final ReadAhead readAhead;
  private final Background background;
  private final Optional<BootWarmer> boot;
  private final HintWarmer again;
  private final Hints hints;

  Warmth(
      Platform platform,
      Log log,
      CacheConfig config,
      CacheState state,
      CacheSwitch power,
      Leases leases,
      Prefetcher prefetcher,
      CacheFiles files) {
    this.log = log;
    this.config = config;
    this.state = state;
    this.power = power;
    this.leases = leases;
    this.prefetcher = prefetcher;
    this.hints = files.hints();
    this.readAhead = new ReadAhead(this::fetch, platform.tasks(), platform.locks());
    this.background =
        new Background(state, power, platform.tasks(), platform.locks(), platform.clock());
    this.again = new HintWarmer(state, this::fetch, background, leases, log);
    this.boot =
        config.bootSets() && config.keepPulled()
            ? Optional.of(
                new BootWarmer(
                    state,
                    new BootSets(platform.disk(), log, files.directory()),
                    this::fetch,
                    background,
                    leases,
                    platform.locks(),
                    platform.clock(),
                    log))
            : Optional.empty();
  }

  ReadAhead readAhead() {
    return readAhead;
  }

  /// Begins. Before this nobody could say which objects a disk consists of.
  void start(DiskMap disks) {
    if (!config.keepPulled()) {
      return;
    }
    readAhead.start(disks);
    boot.ifPresent(b -> b.start(disks));
    if (hints.count() > 0) {
      again.start(disks, hints);
    }
  }

  /// A client opened the VDI.
  void opened(VdiId vdi) {
    if (!power.isOff()) {
      boot.ifPresent(b -> b.opened(vdi));
    }
  }

  /// The VDI is deleted.
  void dropped(VdiId vdi) {
    boot.ifPresent(b -> b.dropped(vdi));
  }

  /// All VDIs are gone.
  void clear() {
    boot.ifPresent(BootWarmer::clear);
  }

  /// Brings a range here because somebody asked for it.
  CacheControl.Warmed warm(VdiId vdi, ObjectId object, int offset, int length) throws IOException {
    Access access = new Access(vdi, leases.generation(vdi), CacheMode.WRITEBACK, Patience.WAIT);
    long pulled = 0;
    for (int at = offset; at < offset + length; ) {
      int step = Math.min(Prefetcher.STEP - at % Prefetcher.STEP, offset + length - at);
      if (!hasRoom(object, at, step)) {
        return new CacheControl.Warmed(pulled, true);
      }
      Prefetcher.Fetched fetched = fetchWanted(object, at, step, access);
      pulled += fetched.kept();
      if (fetched.kept() < fetched.pulled() && !state.space.hasFree(state.vdi(object))) {
        return new CacheControl.Warmed(pulled, true);
      }
      at += step;
    }
    return new CacheControl.Warmed(pulled, false);
  }

  /// Ends everything that runs, and waits for it as long as it takes: what reads the backend goes
  /// through the cache's files.
  void stop() {
    abandon();
    boolean said = false;
    while (!background.stop(STOP_LIMIT) || !readAhead.stop(STOP_LIMIT)) {
      if (!said) {
        log.warn("object cache: reads that were made ahead of clients get no answer; it waits");
        said = true;
      }
    }
  }

  /// Starts nothing more, and does not wait for what runs.
  void abandon() {
    background.stop(Duration.ZERO);
    readAhead.stop(Duration.ZERO);
  }

  private Prefetcher.Fetched fetch(ObjectId object, int offset, int length, Access access)
      throws IOException {
    return whileOn(() -> prefetcher.fetch(object, offset, length, access));
  }

  private Prefetcher.Fetched fetchWanted(ObjectId object, int offset, int length, Access access)
      throws IOException {
    return whileOn(() -> {
      Prefetcher.Fetched fetched = prefetcher.fetch(object, offset, length, access);
      used(object, offset, length);
      return fetched;
    });
  }

  /// As a request of a client; nothing where the cache is off.
  private Prefetcher.Fetched whileOn(CacheSwitch.Work<Prefetcher.Fetched, IOException> work)
      throws IOException {
    Prefetcher.Fetched fetched = power.whileOn(Prefetcher.Fetched.NOTHING, work);
    if (power.isOff()) {
      abandon(); // it stays off
    }
    return fetched;
  }

  /// Whether the chunks that a range lacks are free, or can be taken from other disks.
  private boolean hasRoom(ObjectId object, int at, int length) {
    int chunks = state.absentChunks(object, at / BLOCK_SIZE, (at + length - 1) / BLOCK_SIZE);
    return chunks == 0 || state.space.hasRoom(state.vdi(object), chunks, state.dirtyChunks());
  }

  /// Tells the order of eviction that somebody wants these, or they would be the first to go.
  private void used(ObjectId id, int offset, int length) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      for (int number = offset / CHUNK_SIZE; number * CHUNK_SIZE < offset + length; number++) {
        int chunk = stripe.find(id, number);
        if (chunk >= 0) {
          state.space.used(chunk);
        }
      }
    } finally {
      stripe.mutex.unlock();
    }
  }
}

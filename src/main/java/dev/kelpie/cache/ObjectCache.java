package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheTuning;
import dev.kelpie.object.Change;
import dev.kelpie.object.DiskMap;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Leases;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.MappedBytes.MappingFault;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The object cache: an [ObjectStore] in front of another one. Decides for each request whether it
/// is served from the cache, goes through it, or goes past it; the work is done by [Reader],
/// [Writer], [WriteThrough] and [Flusher]. [CacheSwitch] says whether there is a cache at all.
public final class ObjectCache implements ObjectStore, CacheControl, CacheTuning {
  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

  private final Log log;
  private final CacheConfig config;
  private final ObjectStore backend;
  private final Leases leases;
  private final CacheFiles files;
  private final CacheState state;
  private final Reader reader;
  private final Writer writer;
  private final WriteThrough writeThrough;
  private final Flusher flusher;
  private final CacheAdmin admin;
  private final Inspector inspector;
  private final CacheSwitch power;
  private final Throttle throttle;
  private final DirtyLimits limits;
  private final SpaceTuner tuner;
  private final Prefetcher prefetcher;
  private final Warmth warmth;
  private final WriteBehind writeBehind;
  private final Tasks.Task writingBehind;

  private ObjectCache(
      Platform platform,
      Log log,
      CacheConfig config,
      ObjectStore backend,
      Leases leases,
      CacheFiles files,
      CacheState state) {
    this.log = log;
    this.config = config;
    this.backend = backend;
    this.leases = leases;
    this.files = files;
    this.state = state;
    Buffers buffers = new Buffers(platform.locks());
    Damage damage = new Damage(state, leases);
    Reclaimer reclaimer = new Reclaimer(state);
    Puller puller = new Puller(state, backend, leases, reclaimer, buffers);
    this.tuner = new SpaceTuner(state);
    this.throttle = new Throttle(platform.locks());
    this.limits =
        new DirtyLimits(state, platform.clock(), config.dirtyTime(), DirtyLimits.objectsMax());
    Pusher pusher = new Pusher(state, backend, leases, buffers, damage);
    Bypass bypass = new Bypass(state, pusher, backend, platform.clock());
    this.power =
        new CacheSwitch(
            log,
            platform.locks(),
            new Salvage(log, state, pusher, backend, leases, platform.tasks()),
            throttle,
            leases,
            files.directory());
    this.prefetcher = new Prefetcher(state, puller, buffers);
    this.warmth = new Warmth(platform, log, config, state, power, leases, prefetcher, files);
    this.reader =
        new Reader(state, puller, damage, buffers, warmth.readAhead(), config.keepPulled());
    this.writer =
        new Writer(
            state,
            reader,
            puller,
            reclaimer,
            new WriteAround(bypass, platform.clock()),
            throttle,
            limits,
            buffers,
            damage,
            leases);
    this.flusher =
        new Flusher(state, pusher, backend, platform.tasks(), platform.locks(), platform.clock());
    this.admin = new CacheAdmin(state, pusher, flusher);
    this.inspector = new Inspector(state, backend, buffers, damage, leases);
    this.writeThrough = new WriteThrough(state, writer, pusher, flusher, admin, bypass, backend);
    this.writeBehind =
        new WriteBehind(
            state,
            throttle,
            limits,
            reclaimer,
            flusher,
            power,
            platform.tasks(),
            platform.clock(),
            log,
            config.pushAge());
    this.writingBehind = platform.tasks().start("cache-write-behind", writeBehind::run);
  }

  /// Opens the cache in its directory, takes up what the last process left there, and tells
  /// `leases`. The backend stays the caller's: closing the cache does not close it.
  ///
  /// @throws IOException where the directory cannot be used; nothing was changed in it
  public static ObjectCache open(
      Platform platform, Log log, CacheConfig config, ObjectStore backend, Leases leases)
      throws IOException {
    CacheFiles files = CacheFiles.open(platform, log, config);
    try {
      boolean intact = files.found() != CacheFiles.Found.NOTHING;
      Set<VdiId> kept = intact ? leases.held(files.id()) : Set.of();
      int capacity = Math.max(config.chunks(), files.allocated());
      ChunkTable table = new ChunkTable(files.mapped());
      ChunkSpace space =
          new ChunkSpace(
              platform.locks(),
              platform.clock(),
              log,
              (first, end) -> files.allocate(platform.disk(), first, end),
              files.allocated(),
              capacity);
      CacheState state =
          new CacheState(
              platform.clock(), platform.locks(), table, new Slab(files.slab(), table), space);
      Recovery recovery = new Recovery(state, files.index(), kept, log);
      recovery.run(files.allocated(), files.recorded());
      leases.begin(files.id(), kept);
      recovery.settleDamage(leases, files.allocated());
      ObjectCache cache = new ObjectCache(platform, log, config, backend, leases, files, state);
      if (files.allocated() > config.chunks()) {
        cache.shrink();
      }
      return cache;
    } catch (MappingFault | InternalError e) {
      files.close();
      throw new IOException(
          files.directory().resolve("index")
              + ": its device fails; put the cache on another one, what was not pushed is then"
              + " reported as lost",
          e);
    } catch (IOException | RuntimeException e) {
      files.close();
      throw e;
    }
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    checkRange(object, offset, into.remaining());
    if (passes(object)) {
      return backend.read(object, offset, into, access);
    }
    if (!power.enter(access.patience())) {
      return Outcome.WOULD_WAIT;
    }
    int position = into.position();
    int limit = into.limit();
    Throwable fault = null; // as in CacheSwitch.guarded, but a hit allocates nothing
    try {
      if (!power.isOff()) {
        return reader.read(object, offset, into, access);
      }
    } catch (CacheFault | MappingFault | InternalError e) {
      fault = e;
    } finally {
      power.leave();
    }
    into.limit(limit).position(position);
    return power.turnedOff(fault, access.patience())
        ? backend.read(object, offset, into, access)
        : Outcome.WOULD_WAIT;
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    checkExtents(object, extents);
    return guarded(
        object,
        change.patience(),
        () ->
            writesBack(change)
                ? writer.write(object, extents, change)
                : now(change, () -> writeThrough.write(object, extents, change)),
        () -> backend.write(object, extents, change));
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    checkExtents(object, extents);
    return guarded(
        object,
        change.patience(),
        () ->
            writesBack(change) && !isHere(object)
                ? createHere(object, base, extents, change)
                : now(change, () -> writeThrough.create(object, base, extents, change)),
        () -> backend.create(object, base, extents, change));
  }

  /// A copy of what is not there is refused before it is answered: no push of it could succeed.
  private Outcome createHere(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    if (base instanceof Base.CopyOf(ObjectId parent) && !isHere(parent)) {
      if (change.patience() == Patience.NOW) {
        return Outcome.WOULD_WAIT;
      } else if (stat(parent).isEmpty()) {
        return Outcome.NO_OBJECT;
      }
    }
    return writer.create(object, base, extents, change);
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    if (object.kind() == ObjectId.Kind.INODE) {
      warmth.dropped(object.vdi());
    }
    return guarded(
        object,
        change.patience(),
        () ->
            writesBack(change)
                ? writer.remove(object, change)
                : now(change, () -> writeThrough.remove(object, change)),
        () -> backend.remove(object, change));
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) throws IOException {
    Optional<ObjectStat> behind = backend.stat(object);
    if (passes(object)) {
      return behind;
    }
    return switch (stateOf(object)) {
      case PRESENT -> behind;
      case GONE -> Optional.empty();
      case NEW, COPY ->
          behind.isPresent() ? behind : Optional.of(new ObjectStat(object, Generation.NONE, 0, 0));
    };
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    Set<ObjectId> all = new HashSet<>();
    if (!power.isOff()) {
      // Before the backend is asked: one whose push ends meanwhile would be in neither answer.
      all.addAll(state.vdi(vdi).differing());
    }
    backend.list(vdi, all::add);
    if (!power.isOff()) {
      for (ObjectId id : state.vdi(vdi).differing()) {
        switch (stateOf(id)) {
          case NEW, COPY -> all.add(id);
          case GONE -> all.remove(id);
          case PRESENT -> {}
        }
      }
    }
    all.forEach(each);
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    power.guarded(
        Patience.WAIT,
        () -> {
          boolean dirty = state.knows(vdi) && state.vdi(vdi).differingCount() > 0;
          flusher.flush(vdi);
          if (dirty) {
            limits.flushed(state.vdi(vdi));
            throttle.made();
          }
          return Outcome.DONE;
        },
        () -> {
          backend.flush(vdi);
          return Outcome.DONE;
        });
  }

  @Override
  public void prefetch(ObjectId object, int offset, int length, Access access) throws IOException {
    checkRange(object, offset, length);
    guarded(
        object,
        Patience.WAIT,
        () -> {
          prefetcher.fetch(object, offset, length, access);
          return Outcome.DONE;
        },
        () -> {
          backend.prefetch(object, offset, length, access);
          return Outcome.DONE;
        });
  }

  /// Fetches ahead of clients from now on.
  ///
  /// @param disks asked in background tasks, and through this cache; usable until it is closed
  public void warm(DiskMap disks) {
    warmth.start(disks);
  }

  @Override
  public Optional<Warmed> warm(VdiId vdi, ObjectId object, int offset, int length)
      throws IOException {
    checkRange(object, offset, length);
    if (passes(object)) {
      return Optional.empty();
    }
    boolean madeUp = !state.knows(object.vdi()) && backend.stat(object).isEmpty();
    return Optional.of(madeUp ? new Warmed(0, false) : warmth.warm(vdi, object, offset, length));
  }

  @Override
  public void opened(VdiId vdi) {
    warmth.opened(vdi);
  }

  @Override
  public Usage usage() {
    List<VdiUsage> vdis = admin.vdis();
    if (power.isOff()) {
      List<VdiUsage> emptied = vdis.stream().map(VdiUsage::emptied).toList();
      return new Usage(false, config.size(), 0, 0, 0, emptied);
    }
    return new Usage(
        true,
        config.size(),
        (long) state.space.used() * IndexLayout.CHUNK_SIZE,
        (long) state.dirtyChunks() * IndexLayout.CHUNK_SIZE,
        (long) limits.chunksMax() * IndexLayout.CHUNK_SIZE,
        vdis);
  }

  @Override
  public Inspection check(Optional<VdiId> vdi, int from, boolean deep) throws IOException {
    Inspection nothing = new Inspection(Inspection.END, 0, 0, 0, 0, 0);
    return power.whileOn(nothing, () -> inspector.step(vdi, from, deep));
  }

  @Override
  public Map<VdiId, Integer> objects() {
    return power.whileOn(Map.of(), admin::objects);
  }

  @Override
  public long drop(VdiId vdi, boolean force) throws IOException {
    return power.whileOn(
        0L,
        () -> {
          if (state.knows(vdi)) {
            return admin.drop(vdi, force);
          }
          backend.flush(vdi); // what an earlier process pushed, and was killed
          return 0L;
        });
  }

  @Override
  public void clear() {
    warmth.clear();
    power.enterAlone();
    try {
      if (!power.isOff()) {
        admin.clear();
        tuner.reset();
      }
    } finally {
      power.leaveAlone();
    }
  }

  @Override
  public long size() {
    return config.size();
  }

  @Override
  public long used(List<VdiId> vdis) {
    return tuner.used(vdis);
  }

  @Override
  public long reservable() {
    return (long) ChunkSpace.reservable(config.chunks()) * IndexLayout.CHUNK_SIZE;
  }

  @Override
  public void tune(List<Disk> disks) {
    power.whileOn(() -> tuner.tune(disks));
    throttle.wake();
  }

  @Override
  public void forget(VdiId vdi) {
    power.whileOn(() -> admin.discard(vdi));
    throttle.made();
  }

  @Override
  public void letGo(VdiId vdi) throws IOException {
    boolean known = state.knows(vdi);
    if (known && !power.whileOn(false, () -> admin.letGo(vdi))) {
      known = false; // the cache is off: what it held was dealt with then
    }
    backend.flush(vdi);
    leases.clearUnflushed(vdi);
    if (known) {
      state.vdi(vdi).marked = false;
      throttle.made();
    }
  }

  /// Pushes what is dirty, and leaves the files sealed: complete and durable. What cannot be pushed
  /// stays dirty in them for the next start, and its VDI stays marked.
  @Override
  public void close() throws IOException {
    warmth.stop();
    writeBehind.stop();
    try {
      writingBehind.join(STOP_LIMIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (VdiCache vdi : state.vdis()) {
      try {
        flush(vdi.id);
        // Also a mark that an earlier process left, whose dirty data was pushed by this one.
        if (vdi.differingCount() == 0) {
          leases.clearUnflushed(vdi.id);
          vdi.marked = false;
        }
      } catch (IOException e) {
        log.error(
            "VDI "
                + vdi.id
                + ": "
                + vdi.dirtyBlocks.get() * IndexLayout.BLOCK_SIZE
                + " dirty bytes stay in the object cache: "
                + e.getMessage());
      }
    }
    throttle.close();
    power.enterAlone();
    try (files) {
      if (!power.isOff()) {
        files.seal();
      }
      power.turnOff();
    } catch (MappingFault | InternalError e) {
      throw new CacheFault("it was sealed", e);
    } finally {
      power.leaveAlone();
    }
  }

  /// What [CacheCheck] looks at.
  CacheState state() {
    return state;
  }

  /// Ends the cache's tasks and closes its files as they are, as a kill would.
  void abandon() {
    warmth.abandon();
    writeBehind.stop();
    throttle.close();
    power.turnOff();
  }

  /// Whether the change is answered from the cache.
  private static boolean writesBack(Change change) {
    return change.mode() == CacheMode.WRITEBACK && change.durability() == Durability.DEFERRED;
  }

  /// Whether something of an object is cached that a create would replace.
  private boolean isHere(ObjectId id) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = stripe.object(id);
      boolean gone = object != null && object.state == CachedObject.State.GONE;
      return !gone && ((object != null && object.differs()) || state.hasChunks(stripe, id));
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Changes the backend before it answers, which is always a wait.
  private static Outcome now(Change change, CacheSwitch.Work<Outcome, IOException> request)
      throws IOException {
    return change.patience() == Patience.NOW ? Outcome.WOULD_WAIT : request.run();
  }

  private Outcome guarded(
      ObjectId object,
      Patience patience,
      CacheSwitch.Work<Outcome, IOException> cached,
      CacheSwitch.Work<Outcome, IOException> past)
      throws IOException {
    return Recovery.cacheable(object) ? power.guarded(patience, cached, past) : past.run();
  }

  private boolean passes(ObjectId object) {
    return power.isOff() || !Recovery.cacheable(object);
  }

  private CachedObject.State stateOf(ObjectId id) {
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject object = stripe.object(id);
      return object == null ? CachedObject.State.PRESENT : object.state;
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Brings the files down to a smaller size than they were made for.
  private void shrink() throws IOException {
    for (VdiCache vdi : state.vdis()) {
      flusher.flush(vdi.id);
    }
    admin.releaseFrom(config.chunks());
    files.shrink(config.chunks());
  }

  private static void checkExtents(ObjectId object, List<Extent> extents) {
    int end = 0;
    for (int i = 0; i < extents.size(); i++) {
      Extent extent = extents.get(i);
      checkRange(object, extent.offset(), extent.length());
      if (extent.offset() < end) {
        throw new IllegalArgumentException("extents of object " + object + " are out of order");
      }
      end = extent.end();
    }
  }

  private static void checkRange(ObjectId object, int offset, int length) {
    if (offset < 0 || length < 0 || offset > object.size() - length) {
      throw new IllegalArgumentException(
          "object " + object + " has " + object.size() + " bytes, not " + length + " at " + offset);
    }
  }
}

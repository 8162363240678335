package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Leases;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.MappedBytes.MappingFault;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The object cache: an [ObjectStore] in front of another one. Decides for each request whether it
/// is served from the cache, goes through it, or goes past it; the work is done by [Reader],
/// [Writer], [Pusher] and [Flusher].
///
/// Where the cache's own device fails, dirty data is brought to the backend as far as it can be
/// read, the rest is reported as lost, and everything passes through from then on (I16).
public final class ObjectCache implements ObjectStore, CacheControl {
  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

  private final Log log;
  private final CacheConfig config;
  private final ObjectStore backend;
  private final Leases leases;
  private final CacheFiles files;
  private final CacheState state;
  private final Pusher pusher;
  private final Reader reader;
  private final Writer writer;
  private final Flusher flusher;
  private final CacheAdmin admin;
  private final Throttle throttle;
  private final WriteBehind writeBehind;
  private final Tasks.Task writingBehind;

  /// Shared by requests; had alone by what changes the cache as a whole.
  private final Locks.Gate gate;

  private volatile boolean off;

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
    this.gate = platform.locks().gate();
    Buffers buffers = new Buffers(platform.locks());
    Damage damage = new Damage(state, leases);
    Puller puller = new Puller(state, backend, buffers);
    this.throttle = new Throttle(state, platform.locks());
    this.pusher = new Pusher(state, backend, leases, buffers, damage);
    this.reader = new Reader(state, puller, damage, buffers, config.keepPulled());
    this.writer =
        new Writer(state, reader, puller, new Reclaimer(state), throttle, buffers, damage, leases);
    this.flusher = new Flusher(state, pusher, backend, platform.tasks(), platform.locks());
    this.admin = new CacheAdmin(state, pusher, flusher);
    this.writeBehind =
        new WriteBehind(
            state,
            throttle,
            this::flush,
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
      leases.begin(files.id(), files.found() != CacheFiles.Found.NOTHING);
      int capacity = Math.max(config.chunks(), files.allocated());
      ChunkTable table = new ChunkTable(files.mapped());
      ChunkSpace space = new ChunkSpace(platform.locks(), platform.disk(), log, files, capacity);
      CacheState state =
          new CacheState(
              platform.clock(), platform.locks(), table, new Slab(files.slab(), table), space);
      new Recovery(state, leases, log).run(files.allocated());
      ObjectCache cache = new ObjectCache(platform, log, config, backend, leases, files, state);
      if (files.allocated() > config.chunks()) {
        cache.shrink();
      }
      return cache;
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
    if (!enter(access.patience())) {
      return Outcome.WOULD_WAIT;
    }
    int position = into.position();
    Exception fault = null;
    try {
      if (!off) {
        return reader.read(object, offset, into, access);
      }
    } catch (CacheFault | MappingFault e) {
      fault = e;
    } finally {
      gate.leaveShared();
    }
    into.position(position);
    return turnedOff(fault, access.patience())
        ? backend.read(object, offset, into, access)
        : Outcome.WOULD_WAIT;
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    checkExtents(object, extents);
    return guarded(
        object,
        change.patience(),
        () -> writeCached(object, extents, change),
        () -> backend.write(object, extents, change));
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    checkExtents(object, extents);
    return guarded(
        object,
        change.patience(),
        () -> createCached(object, base, extents, change),
        () -> backend.create(object, base, extents, change));
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    return guarded(
        object,
        change.patience(),
        () ->
            writesBack(change)
                ? writer.remove(object, change)
                : bypass(object, change, true, c -> backend.remove(object, c)),
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
    backend.list(vdi, all::add);
    if (!off) {
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
    if (off) {
      backend.flush(vdi);
      return;
    }
    gate.enterShared();
    Exception fault = null;
    try {
      if (!off) {
        flusher.flush(vdi);
        return;
      }
    } catch (CacheFault | MappingFault e) {
      fault = e;
    } finally {
      gate.leaveShared();
    }
    turnedOff(fault, Patience.WAIT);
    backend.flush(vdi);
  }

  @Override
  public void prefetch(ObjectId object, int offset, int length, Access access) throws IOException {
    checkRange(object, offset, length);
    guarded(
        object,
        Patience.WAIT,
        () -> {
          reader.prefetch(object, offset, length, access);
          return Outcome.DONE;
        },
        () -> {
          backend.prefetch(object, offset, length, access);
          return Outcome.DONE;
        });
  }

  @Override
  public Usage usage() {
    return admin.usage(config.size());
  }

  @Override
  public long drop(VdiId vdi, boolean force) throws IOException {
    gate.enterShared();
    try {
      return off ? 0 : admin.drop(vdi, force);
    } finally {
      gate.leaveShared();
    }
  }

  @Override
  public void clear() {
    gate.enterAlone();
    try {
      admin.clear();
    } finally {
      gate.leaveAlone();
    }
  }

  /// Pushes what is dirty, and leaves the files sealed: complete and durable. What cannot be pushed
  /// stays dirty in them for the next start, and its VDI stays marked.
  @Override
  public void close() throws IOException {
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
    gate.enterAlone();
    try (files) {
      if (!off) {
        files.seal();
      }
      off = true;
    } finally {
      gate.leaveAlone();
    }
  }

  /// What [CacheCheck] looks at.
  CacheState state() {
    return state;
  }

  /// Ends the cache's tasks and closes its files as they are, as a kill would.
  void abandon() {
    writeBehind.stop();
    off = true;
  }

  /// Whether the change is answered from the cache.
  private static boolean writesBack(Change change) {
    return change.mode() == CacheMode.WRITEBACK && change.durability() == Durability.DEFERRED;
  }

  private Outcome writeCached(ObjectId object, List<Extent> extents, Change change)
      throws IOException {
    if (writesBack(change)) {
      return writer.write(object, extents, change);
    }
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    if (change.mode() == CacheMode.DIRECT && mayBypass(object)) {
      Outcome outcome = bypass(object, change, false, c -> backend.write(object, extents, c));
      if (outcome != Outcome.WOULD_WAIT) {
        return outcome;
      }
    }
    Outcome outcome = writer.write(object, extents, change);
    return outcome == Outcome.DONE ? pushThrough(object, extents, change) : outcome;
  }

  private Outcome createCached(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    if (writesBack(change)) {
      return writer.create(object, base, extents, change);
    }
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    if (base instanceof Base.CopyOf copy) {
      pusher.push(copy.parent(), false);
    }
    Outcome outcome = bypass(object, change, false, c -> backend.create(object, base, extents, c));
    if (outcome == Outcome.WOULD_WAIT) {
      outcome = writer.create(object, base, extents, change);
      return outcome == Outcome.DONE ? pushThrough(object, extents, change) : outcome;
    }
    return outcome;
  }

  /// Pushes what a write-through or direct change left in the cache. An inode goes out in one way
  /// only: after all the data that it may name (I5).
  private Outcome pushThrough(ObjectId object, List<Extent> extents, Change change)
      throws IOException {
    if (object.kind() == ObjectId.Kind.INODE) {
      flusher.flush(object.vdi());
    } else {
      pusher.push(object, false);
      backend.flush(object.vdi());
    }
    if (change.mode() == CacheMode.DIRECT) {
      admin.forgetClean(object, extents);
    }
    return Outcome.DONE;
  }

  /// Whether a direct write of this object may go past the cache without breaking the order of data
  /// and inode.
  private boolean mayBypass(ObjectId object) throws IOException {
    if (object.kind() == ObjectId.Kind.INODE) {
      if (state.vdi(object).differingCount() > 0) {
        return false;
      }
      backend.flush(object.vdi());
    }
    return true;
  }

  /// Changes the backend directly, in the object's turn.
  ///
  /// @param whatever whether to go ahead, dropping it, where something of the object is cached
  /// @return `WOULD_WAIT` where something is cached and `whatever` is not set: nothing was done
  private Outcome bypass(ObjectId id, Change change, boolean whatever, BackendChange body)
      throws IOException {
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    Stripe stripe = state.stripe(id);
    CachedObject object;
    stripe.mutex.lock();
    try {
      pusher.awaitTurn(stripe, id);
      object = state.object(stripe, id);
      if (!whatever && (object.differs() || state.hasChunks(stripe, id))) {
        stripe.forgetIdle(object);
        return Outcome.WOULD_WAIT;
      }
      object.turnTaken = true;
      object.bypassed = true;
      spoilPulls(object);
    } finally {
      stripe.mutex.unlock();
    }
    boolean wasNew = object.state == CachedObject.State.NEW || object.parent != null;
    Outcome outcome = Outcome.WOULD_WAIT;
    try {
      outcome = body.apply(pusher.change(id, change.durability()));
    } finally {
      endBypass(stripe, object, whatever, outcome);
    }
    return wasNew && outcome == Outcome.NO_OBJECT ? Outcome.DONE : outcome;
  }

  private void endBypass(Stripe stripe, CachedObject object, boolean whatever, Outcome outcome) {
    stripe.mutex.lock();
    try {
      if (whatever && (outcome == Outcome.DONE || outcome == Outcome.NO_OBJECT)) {
        state.releaseAll(stripe, object);
        if (object.state != CachedObject.State.PRESENT) {
          state.settled(object);
        }
        state.listed(object);
      }
    } finally {
      spoilPulls(object);
      object.bypassed = false;
      pusher.endTurn(stripe, object);
      stripe.mutex.unlock();
    }
  }

  private static void spoilPulls(CachedObject object) {
    for (int number = 0; number < CacheState.chunks(object.id); number++) {
      object.changed(number, BlockMask.ALL);
    }
  }

  /// A change of the backend with the order that the cache gave it.
  @FunctionalInterface
  private interface BackendChange {
    Outcome apply(Change change) throws IOException;
  }

  /// A request, on its way through the cache or past it.
  @FunctionalInterface
  private interface Request {
    Outcome run() throws IOException;
  }

  /// Runs a request in the cache; past it where the object is not cached, the cache is off, or its
  /// device fails meanwhile.
  private Outcome guarded(ObjectId object, Patience patience, Request cached, Request past)
      throws IOException {
    if (passes(object)) {
      return past.run();
    }
    if (!enter(patience)) {
      return Outcome.WOULD_WAIT;
    }
    Exception fault = null;
    try {
      if (!off) {
        return cached.run();
      }
    } catch (CacheFault | MappingFault e) {
      fault = e;
    } finally {
      gate.leaveShared();
    }
    return turnedOff(fault, patience) ? past.run() : Outcome.WOULD_WAIT;
  }

  private boolean passes(ObjectId object) {
    return off || !Recovery.cacheable(object);
  }

  private boolean enter(Patience patience) {
    if (patience == Patience.NOW) {
      return gate.tryEnterShared();
    }
    gate.enterShared();
    return true;
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

  /// Turns the cache off after a fault of its device: brings to the backend what can still be read.
  ///
  /// @return whether the cache is off; false where the caller must not wait for it
  private boolean turnedOff(@Nullable Exception fault, Patience patience) {
    if (fault == null) {
      return true;
    }
    if (patience == Patience.NOW) {
      return false;
    }
    throttle.giveUp();
    gate.enterAlone();
    try {
      if (!off) {
        log.alert("object cache turns itself off: " + fault.getMessage());
        state.vdis().forEach(this::rescue);
        disown();
        off = true;
      }
    } finally {
      gate.leaveAlone();
    }
    return true;
  }

  /// What is in the files is old from now on: no later start may believe it, even where the device
  /// cannot be written any more.
  private void disown() {
    try {
      leases.disown();
    } catch (IOException e) {
      log.alert(
          "object cache: the leases could not be changed ("
              + e.getMessage()
              + "); remove "
              + files.directory()
              + " before the next start, it holds old data");
    }
  }

  private void rescue(VdiCache vdi) {
    try {
      flusher.flush(vdi.id);
      leases.clearUnflushed(vdi.id);
      vdi.marked = false;
    } catch (IOException | MappingFault e) {
      leases.reportLoss(
          vdi.id,
          vdi.dirtyBlocks.get() * IndexLayout.BLOCK_SIZE
              + " bytes were lost with the device of the object cache: "
              + e.getMessage());
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

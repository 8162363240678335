package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.testing.ManualClock;
import java.io.IOException;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;

/// What requests do to the index, each in one step: three objects with a chunk each, and two chunks
/// for them. Lincheck makes one for each interleaving that it tries.
@Param(name = "object", gen = IntGen.class, conf = "0:2")
public class IndexOperations {
  private static final int CHUNKS = 2;
  private static final int STRIPES = 2;

  /// More than ever are dirty at once, those included that are about to be.
  private static final int DIRTY_MAX = 10;

  private static final int NONE = -1;

  final CacheState state;

  /// An empty index.
  public IndexOperations() {
    MonitorLocks locks = new MonitorLocks();
    ChunkTable table = new ChunkTable(new IndexInMemory());
    ManualClock clock = new ManualClock();
    ChunkSpace space =
        new ChunkSpace(locks, clock, Log.NONE, IndexOperations::full, CHUNKS, CHUNKS);
    for (int chunk = CHUNKS - 1; chunk >= 0; chunk--) {
      space.release(chunk);
    }
    space.releaseRecord(0);
    this.state = new CacheState(clock, locks, table, new Slab(new NoFile(), table), space, STRIPES);
  }

  private static void full(int first, int end) throws IOException {
    throw new IOException("there is no room for chunks from " + first + " to " + end);
  }

  private static ObjectId id(int object) {
    return ObjectId.data(new VdiId(7), object);
  }

  /// A write of a block.
  ///
  /// @return whether there was a chunk for it
  @Operation
  public boolean write(@Param(name = "object") int object) {
    ObjectId id = id(object);
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject cached = state.object(stripe, id);
      try {
        return write(stripe, cached);
      } finally {
        stripe.forgetIdle(cached);
      }
    } finally {
      stripe.mutex.unlock();
    }
  }

  private boolean write(Stripe stripe, CachedObject object) {
    int found = stripe.find(object.id, 0);
    boolean first = found < 0 || BlockMask.dirty(state.table.masks(found)) == 0;
    if (first && !state.addDirtyChunk(object.vdi, DIRTY_MAX)) {
      return false;
    }
    int chunk = found < 0 ? state.claim(stripe, object.id, 0) : found;
    if (chunk < 0) {
      state.dropDirtyChunk(object.vdi);
      return false;
    }
    state.wrote(object, chunk, 1);
    return true;
  }

  /// The masks of an object's chunk; -1 where it has none.
  @Operation
  public int find(@Param(name = "object") int object) {
    ObjectId id = id(object);
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      int chunk = stripe.find(id, 0);
      return chunk < 0 ? NONE : (int) state.table.masks(chunk);
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// The end of a push.
  @Operation
  public void clean(@Param(name = "object") int object) {
    ObjectId id = id(object);
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      CachedObject cached = state.object(stripe, id);
      int chunk = stripe.find(id, 0);
      if (chunk >= 0) {
        state.cleaned(cached, chunk, 1);
      }
      state.listed(cached);
      stripe.forgetIdle(cached);
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Takes its chunk from an object, dirty or not.
  ///
  /// @return whether it had one
  @Operation
  public boolean drop(@Param(name = "object") int object) {
    ObjectId id = id(object);
    Stripe stripe = state.stripe(id);
    stripe.mutex.lock();
    try {
      int chunk = stripe.find(id, 0);
      if (chunk < 0) {
        return false;
      }
      CachedObject cached = state.object(stripe, id);
      state.release(stripe, id, chunk);
      state.listed(cached);
      stripe.forgetIdle(cached);
      return true;
    } finally {
      stripe.mutex.unlock();
    }
  }

  /// Counts and records agree once nobody is under way.
  @Validate
  public void check() {
    CacheCheck.check(state);
  }
}

package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Leases;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.MappedBytes.MappingFault;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Brings dirty data to the backend when the cache's device has failed: block by block what can
/// still be read, in the order of every flush (I5). The rest is lost, and the next barrier of its
/// VDI says so (I16). No request is under way meanwhile.
final class Salvage {
  /// How often a VDI is tried where the backend fails too, and how long between: it may just be
  /// changing its leader, and nothing else has the data.
  private static final int TRIES = 20;

  private static final Duration PAUSE = Duration.ofMillis(500);

  private final Log log;
  private final CacheState state;
  private final Pusher pusher;
  private final ObjectStore backend;
  private final Leases leases;
  private final Tasks tasks;

  Salvage(
      Log log, CacheState state, Pusher pusher, ObjectStore backend, Leases leases, Tasks tasks) {
    this.log = log;
    this.state = state;
    this.pusher = pusher;
    this.backend = backend;
    this.leases = leases;
    this.tasks = tasks;
  }

  /// Afterwards nothing is dirty any more, in memory; what the files say is old.
  void run() {
    pusher.skipUnreadable();
    for (VdiCache vdi : state.vdis()) {
      String why = "it cannot be read any more";
      try {
        pushReadable(vdi.id);
      } catch (IOException e) {
        why = String.valueOf(e.getMessage());
      }
      settle(vdi, why);
    }
  }

  private void settle(VdiCache vdi, String why) {
    if (vdi.differingCount() > 0) {
      leases.reportLoss(
          vdi.id,
          vdi.dirtyBlocks.get() * IndexLayout.BLOCK_SIZE
              + " bytes were lost with the device of the object cache: "
              + why);
    }
    vdi.forgetDiffering();
    vdi.dirtyBlocks.set(0);
    try {
      leases.clearUnflushed(vdi.id);
      vdi.marked = false;
    } catch (IOException e) {
      log.error("VDI " + vdi.id + ": it stays marked as unflushed: " + e.getMessage());
    }
  }

  private void pushReadable(VdiId vdi) throws IOException {
    for (int left = TRIES; ; left--) {
      try {
        pushOnce(vdi);
        return;
      } catch (IOException e) {
        if (left == 1 || !pause()) {
          throw e;
        }
        log.warn("VDI " + vdi + ": salvage from the object cache goes on: " + e.getMessage());
      }
    }
  }

  /// @throws IOException where the backend failed; whoever tries again finds what is left
  private void pushOnce(VdiId vdi) throws IOException {
    List<ObjectId> differing = state.vdi(vdi).differing();
    if (differing.isEmpty()) {
      return;
    }
    List<ObjectId> last = new ArrayList<>();
    @Nullable IOException failure = null;
    for (ObjectId id : differing) {
      if (id.kind() == ObjectId.Kind.INODE || state.isGone(id)) {
        last.add(id);
        continue;
      }
      try {
        push(id);
      } catch (IOException e) {
        failure = e; // the others may fare better
      }
    }
    if (failure != null) {
      throw failure;
    }
    backend.flush(vdi);
    last.sort((a, b) -> Boolean.compare(state.isGone(a), state.isGone(b)));
    for (ObjectId id : last) {
      push(id);
      backend.flush(vdi);
    }
  }

  private void push(ObjectId id) throws IOException {
    try {
      pusher.pushAll(id, Durability.DURABLE);
    } catch (CacheFault | MappingFault | InternalError e) {
      log.error("object " + id + ": it cannot be read from the object cache: " + e.getMessage());
    }
  }

  private boolean pause() {
    try {
      tasks.sleep(PAUSE);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}

package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.CHUNK_SIZE;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.DiskMap;
import dev.kelpie.object.Leases;
import dev.kelpie.object.Patience;
import java.io.IOException;

/// Fetches again what the cache held before a power loss, clean, until it is half full: the other
/// half is for what is wanted now.
final class HintWarmer {
  private final CacheState state;
  private final ReadAhead.Fetch fetch;
  private final Background background;
  private final Leases leases;
  private final Log log;

  HintWarmer(
      CacheState state, ReadAhead.Fetch fetch, Background background, Leases leases, Log log) {
    this.state = state;
    this.fetch = fetch;
    this.background = background;
    this.leases = leases;
    this.log = log;
  }

  void start(DiskMap disks, Hints hints) {
    background.start("cache-warm-up", () -> run(disks, hints));
  }

  private void run(DiskMap disks, Hints hints) {
    long pulled = 0;
    int looked = 0;
    String end = "";
    try {
      while (looked < hints.count() && !halfFull() && background.pace(0)) {
        ObjectId object = new ObjectId(hints.owners()[looked]);
        int at = hints.numbers()[looked] * CHUNK_SIZE;
        // At its quota a disk would only give up what was fetched before, which was used more.
        boolean wanted = disks.has(object.vdi()) && state.space.hasFree(state.vdi(object));
        long bytes = wanted ? fetch(object, at) : 0;
        pulled += bytes;
        looked++;
        background.pace(bytes);
      }
    } catch (IOException e) {
      end = ", and no more of them, because " + e.getMessage();
    }
    log.info(
        "object cache: after the power loss "
            + (pulled >> 20)
            + " MiB were fetched again, from "
            + looked
            + " of the "
            + hints.count()
            + " chunks that were known"
            + end);
  }

  private long fetch(ObjectId object, int at) throws IOException {
    Access access =
        new Access(
            object.vdi(), leases.generation(object.vdi()), CacheMode.WRITEBACK, Patience.WAIT);
    return fetch.fetch(object, at, Math.min(CHUNK_SIZE, object.size() - at), access).pulled();
  }

  private boolean halfFull() {
    return state.space.freeCount() <= state.space.capacity() / 2;
  }
}

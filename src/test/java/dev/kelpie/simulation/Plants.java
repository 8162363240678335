package dev.kelpie.simulation;

import dev.kelpie.simulation.Script.Run;
import dev.kelpie.testing.PatchedClasses;
import dev.kelpie.testing.PatchedClasses.Edit;
import java.io.IOException;
import java.util.List;

/// Bugs of the kinds that the first object cache had, as changes of the product's source text.
final class Plants {
  private static final String CACHE = "dev.kelpie.cache.";

  private Plants() {}

  /// A bug.
  ///
  /// @param run the kind of script that is most likely to find it
  record Plant(String name, Run run, List<Edit> edits) {
    @Override
    public String toString() {
      return name;
    }

    /// The product with this bug in it.
    PatchedClasses load() throws IOException {
      return PatchedClasses.of(edits);
    }
  }

  private static Edit in(String cacheClass, String find, String put) {
    return new Edit(CACHE + cacheClass, find, put);
  }

  static List<Plant> all() {
    return List.of(
        new Plant(
            "a write-through answers before its push",
            Run.CUT_AFTER_DURABLE,
            List.of(
                in(
                    "WriteThrough",
                    "pusher.push(object, false);\n      backend.flush(object.vdi());",
                    ""))),
        new Plant(
            "a write-through is pushed and not made durable",
            Run.CUT_AFTER_DURABLE,
            List.of(
                in(
                    "WriteThrough",
                    "      backend.flush(object.vdi());\n    }\n    if (change",
                    "    }\n    if (change"))),
        new Plant(
            "a flush answers without having pushed the data",
            Run.WRITE_DURING_PUSH,
            List.of(in("Flusher", "pushAll(entries == null ? data : dataOf(vdi, inode));", ""))),
        new Plant(
            "a flush does not wait for a push under way",
            Run.END_DURING_PUSH,
            List.of(
                in(
                    "Pusher",
                    "CachedObject object = awaitTurn(stripe, id);",
                    "CachedObject object = stripe.object(id); if (object != null && object.turnTaken) { return null; }"))),
        new Plant(
            "blocks are clean before the store has answered",
            Run.END_DURING_PUSH,
            List.of(
                in(
                    "Pusher",
                    "        send(begun, ofRemoval);\n        done = true;",
                    "Stripe early = state.stripe(id); early.mutex.lock(); try { clean(early, begun.push); } finally { early.mutex.unlock(); } send(begun, ofRemoval); done = true;"))),
        new Plant(
            "a failed push cleans what it carried",
            Run.FAIL_PUSH,
            List.of(
                in(
                    "Pusher",
                    "      if (done) {\n        cleanReadable(",
                    "      if (true) {\n        cleanReadable("))),
        new Plant(
            "a write during a push is cleaned with it",
            Run.WRITE_DURING_PUSH,
            List.of(in("Push", "& ~rewritten[chunkNumber] & BlockMask.ALL", "& BlockMask.ALL"))),
        new Plant(
            "the inode goes out before its data",
            Run.END_DURING_PUSH,
            List.of(
                in(
                    "Flusher",
                    "pushAll(entries == null ? data : dataOf(vdi, inode));",
                    "if (entries != null) { pusher.send(entries, Durability.DURABLE); sync(vdi); } pushAll(entries == null ? data : dataOf(vdi, inode));"))),
        new Plant(
            "the inode is copied after the dirty set was taken",
            Run.NAME_DURING_PUSH,
            List.of(
                in(
                    "Flusher",
                    "pushAll(entries == null ? data : dataOf(vdi, inode));",
                    "pushAll(data);"))),
        new Plant(
            "a block is believed without its checksum",
            Run.ROT,
            List.of(
                in(
                    "Slab",
                    "if ((sum(crc, bytes, end) ^ table.seed(at, inChunk)) != table.sum(at, inChunk)) {",
                    "if (sum(crc, bytes, end) == 0 && table.seed(chunk, b) == 0) {"))),
        new Plant(
            "a block is believed after a power failure since its checksum is right",
            Run.CUT_AFTER_DURABLE,
            List.of(in("CacheFiles", "!old.sealed() && old.boot() != boot", "false"))),
        new Plant(
            "the last dirty bit of a chunk is lost",
            Run.FILL,
            List.of(
                in(
                    "BlockMask",
                    "dirty(masks) | blocks, writing(masks)",
                    "dirty(masks) | (blocks & 0x7fff), writing(masks)"))),
        new Plant(
            "a range loses its last block at a chunk's edge",
            Run.WRITE_DURING_PUSH,
            List.of(
                in(
                    "BlockMask",
                    "return (ALL >>> (15 - (last - first))) << first;",
                    "return (((ALL >>> (15 - (last - first))) << first)) & (first > 0 ? 0x7fff : ALL);"))),
        new Plant(
            "the quota is one chunk larger",
            Run.FILL,
            List.of(
                in(
                    "CacheConfig",
                    "(int) (size / IndexLayout.CHUNK_SIZE)",
                    "(int) (size / IndexLayout.CHUNK_SIZE) + 1"))),
        new Plant(
            "a direct write goes past what is cached",
            Run.MIX_MODES,
            List.of(in("Bypass", ": !object.differs();", ": true;"))),
        new Plant(
            "a late push of older bytes wins",
            Run.WRITE_DURING_PUSH,
            List.of(
                in(
                    "Pusher",
                    "CachedObject object = awaitTurn(stripe, id);",
                    "CachedObject object = stripe.object(id);"),
                in("Pusher", "lastNumber.incrementAndGet()", "Change.NEXT"))),
        new Plant(
            "a restart forgets that an object is new",
            Run.END_DURING_PUSH,
            List.of(
                in(
                    "Recovery",
                    "state.resume(id, kind, parent, slot);",
                    "if (kind == CachedObject.State.NEW) { state.table.clearState(slot); state.space.releaseRecord(slot); return; } state.resume(id, kind, parent, slot);"))),
        new Plant(
            "a create that is sent again replaces the object",
            Run.RESEND,
            List.of(
                new Edit(
                    "dev.kelpie.vdi.ClientDoor",
                    "return written == Outcome.NO_OBJECT ? objects.create(object, base, extents, change) : written;",
                    "return objects.create(object, base, extents, change);"))),
        new Plant(
            "a create that failed is tried again without what is clean since",
            Run.FAIL_PUSH,
            List.of(
                in(
                    "Pusher",
                    "      } else {\n        object.vdi.counters.pushesFailed.increment();\n      }",
                    "      } else if (push.state == CachedObject.State.NEW && !superseded) { for (int n = 0; n < push.chunks(); n++) { int chunk = push.pushed(n) == 0 ? -1 : stripe.find(object.id, n); if (chunk >= 0) { state.cleaned(object, chunk, push.pushed(n)); } } }"))),
        new Plant(
            "a pull is kept that a write overtook",
            Run.OVERTAKE_PULL,
            List.of(in("CachedObject", "pulls.get(i).spoil(chunkNumber, blocks);", ""))),
        new Plant(
            "a chunk is reused before its masks are off",
            Run.REUSE_THEN_KILL,
            List.of(
                in("ChunkTable", "putMasks(at, 0, index.getLong(at));", ""),
                in(
                    "ChunkTable",
                    "putMasks(at, 0, owner.value());\n    index.putLongRelease(at, owner.value());",
                    "putMasks(at, masks(chunk), owner.value()); index.putLongRelease(at, owner.value()); putMasks(at, 0, owner.value());"),
                in("Recovery", "(masks == 0 ? free : damagedChunks)", "free"))),
        new Plant(
            "a push goes out after its disk was deleted",
            Run.DELETE_DURING_PUSH,
            List.of(in("CacheAdmin", "pusher.awaitTurn(stripe, id);", ""))),
        new Plant(
            "what was lost of an inode with the cache is not written again",
            Run.LOSE_CACHE,
            List.of(new Edit("dev.kelpie.vdi.LossWatch", "restoration.run();", ""))),
        new Plant(
            "damage of the index is dropped and not told",
            Run.LOSE_CACHE,
            List.of(in("Recovery", "if (leases.unflushed(vdi)) {", "if (damaged < 0) {"))),
        new Plant(
            "a pull is kept that a write past the cache overtook",
            Run.WRITE_PAST,
            List.of(in("CachedObject", "pulls.get(i).spoil(blocks);", ""))),
        new Plant(
            "a write past the cache leaves what is clean here as it was",
            Run.WRITE_PAST,
            List.of(in("Bypass", "drop(stripe, object, blocks);", ""))));
  }
}

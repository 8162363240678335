package dev.kelpie.replica;

import dev.kelpie.cluster.Edition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// What a [SlotBook] knows at one moment.
///
/// @param restored whether records were seen that are older
/// @param map that of the edition; empty where the cluster is not formatted, or must not be
///   believed
/// @param shards all records of slots
record SlotView(boolean restored, Edition edition, Optional<SlotMap> map, List<KnownShard> shards) {
  static final SlotView NOTHING =
      new SlotView(
          false,
          Edition.NONE,
          Optional.empty(),
          Collections.nCopies(SlotShard.COUNT, KnownShard.NONE));

  KnownShard shard(int slot) {
    return shards.get(SlotShard.of(slot));
  }

  /// This, and what is newer in a record.
  SlotView with(int shard, KnownShard read) {
    if (read.version() <= shards.get(shard).version()) {
      return this;
    }
    List<KnownShard> next = new ArrayList<>(shards);
    next.set(shard, read);
    return new SlotView(restored, edition, map, List.copyOf(next));
  }

  /// This, and what is newer in another.
  SlotView with(SlotView read) {
    boolean later = !restored && read.edition.version() >= edition.version();
    SlotView next = later ? new SlotView(restored, read.edition, read.map, shards) : this;
    for (int shard = 0; shard < SlotShard.COUNT; shard++) {
      next = next.with(shard, read.shards.get(shard));
    }
    return next;
  }

  SlotView withoutMap(boolean forGood) {
    return new SlotView(restored || forGood, edition, Optional.empty(), shards);
  }

  /// Whether the records cannot have been this before they were the other.
  boolean isBehind(SlotView other) {
    boolean behind = edition.version() < other.edition.version();
    for (int shard = 0; shard < SlotShard.COUNT && !behind; shard++) {
      behind = shards.get(shard).isBehind(other.shards.get(shard));
    }
    return behind;
  }
}

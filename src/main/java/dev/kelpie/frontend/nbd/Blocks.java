package dev.kelpie.frontend.nbd;

import dev.kelpie.model.Invariant;
import dev.kelpie.platform.Locks;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Buffers outside the heap, in multiples of [#BLOCK_SIZE], cut out of slabs that are made when
/// first needed and kept. How much may be out at a time is [Memory]'s to say.
final class Blocks {
  /// Large enough that system calls cost nothing beside the copying, small enough that a handful of
  /// them serves a connection.
  static final int BLOCK_SIZE = 256 << 10;

  /// The longest run of blocks that lie in one buffer: 1 MiB, so that what clients send in one
  /// request reaches the disk in one piece.
  static final int RUN_MAX = 4;

  private final Locks.Mutex mutex;
  private final int slabsMax;
  private final List<Slab> slabs = new ArrayList<>();

  /// A piece of memory of [#RUN_MAX] blocks; a bit for each that is free.
  static final class Slab {
    private final ByteBuffer bytes = ByteBuffer.allocateDirect(RUN_MAX * BLOCK_SIZE);
    private int free = (1 << RUN_MAX) - 1;
  }

  /// A number of blocks that lie next to each other.
  ///
  /// @param mask their places in the slab
  record Run(Slab slab, int mask, ByteBuffer bytes) {}

  Blocks(Locks locks, long bytesMax) {
    this.mutex = locks.mutex();
    this.slabsMax = Math.toIntExact(bytesMax / (RUN_MAX * BLOCK_SIZE));
  }

  /// Takes a run of up to [#RUN_MAX] blocks; a shorter one where the free blocks are scattered. At
  /// least one block is free.
  Run take(int blocks) {
    mutex.lock();
    try {
      Optional<Run> run = Optional.empty();
      for (int count = Math.min(blocks, RUN_MAX); count > 0 && run.isEmpty(); count--) {
        run = takeExactly(count);
      }
      Invariant.check(run.isPresent(), "no block is free, though fewer are out than there are");
      return run.orElseThrow();
    } finally {
      mutex.unlock();
    }
  }

  /// Takes a run back.
  void free(Run run) {
    mutex.lock();
    try {
      run.slab.free |= run.mask;
    } finally {
      mutex.unlock();
    }
  }

  private Optional<Run> takeExactly(int count) {
    int mask = (1 << count) - 1;
    for (Slab slab : slabs) {
      for (int at = 0; at + count <= RUN_MAX; at++) {
        if ((slab.free >> at & mask) == mask) {
          return Optional.of(cut(slab, at, count));
        }
      }
    }
    if (slabs.size() == slabsMax) {
      return Optional.empty();
    }
    slabs.add(new Slab());
    return Optional.of(cut(slabs.getLast(), 0, count));
  }

  private static Run cut(Slab slab, int at, int count) {
    int mask = ((1 << count) - 1) << at;
    slab.free &= ~mask;
    return new Run(slab, mask, slab.bytes.slice(at * BLOCK_SIZE, count * BLOCK_SIZE));
  }
}

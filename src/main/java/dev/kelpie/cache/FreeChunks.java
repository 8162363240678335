package dev.kelpie.cache;

import static dev.kelpie.cache.IndexLayout.CHUNKS_PER_OBJECT;

/// The chunks that no object has. Those of one object are given side by side where they are free,
/// so that a large read is one call, and neighbours on the device are neighbours in the object.
/// Guarded by the lock of [ChunkSpace].
final class FreeChunks {
  static final int NONE = -1;

  private final int[] chunks;
  private int count;

  /// Where each chunk is in the array above, plus 1; 0 for one that is not free.
  private final int[] places;

  /// Where the next object without neighbours begins: as far from the last one as an object is
  /// long.
  private int start;

  FreeChunks(int capacity) {
    this.chunks = new int[capacity];
    this.places = new int[capacity];
  }

  int count() {
    return count;
  }

  void add(int chunk) {
    chunks[count++] = chunk;
    places[chunk] = count;
  }

  /// Adds the chunks that the files have grown by; objects begin there.
  void add(int first, int end) {
    for (int chunk = end - 1; chunk >= first; chunk--) {
      add(chunk);
    }
    start = first;
  }

  /// Takes a chunk; there is one.
  ///
  /// @param wanted which one would be best; [#NONE] for an object that has none nearby
  /// @param allocated how many chunks the files have
  int take(int wanted, int allocated) {
    if (isFree(wanted)) {
      return take(wanted);
    }
    if (wanted == NONE) {
      int candidate = start < allocated ? start : 0;
      start = candidate + CHUNKS_PER_OBJECT;
      if (isFree(candidate)) {
        return take(candidate);
      }
    }
    return take(chunks[count - 1]);
  }

  /// Forgets the chunks from `first` on.
  void shrink(int first) {
    int all = count;
    count = 0;
    for (int i = 0; i < all; i++) {
      int chunk = chunks[i];
      places[chunk] = 0;
      if (chunk < first) {
        add(chunk);
      }
    }
  }

  private boolean isFree(int chunk) {
    return chunk >= 0 && chunk < places.length && places[chunk] > 0;
  }

  private int take(int chunk) {
    int last = chunks[--count];
    int place = places[chunk];
    chunks[place - 1] = last;
    places[last] = place;
    places[chunk] = 0;
    return chunk;
  }
}

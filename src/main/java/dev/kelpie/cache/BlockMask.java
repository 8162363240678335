package dev.kelpie.cache;

/// The masks of a chunk in one `long`: bits 0-15 valid, 16-31 dirty, 32-47 writing. A mask by
/// itself is an `int` whose bit b stands for block b.
final class BlockMask {
  static final int ALL = 0xffff;

  private static final int DIRTY_SHIFT = 16;
  private static final int WRITING_SHIFT = 32;

  private BlockMask() {}

  /// Blocks `first` to `last`, both included.
  static int range(int first, int last) {
    return (ALL >>> (15 - (last - first))) << first;
  }

  /// The lowest blocks of a mask that follow each other; the mask has some.
  static int firstRun(int blocks) {
    int first = Integer.numberOfTrailingZeros(blocks);
    int count = Integer.numberOfTrailingZeros(~(blocks >>> first));
    return range(first, first + count - 1);
  }

  static int valid(long masks) {
    return (int) masks & ALL;
  }

  static int dirty(long masks) {
    return (int) (masks >>> DIRTY_SHIFT) & ALL;
  }

  static int writing(long masks) {
    return (int) (masks >>> WRITING_SHIFT) & ALL;
  }

  static long of(int valid, int dirty, int writing) {
    return valid | ((long) dirty << DIRTY_SHIFT) | ((long) writing << WRITING_SHIFT);
  }

  static long withWriting(long masks, int blocks) {
    return masks | ((long) blocks << WRITING_SHIFT);
  }

  /// The write of these blocks is complete: valid and dirty.
  static long written(long masks, int blocks) {
    return of(valid(masks) | blocks, dirty(masks) | blocks, writing(masks) & ~blocks);
  }

  /// The pull of these blocks is complete: valid and clean.
  static long pulled(long masks, int blocks) {
    return of(valid(masks) | blocks, dirty(masks), writing(masks) & ~blocks);
  }

  static long clean(long masks, int blocks) {
    return of(valid(masks), dirty(masks) & ~blocks, writing(masks));
  }

  static long dropped(long masks, int blocks) {
    return of(valid(masks) & ~blocks, dirty(masks) & ~blocks, writing(masks) & ~blocks);
  }
}

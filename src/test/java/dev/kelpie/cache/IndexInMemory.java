package dev.kelpie.cache;

import dev.kelpie.platform.MappedBytes;
import java.util.Arrays;

/// An index of one segment, in memory that a model checker looks into.
final class IndexInMemory implements MappedBytes {
  private final long[] words = new long[(int) (IndexLayout.indexSize(1) / Long.BYTES)];

  @Override
  public long length() {
    return (long) words.length * Long.BYTES;
  }

  @Override
  public int getInt(long offset) {
    return (int) (words[(int) (offset >> 3)] >>> shift(offset));
  }

  @Override
  public void putInt(long offset, int value) {
    int at = (int) (offset >> 3);
    long kept = words[at] & ~(0xffff_ffffL << shift(offset));
    words[at] = kept | (Integer.toUnsignedLong(value) << shift(offset));
  }

  @Override
  public long getLong(long offset) {
    return words[(int) (offset >> 3)];
  }

  @Override
  public void putLong(long offset, long value) {
    words[(int) (offset >> 3)] = value;
  }

  @Override
  public long getLongAcquire(long offset) {
    return getLong(offset);
  }

  @Override
  public void putLongRelease(long offset, long value) {
    putLong(offset, value);
  }

  @Override
  public boolean compareAndSetLong(long offset, long expected, long value) {
    throw new IllegalStateException("the cache's index has no use for it");
  }

  @Override
  public void clear(long offset, long length) {
    Arrays.fill(words, (int) (offset >> 3), (int) ((offset + length) >> 3), 0);
  }

  @Override
  public void sync(long offset, long length) {}

  private static int shift(long offset) {
    return (int) (offset & 4) * 8;
  }
}

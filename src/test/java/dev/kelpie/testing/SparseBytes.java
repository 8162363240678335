package dev.kelpie.testing;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Bytes with holes: pages that nobody wrote take no memory and read as zeros. Not safe for use by
/// several threads at once.
final class SparseBytes {
  static final int PAGE = 4096;

  private static final byte[] ZEROS = new byte[PAGE];

  private final Map<Long, byte[]> pages = new HashMap<>();

  /// A copy that shares nothing.
  SparseBytes copy() {
    SparseBytes copy = new SparseBytes();
    pages.forEach((number, page) -> copy.pages.put(number, page.clone()));
    return copy;
  }

  /// The numbers of the pages that take memory.
  Set<Long> pages() {
    return pages.keySet();
  }

  boolean has(long page) {
    return pages.containsKey(page);
  }

  /// A page, taking memory for it where it was a hole.
  byte[] page(long page) {
    return pages.computeIfAbsent(page, _ -> new byte[PAGE]);
  }

  /// Makes a page a hole.
  void drop(long page) {
    pages.remove(page);
  }

  /// Fills what remains in the buffer.
  void read(long position, ByteBuffer into) {
    while (into.hasRemaining()) {
      int inPage = (int) (position % PAGE);
      int length = Math.min(into.remaining(), PAGE - inPage);
      into.put(pages.getOrDefault(position / PAGE, ZEROS), inPage, length);
      position += length;
    }
  }

  /// Stores what remains in the buffer.
  void write(long position, ByteBuffer from) {
    while (from.hasRemaining()) {
      int inPage = (int) (position % PAGE);
      int length = Math.min(from.remaining(), PAGE - inPage);
      from.get(page(position / PAGE), inPage, length);
      position += length;
    }
  }

  /// Copies a range from another.
  void copyFrom(SparseBytes other, long position, int length) {
    byte[] source = other.pages.getOrDefault(position / PAGE, ZEROS);
    System.arraycopy(
        source, (int) (position % PAGE), page(position / PAGE), (int) (position % PAGE), length);
  }

  /// Takes over what another holds before `size`, sharing nothing; the rest becomes holes.
  void become(SparseBytes other, long size) {
    SparseBytes taken = other.copy();
    pages.clear();
    pages.putAll(taken.pages);
    pages.keySet().removeIf(page -> page * PAGE >= size);
    int inLast = (int) (size % PAGE);
    if (inLast != 0 && has(size / PAGE)) {
      Arrays.fill(page(size / PAGE), inLast, PAGE, (byte) 0);
    }
  }
}

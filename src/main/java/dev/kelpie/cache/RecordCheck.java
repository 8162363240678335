package dev.kelpie.cache;

/// Ties the words of an index record together: 16 bits in the word that changes last, so that one
/// store changes both, and a record that a flipped bit or a stray write has damaged is known by it.
final class RecordCheck {
  /// Where the check lies in its word; what is below is the word's own.
  private static final int SHIFT = 48;

  private static final long VALUE = (1L << SHIFT) - 1;

  private RecordCheck() {}

  /// The word with the check of its record.
  ///
  /// @param value at most 48 bits
  /// @param first the record's owner
  /// @param second the other word that the value stands for
  static long with(long value, long first, long second) {
    return value | (sum(value, first, second) << SHIFT);
  }

  /// The word without its check.
  static long value(long word) {
    return word & VALUE;
  }

  static boolean holds(long word, long first, long second) {
    return with(value(word), first, second) == word;
  }

  private static long sum(long value, long first, long second) {
    long h = first * 0x9E3779B97F4A7C15L;
    h = (Long.rotateLeft(h, 29) ^ second) * 0xBF58476D1CE4E5B9L;
    h = (Long.rotateLeft(h, 29) ^ value) * 0x94D049BB133111EBL;
    h = (h ^ (h >>> 32)) * 0x9E3779B97F4A7C15L;
    return h >>> SHIFT;
  }
}

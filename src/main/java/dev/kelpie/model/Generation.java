package dev.kelpie.model;

/// The number of a VDI's cache lease. It only ever grows; who holds a larger one may write, who
/// holds a smaller one is refused. 0 is the generation of a VDI that nobody has leased yet.
public record Generation(long value) implements Comparable<Generation> {
  /// Before the first lease.
  public static final Generation NONE = new Generation(0);

  public Generation {
    if (value < 0) {
      throw new IllegalArgumentException("generation below 0: " + value);
    }
  }

  /// The next lease's generation.
  public Generation next() {
    return new Generation(value + 1);
  }

  @Override
  public int compareTo(Generation other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}

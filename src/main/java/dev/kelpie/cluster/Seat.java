package dev.kelpie.cluster;

import java.util.List;

/// A node in the map of the cluster, present or not.
///
/// @param incarnation of the node's life that counts; another one, of the same node, has no say
/// @param since when it came into its state, in seconds since 1970
/// @param kept whether an operator said that it comes back: it does not go out by itself
/// @param falls when it went down lately, oldest first, in seconds since 1970
public record Seat(
    Member member, State state, long incarnation, long since, boolean kept, List<Long> falls) {
  /// How many of its falls are remembered.
  static final int FALLS_MAX = 3;

  /// What a node is good for.
  public enum State {
    /// It serves.
    UP,
    /// It does not serve, and what it holds is expected back: nothing is copied in its place.
    DOWN,
    /// It does not count: what it held is to be elsewhere.
    OUT
  }

  public Seat {
    falls = List.copyOf(falls);
    if (falls.size() > FALLS_MAX) {
      throw new IllegalArgumentException("more than " + FALLS_MAX + " falls: " + falls);
    }
  }

  /// One that has just come, and is up.
  public static Seat of(Member member, long incarnation, long now) {
    return new Seat(member, State.UP, incarnation, now, false, List.of());
  }

  /// Whether it takes part in the placement of objects.
  public boolean isIn() {
    return state != State.OUT;
  }

  /// Whether this life of the node may serve.
  public boolean isUp(long life) {
    return state == State.UP && incarnation == life;
  }
}

package dev.kelpie.cluster;

import java.util.List;

/// One version of the member list.
///
/// @param number from 1
/// @param time when it began, in seconds since 1970
public record Epoch(int number, long time, List<Member> members) {
  public Epoch {
    members = List.copyOf(members);
    if (number < 1) {
      throw new IllegalArgumentException("epoch out of range: " + number);
    }
  }
}

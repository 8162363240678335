package dev.kelpie.platform;

import java.time.Instant;

/// Time. Deadlines are measured with [#nanos], which never goes back; [#now] is for people and for
/// the times that go into inodes.
public interface Clock {
  /// Nanoseconds since some fixed moment; only differences mean something.
  long nanos();

  /// The wall clock.
  Instant now();
}

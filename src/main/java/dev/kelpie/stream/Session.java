package dev.kelpie.stream;

import java.time.Duration;

/// One client's stay at a [Server]. [#run] is the life of the session's own task; the other methods
/// may be called by any task and do not wait.
public interface Session {
  /// The client, for logs and thread dumps.
  String who();

  /// Serves the client to the end.
  void run();

  /// From now on the session ends as soon as nothing is in flight.
  void drain();

  /// Cuts the client off. What is in flight is finished all the same, and then [#run] ends.
  void close();

  /// Called every second or so: cuts the client off where the protocol gives it no more time.
  void look();

  /// Whether the client has not moved a byte of a payload or a reply for longer than `limit`, and
  /// so keeps the memory that they take.
  boolean hoardsFor(Duration limit);

  /// Whether the client has asked for nothing yet and holds nothing, so that it may be turned out
  /// for a new one where there are too many.
  boolean mute();
}

package dev.kelpie.stream;

import java.time.Duration;

/// What a [Server] serves.
public interface Service {
  /// The protocol's name, for logs and thread dumps.
  String name();

  /// How many clients may be connected at one time.
  int clientsMax();

  /// Who may use it.
  Access access();

  /// A session for a client that was let in. Called in the order of coming; may not wait.
  ///
  /// @param number of the client, from 1
  /// @param line to it, the session's from now on
  Session session(long number, Line line);

  /// Whether somebody has been waiting for memory for longer than `limit`.
  boolean memoryIsShortFor(Duration limit);

  /// Starts the task of a session.
  ///
  /// @throws java.util.concurrent.RejectedExecutionException where there is no thread for it
  void start(String name, Runnable session);
}

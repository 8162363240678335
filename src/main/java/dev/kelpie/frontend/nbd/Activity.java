package dev.kelpie.frontend.nbd;

import dev.kelpie.platform.Locks;

/// What a connection is doing: its tasks in flight, bounded by number and bytes, and whether it
/// waits for the client. A draining connection ends at the moment when it does nothing but wait.
final class Activity {
  /// Requests of one connection that may wait at a time: many times what the usual clients send
  /// ahead (16 to 128), and few enough that a flood is only the flooder's trouble.
  static final int REQUESTS_MAX = 128;

  /// Payload bytes of such requests: 64 reads of 64 KiB, or 16 of 1 MiB. One larger request may run
  /// alone.
  static final long BYTES_MAX = 16 << 20;

  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final Runnable onEnd;
  private int requests;
  private long bytes;
  private boolean waiting;
  private volatile boolean draining;
  private volatile boolean ended;

  /// Begins at work.
  ///
  /// @param onEnd called once, when a drained connection has nothing left to do
  Activity(Locks locks, Runnable onEnd) {
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
    this.onEnd = onEnd;
  }

  /// Adds a request if it fits.
  boolean tryEnter(long payload) {
    mutex.lock();
    try {
      boolean fits = fits(payload);
      if (fits) {
        add(payload);
      }
      return fits;
    } finally {
      mutex.unlock();
    }
  }

  /// Adds a request; waits until it fits.
  void enter(long payload) {
    mutex.lock();
    try {
      while (!fits(payload)) {
        changed.await();
      }
      add(payload);
    } finally {
      mutex.unlock();
    }
  }

  /// A request that was added has been answered.
  void leave(long payload) {
    boolean end;
    mutex.lock();
    try {
      requests--;
      bytes -= payload;
      changed.wakeAll();
      end = endsNow();
    } finally {
      mutex.unlock();
    }
    tell(end);
  }

  /// The connection is about to wait for the client, or has waited.
  void waiting(boolean now) {
    boolean end;
    mutex.lock();
    try {
      waiting = now;
      end = endsNow();
    } finally {
      mutex.unlock();
    }
    tell(end);
  }

  /// From now on the connection ends as soon as it has nothing to do.
  void drain() {
    boolean end;
    mutex.lock();
    try {
      draining = true;
      end = endsNow();
    } finally {
      mutex.unlock();
    }
    tell(end);
  }

  /// Whether new requests are to be turned away.
  boolean draining() {
    return draining;
  }

  /// Whether the end was told to the client: nothing can be answered any more.
  boolean ended() {
    return ended;
  }

  /// The payload bytes of the requests in flight.
  long payloadBytes() {
    mutex.lock();
    try {
      return bytes;
    } finally {
      mutex.unlock();
    }
  }

  /// Waits until no request is in flight.
  void awaitNone() {
    mutex.lock();
    try {
      while (requests > 0) {
        changed.await();
      }
    } finally {
      mutex.unlock();
    }
  }

  private boolean fits(long payload) {
    return requests == 0 || (requests < REQUESTS_MAX && bytes + payload <= BYTES_MAX);
  }

  private void add(long payload) {
    requests++;
    bytes += payload;
  }

  private boolean endsNow() {
    boolean end = draining && waiting && requests == 0 && !ended;
    if (end) {
      ended = true;
    }
    return end;
  }

  private void tell(boolean end) {
    if (end) {
      onEnd.run();
    }
  }
}

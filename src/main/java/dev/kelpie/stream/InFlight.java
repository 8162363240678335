package dev.kelpie.stream;

import dev.kelpie.platform.Locks;

/// The requests of one session that were read and are not answered, bounded by number and bytes,
/// and whether the session waits for its client. A draining session ends at the moment when it does
/// nothing but wait.
public final class InFlight {
  /// Requests at a time: many times what the usual clients send ahead (16 to 128), and few enough
  /// that a flood is only the flooder's trouble.
  public static final int REQUESTS_MAX = 128;

  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final long bytesMax;
  private final Runnable onEnd;
  private int requests;
  private long bytes;
  private boolean waiting;
  private volatile boolean draining;
  private volatile boolean ended;

  /// Begins at work.
  ///
  /// @param bytesMax of payload; one larger request may run alone
  /// @param onEnd called once, when a drained session has nothing left to do
  public InFlight(Locks locks, long bytesMax, Runnable onEnd) {
    this.mutex = locks.mutex();
    this.changed = mutex.signal();
    this.bytesMax = bytesMax;
    this.onEnd = onEnd;
  }

  /// Adds a request if it fits.
  public boolean tryEnter(long share) {
    mutex.lock();
    try {
      boolean fits = fits(share);
      if (fits) {
        add(share);
      }
      return fits;
    } finally {
      mutex.unlock();
    }
  }

  /// Adds a request; waits until it fits.
  public void enter(long share) {
    mutex.lock();
    try {
      while (!fits(share)) {
        changed.await();
      }
      add(share);
    } finally {
      mutex.unlock();
    }
  }

  /// A request that was added has been answered.
  public void leave(long share) {
    boolean end;
    mutex.lock();
    try {
      requests--;
      bytes -= share;
      changed.wakeAll();
      end = endsNow();
    } finally {
      mutex.unlock();
    }
    tell(end);
  }

  /// The session is about to wait for the client, or has waited.
  public void waiting(boolean now) {
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

  /// From now on the session ends as soon as it has nothing to do.
  public void drain() {
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
  public boolean draining() {
    return draining;
  }

  /// Whether the end was told to the client: nothing can be answered any more.
  public boolean ended() {
    return ended;
  }

  /// Waits until no request is in flight.
  public void awaitNone() {
    mutex.lock();
    try {
      while (requests > 0) {
        changed.await();
      }
    } finally {
      mutex.unlock();
    }
  }

  private boolean fits(long share) {
    return requests == 0 || (requests < REQUESTS_MAX && bytes + share <= bytesMax);
  }

  private void add(long share) {
    requests++;
    bytes += share;
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

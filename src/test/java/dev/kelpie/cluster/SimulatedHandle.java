package dev.kelpie.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A simulated node's way to the [SimulatedRecords]: it can be cut, in both directions or so that
/// only answers are lost, and something may happen to the node in the middle of any call.
final class SimulatedHandle implements Coordination {
  /// The part of the timeout for which a confirmed renewal is good (spec/cluster.md §8.3, point 7).
  private static final double GOOD_FOR = 0.6;

  private final SimulatedRecords records;
  private final SimulatedClock clock;
  private final Runnable before;
  private long session;
  private long confirmedSent;
  private boolean lost = true;
  private Cut cut = Cut.NONE;

  /// What of a node's messages is lost.
  enum Cut {
    NONE,
    ANSWERS,
    BOTH
  }

  /// @param before called before each call reaches the service
  SimulatedHandle(SimulatedRecords records, SimulatedClock clock, Runnable before) {
    this.records = records;
    this.clock = clock;
    this.before = before;
  }

  void cut(Cut what) {
    cut = what;
  }

  boolean isCut() {
    return cut != Cut.NONE;
  }

  /// The node shows that it lives, as it does each sixth of the timeout.
  void renew() {
    if (lost) {
      return;
    }
    long sent = clock.nanos();
    before.run();
    if (cut == Cut.BOTH) {
      return;
    }
    boolean known = records.hear(session);
    if (cut == Cut.NONE) {
      if (known) {
        confirmedSent = sent;
      } else {
        lost = true;
      }
    }
  }

  private long lease() {
    long good = (long) (SimulatedRecords.TIMEOUT * GOOD_FOR);
    return lost ? 0 : good - (clock.nanos() - confirmedSent);
  }

  @Override
  public Optional<Stored> read(String key) throws IOException {
    reach();
    Optional<Stored> found = records.read(key);
    answer("read of " + key);
    return found;
  }

  @Override
  public List<Stored> list(String prefix) throws IOException {
    reach();
    List<Stored> found = records.list(prefix);
    answer("list of " + prefix);
    return found;
  }

  @Override
  public boolean commit(List<Put> changes, List<Check> checks) throws IOException {
    reach();
    boolean made = records.commit(changes, checks);
    if (cut == Cut.ANSWERS) {
      throw new InDoubt("no answer to a commit", new IOException("cut off"));
    }
    return made;
  }

  @Override
  public Watch watch(String prefix, Runnable changed) {
    throw new UnsupportedOperationException("the simulation steps by itself");
  }

  @Override
  public Optional<Presence> announce(String key, byte[] value, Runnable gone) throws IOException {
    long sent = clock.nanos();
    reach();
    if (lost || !records.hear(session)) {
      session = records.open();
      confirmedSent = sent;
      lost = false;
    }
    boolean made = records.announce(session, key, value);
    answer("announcement of " + key);
    return made ? Optional.of(new Announced(key, session)) : Optional.empty();
  }

  @Override
  public void close() {}

  private void reach() throws IOException {
    before.run();
    if (cut == Cut.BOTH) {
      throw new IOException("cut off from the records");
    }
  }

  private void answer(String what) throws IOException {
    if (cut == Cut.ANSWERS) {
      throw new IOException("no answer to a " + what);
    }
  }

  private final class Announced implements Presence {
    private final String key;
    private final long made;

    Announced(String key, long made) {
      this.key = key;
      this.made = made;
    }

    @Override
    public long lease() {
      return made == session ? SimulatedHandle.this.lease() : 0;
    }

    @Override
    public void update(byte[] value) throws IOException {
      reach();
      if (!records.isMadeBy(key, made)) {
        throw new IOException(key + " is gone");
      }
      records.update(key, value);
      answer("update of " + key);
    }

    @Override
    public void close() throws IOException {
      reach();
      if (records.isMadeBy(key, made)) {
        records.withdraw(key);
      }
      answer("withdrawal of " + key);
    }
  }
}

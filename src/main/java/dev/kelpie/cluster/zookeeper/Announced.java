package dev.kelpie.cluster.zookeeper;

import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;

/// A record that was announced: an ephemeral znode of one [Session], and its lease is the
/// session's.
final class Announced implements Presence {
  private final Session session;
  private final String key;
  private final Runnable onLost;
  private final Locks.Mutex mutex;
  private final Locks.Signal free;
  private boolean updating;

  /// ZooKeeper's version of the znode; belongs to who is updating.
  private int version;

  private volatile State state = State.HERE;

  private enum State {
    HERE,
    LOST,
    CLOSED
  }

  /// @param version ZooKeeper's version of the znode
  Announced(Session session, String key, int version, Runnable onLost, Locks locks) {
    this.session = session;
    this.key = key;
    this.version = version;
    this.onLost = onLost;
    this.mutex = locks.mutex();
    this.free = mutex.signal();
  }

  String key() {
    return key;
  }

  @Override
  public long lease() {
    return state == State.HERE ? session.lease().remaining() : 0;
  }

  @Override
  public void update(byte[] value) throws IOException {
    Names.check(key, value);
    Patience patience = session.ensemble().patience();
    takeTurn(patience);
    try {
      write(value.clone(), patience);
    } finally {
      endTurn();
    }
  }

  private void takeTurn(Patience patience) throws IOException {
    mutex.lock();
    try {
      while (updating) {
        if (patience.isOver()) {
          throw unanswered(patience);
        }
        free.await(patience.left());
      }
      updating = true;
    } finally {
      mutex.unlock();
    }
  }

  private void endTurn() {
    mutex.lock();
    try {
      updating = false;
      free.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  /// Nobody else changes the znode, so where a write was lost its value shows whether it was made.
  private void write(byte[] value, Patience patience) throws IOException {
    while (!patience.isOver()) {
      Client client = session.client(patience).orElseThrow(this::gone);
      Code code = tryWrite(client, value, patience);
      if (code == Code.BADVERSION && catchUp(client, patience, value)) {
        code = Code.OK;
      }
      switch (code) {
        case OK -> {
          return;
        }
        case NONODE -> {
          session.lost(this);
          throw gone();
        }
        case BADVERSION -> {}
        default -> {
          if (!Lost.isMeantBy(code)) {
            throw session.ensemble().refused(key + " cannot be updated", code);
          }
        }
      }
    }
    throw unanswered(patience);
  }

  private Code tryWrite(Client client, byte[] value, Patience patience) throws IOException {
    if (state != State.HERE) {
      throw gone();
    }
    Lease.Write write = session.lease().begin();
    Code code = client.multi(List.of(Op.setData(znode(), value, version))).await(patience);
    if (code == Code.OK) {
      write.answered();
      version++;
    }
    return code;
  }

  /// @return whether the znode has the value already
  private boolean catchUp(Client client, Patience patience, byte[] value) {
    Answer<Client.Data> there = client.data(znode());
    if (there.await(patience) != Code.OK) {
      return false;
    }
    version = there.value().stat().getVersion();
    return Arrays.equals(there.value().value(), value);
  }

  private String znode() {
    return session.ensemble().names().record(key);
  }

  private IOException unanswered(Patience patience) {
    return new IOException(key + " was updated or not: " + session.ensemble().unanswered(patience));
  }

  private IOException gone() {
    return new IOException(
        key
            + (state == State.CLOSED
                ? " is not announced any more"
                : " is gone from ZooKeeper's records: this process was taken for dead"));
  }

  /// The znode is gone; tells the maker so, unless it has closed the record.
  ///
  /// @return whether the maker has to be told
  boolean lose() {
    mutex.lock();
    try {
      boolean here = state == State.HERE;
      state = here ? State.LOST : state;
      return here;
    } finally {
      mutex.unlock();
    }
  }

  /// What its maker wants to be called.
  Runnable onLost() {
    return onLost;
  }

  @Override
  public void close() throws IOException {
    mutex.lock();
    try {
      if (state != State.HERE) {
        return;
      }
      state = State.CLOSED;
    } finally {
      mutex.unlock();
    }
    session.withdraw(this);
  }
}

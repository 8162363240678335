package dev.kelpie.cluster.zookeeper;

import dev.kelpie.cluster.Coordination.Presence;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;

/// Makes records that go with this process: ephemeral znodes.
///
/// An ephemeral znode is created empty and gets its value at once, so that ZooKeeper's version of
/// it is 1 when the record's is. That of an ordinary record is one less, so a commit that expects
/// the version that was read of somebody's announced record is refused.
final class Announcer {
  private static final byte[] EMPTY = {};
  private static final int FIRST_VERSION = 1;

  private final Ensemble ensemble;
  private final Sessions sessions;
  private final Directories directories;

  Announcer(Ensemble ensemble, Sessions sessions) {
    this.ensemble = ensemble;
    this.sessions = sessions;
    this.directories = new Directories(ensemble);
  }

  Optional<Presence> announce(String key, byte[] value, Runnable lost) throws IOException {
    Patience patience = ensemble.patience();
    while (true) {
      Session session = sessions.connected(patience);
      if (!session.take(key, patience)) {
        return Optional.empty();
      }
      switch (new Attempt(session, key, value, patience).make()) {
        case MADE -> {
          Announced made =
              new Announced(session, key, FIRST_VERSION, lost, ensemble.platform().locks());
          session.add(made);
          return Optional.of(made);
        }
        case TAKEN -> {
          return Optional.empty();
        }
        case SESSION_ENDED -> {}
      }
    }
  }

  private enum Outcome {
    MADE,
    TAKEN,
    SESSION_ENDED
  }

  /// To announce a record in one session.
  private final class Attempt {
    private final Session session;
    private final String key;
    private final String znode;
    private final byte[] value;
    private final Patience patience;

    /// Whether an answer was lost: the znode may be there.
    private boolean inDoubt;

    Attempt(Session session, String key, byte[] value, Patience patience) {
      this.session = session;
      this.key = key;
      this.znode = ensemble.names().record(key);
      this.value = value.clone();
      this.patience = patience;
    }

    /// Leaves the key free where it does not make the record.
    Outcome make() throws IOException {
      boolean made = false;
      try {
        Optional<Client> client = session.client(patience);
        while (client.isPresent()) {
          Optional<Outcome> outcome = tryOnce(client.get());
          if (outcome.isPresent()) {
            made = outcome.get() == Outcome.MADE;
            return outcome.get();
          }
          if (patience.isOver()) {
            throw new IOException(key + " is not announced: " + ensemble.unanswered(patience));
          }
          client = session.client(patience);
        }
        return Outcome.SESSION_ENDED;
      } finally {
        if (!made) {
          session.free(key, inDoubt);
        }
      }
    }

    /// @return empty where it is to be tried again
    private Optional<Outcome> tryOnce(Client client) throws IOException {
      List<Op> changes =
          List.of(
              Op.create(znode, EMPTY, ensemble.settings().acl(), CreateMode.EPHEMERAL),
              Op.setData(znode, value, 0));
      Lease.Write write = session.lease().begin();
      Code code = client.multi(changes).await(patience);
      if (code == Code.OK) {
        write.answered();
        return Optional.of(Outcome.MADE);
      } else if (code == Code.NODEEXISTS) {
        return owner(client);
      } else if (code == Code.NONODE) {
        directories.makeFor(znode, client, patience);
      } else if (Lost.isMeantBy(code)) {
        inDoubt = true;
      } else {
        throw ensemble.refused(key + " cannot be announced", code);
      }
      return Optional.empty();
    }

    /// Whose the record is that is there: maybe this attempt's, made by a try whose answer was
    /// lost.
    private Optional<Outcome> owner(Client client) {
      Answer<Client.Data> there = client.data(znode);
      Code code = there.await(patience);
      if (code != Code.OK) {
        return Optional.empty();
      }
      boolean ours =
          inDoubt && there.value().stat().getEphemeralOwner() == client.ticket().session();
      return Optional.of(ours ? Outcome.MADE : Outcome.TAKEN);
    }
  }
}

package dev.kelpie.cluster.zookeeper;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;

/// Deletes announced records of one session that nobody holds any more. What cannot be deleted now
/// is deleted once the session is connected again, or goes with the session.
///
/// Somebody else may announce the key as soon as it is free, so each try first looks whose the
/// record is; and there is one try at a time.
final class Deletions {
  private static final int ANY_VERSION = -1;

  private final Session session;

  /// Keys that are not free yet.
  private final Set<String> left = ConcurrentHashMap.newKeySet();

  private final Set<String> underWay = ConcurrentHashMap.newKeySet();

  Deletions(Session session) {
    this.session = session;
  }

  /// Deletes a record of this session.
  void delete(String key) throws IOException {
    left.add(key);
    underWay.add(key);
    try {
      tryDelete(key, session.ensemble().patience());
      left.remove(key);
      session.deleted();
    } finally {
      underWay.remove(key);
    }
  }

  /// Deletes a record soon, if it is there and this session's.
  void deleteSoon(String key) {
    left.add(key);
  }

  /// Whether a record of this key may be there that nobody holds.
  boolean isLeft(String key) {
    return left.contains(key);
  }

  /// Goes on with what could not be deleted, and does not wait for it.
  void goOn() {
    for (String key : left) {
      if (underWay.add(key)) {
        try {
          session
              .ensemble()
              .platform()
              .tasks()
              .start("cluster-delete-" + key, () -> deleteInTask(key));
        } catch (RejectedExecutionException _) {
          // The next renewal is another occasion.
          underWay.remove(key);
        }
      }
    }
  }

  private void deleteInTask(String key) {
    try {
      delete(key);
    } catch (IOException e) {
      session.ensemble().log().warn("trying again: " + e.getMessage());
    }
  }

  private void tryDelete(String key, Patience patience) throws IOException {
    while (!patience.isOver()) {
      Optional<Client> client = session.client(patience);
      if (client.isEmpty()) {
        return;
      }
      Code code = deleteOwn(key, client.get(), patience);
      if (code == Code.OK || code == Code.NONODE) {
        return;
      }
      if (!Lost.isMeantBy(code)) {
        throw session.ensemble().refused(key + " cannot be deleted", code);
      }
    }
    throw new IOException(
        key
            + " is not deleted: "
            + session.ensemble().unanswered(patience)
            + "; it goes soon after");
  }

  private Code deleteOwn(String key, Client client, Patience patience) {
    String znode = session.ensemble().names().record(key);
    Answer<Client.Data> there = client.data(znode);
    Code code = there.await(patience);
    if (code != Code.OK) {
      return code;
    }
    boolean own = there.value().stat().getEphemeralOwner() == client.ticket().session();
    return own ? client.multi(List.of(Op.delete(znode, ANY_VERSION))).await(patience) : Code.NONODE;
  }
}

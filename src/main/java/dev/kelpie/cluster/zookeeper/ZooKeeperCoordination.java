package dev.kelpie.cluster.zookeeper;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Watchers;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.zookeeper.KeeperException.Code;

/// The records of a cluster, kept by an ensemble of ZooKeeper servers.
///
/// A call that finds no server connected waits for one, for the session timeout at most, and then
/// fails. So does one whose answer is lost; reads are repeated until then, and a commit finds out
/// whether it was made.
///
/// When the ensemble has taken this process for dead, what was announced is lost, and a new session
/// begins by itself.
public final class ZooKeeperCoordination implements Coordination {
  private final Ensemble ensemble;
  private final Watchers watchers;
  private final Sessions sessions;
  private final Committer committer;
  private final Announcer announcer;

  /// Connects, and creates the cluster's root where it is missing.
  ///
  /// @throws IOException where no server can be reached within the timeout, or the options name a
  ///   file that cannot be used
  public ZooKeeperCoordination(Platform platform, Log log, ZooKeeperOptions options)
      throws IOException {
    this.ensemble =
        new Ensemble(
            ClientSettings.read(options, platform.disk()),
            new Names(options.root()),
            options.timeout(),
            platform,
            log);
    this.watchers = new Watchers(platform.tasks(), platform.locks(), log);
    this.sessions = new Sessions(ensemble, watchers);
    this.committer = new Committer(ensemble, sessions);
    this.announcer = new Announcer(ensemble, sessions);
    boolean open = false;
    try {
      begin();
      open = true;
    } finally {
      if (!open) {
        close();
      }
    }
  }

  private void begin() throws IOException {
    Patience patience = ensemble.patience();
    try {
      sessions.client(patience);
    } catch (IOException e) {
      throw new IOException(
          "failed to connect to zk server "
              + ensemble.settings().servers()
              + " after "
              + patience.limit().toMillis()
              + " ms: "
              + e.getMessage(),
          e);
    }
    retrying((client, left) -> {
      new Directories(ensemble).make(ensemble.names().commits(), client, left);
      return true;
    });
  }

  @Override
  public Optional<Stored> read(String key) throws IOException {
    Names.check(key);
    return retrying((client, patience) -> new Listing(ensemble, client, patience).read(key));
  }

  @Override
  public List<Stored> list(String prefix) throws IOException {
    Names.checkPrefix(prefix);
    return retrying((client, patience) -> new Listing(ensemble, client, patience).list(prefix));
  }

  @Override
  public boolean commit(List<Put> changes, List<Check> checks) throws IOException {
    return committer.commit(changes, checks);
  }

  @Override
  public Watch watch(String prefix, Runnable changed) throws IOException {
    Names.checkPrefix(prefix);
    String directory = ensemble.names().directory(prefix);
    sessions.watch(directory);
    Watch watch = watchers.add(prefix, changed);
    boolean watching = false;
    try {
      watching = retrying((client, patience) -> watch(directory, client, patience));
    } finally {
      if (!watching) {
        watch.close();
      }
    }
    return watch;
  }

  private boolean watch(String directory, Client client, Patience patience) throws IOException {
    Code code = client.watch(directory).await(patience);
    // Whether the directory is there is all the same.
    if (code == Code.OK || code == Code.NONODE) {
      return true;
    } else if (Lost.isMeantBy(code)) {
      throw new Lost(code);
    }
    throw ensemble.refused(directory + " cannot be watched", code);
  }

  @Override
  public Optional<Presence> announce(String key, byte[] value, Runnable lost) throws IOException {
    Names.check(key, value);
    return announcer.announce(key, value, lost);
  }

  @Override
  public void close() throws IOException {
    watchers.close();
    sessions.close();
  }

  /// What can be asked again where the answer is lost.
  private interface Question<R> {
    R ask(Client client, Patience patience) throws IOException;
  }

  private <R> R retrying(Question<R> question) throws IOException {
    Patience patience = ensemble.patience();
    while (true) {
      Client client = sessions.client(patience);
      try {
        return question.ask(client, patience);
      } catch (Lost e) {
        if (patience.isOver()) {
          throw new IOException(ensemble.unanswered(patience), e);
        }
      }
    }
  }
}

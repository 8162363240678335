package dev.kelpie.cluster.zookeeper;

import dev.kelpie.cluster.Coordination.Stored;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;

/// Reads records, as they are now.
///
/// ZooKeeper answers a read from the server that is connected, which may lag behind. Its `sync`
/// makes the server catch up with the leader, but does not ask whether the leader has a majority
/// yet: one that was deposed and cut off answers with what was true before. So a read sends a write
/// ahead that changes nothing. When that one is answered, a majority has agreed on it after the
/// read began, and the server has seen all that was agreed on before; the same goes for other
/// servers that the session is connected to later.
///
/// Requests are sent ahead of the answers to earlier ones.
final class Listing {
  /// Requests that wait for their answers.
  private static final int AHEAD = 256;

  private static final int ANY_VERSION = -1;

  private final Ensemble ensemble;
  private final Client client;
  private final Patience patience;

  /// A znode whose children are wanted.
  ///
  /// @param begin of the keys of all records in it
  private record Directory(String path, String begin) {}

  /// Reads by a client that is connected. All methods throw [Lost] where that is to be tried again.
  Listing(Ensemble ensemble, Client client, Patience patience) {
    this.ensemble = ensemble;
    this.client = client;
    this.patience = patience;
  }

  /// The record under this key.
  Optional<Stored> read(String key) throws IOException {
    Answer<List<OpResult>> now = askNow();
    Answer<Client.Data> data = client.data(ensemble.names().record(key));
    awaitNow(now);
    return valueOf(data).map(found -> stored(key, found));
  }

  /// All records whose keys start with `prefix`, in the order of their keys.
  List<Stored> list(String prefix) throws IOException {
    Answer<List<OpResult>> now = askNow();
    List<String> keys = new ArrayList<>();
    Deque<Directory> left = new ArrayDeque<>();
    left.add(new Directory(ensemble.names().directory(prefix), Names.directoryOf(prefix)));
    while (!left.isEmpty()) {
      List<Directory> level = List.copyOf(left);
      left.clear();
      pipeline(
          level,
          directory -> client.children(directory.path),
          (directory, names) -> {
            for (String name : names) {
              sort(directory, name, prefix, keys, left);
            }
          });
    }
    List<Stored> found = new ArrayList<>();
    pipeline(
        keys,
        key -> client.data(ensemble.names().record(key)),
        (key, data) -> found.add(stored(key, data)));
    awaitNow(now);
    found.sort(Comparator.comparing(Stored::key));
    return found;
  }

  private static void sort(
      Directory in, String name, String prefix, List<String> keys, Deque<Directory> directories) {
    String key = in.begin + Names.word(name);
    if (Names.isRecord(name)) {
      if (key.startsWith(prefix)) {
        keys.add(key);
      }
    } else if (Names.isDirectory(name)) {
      String begin = key + "/";
      if (begin.startsWith(prefix)) {
        directories.add(new Directory(in.path + "/" + name, begin));
      }
    }
  }

  private Answer<List<OpResult>> askNow() {
    return client.multi(List.of(Op.check(ensemble.names().root(), ANY_VERSION)));
  }

  private void awaitNow(Answer<List<OpResult>> now) throws IOException {
    Code code = now.await(patience);
    // A refusal is agreed on like everything else.
    if (Lost.isMeantBy(code)) {
      throw new Lost(code);
    }
  }

  /// Sends a request for each item and takes the answers in the same order; those of znodes that
  /// are not there are left out.
  private <A, R> void pipeline(List<A> items, Function<A, Answer<R>> send, Take<A, R> take)
      throws IOException {
    Deque<Answer<R>> sent = new ArrayDeque<>();
    int next = 0;
    for (A item : items) {
      while (next < items.size() && sent.size() < AHEAD) {
        sent.add(send.apply(items.get(next++)));
      }
      Optional<R> value = valueOf(sent.remove());
      if (value.isPresent()) {
        take.take(item, value.get());
      }
    }
  }

  private interface Take<A, R> {
    void take(A item, R value);
  }

  private <R> Optional<R> valueOf(Answer<R> answer) throws IOException {
    Code code = answer.await(patience);
    if (code == Code.OK) {
      return Optional.of(answer.value());
    } else if (code == Code.NONODE) {
      return Optional.empty();
    } else if (Lost.isMeantBy(code)) {
      throw new Lost(code);
    }
    throw ensemble.refused("the cluster's records cannot be read", code);
  }

  /// An announced record begins with a version more ([Announcer]).
  private static Stored stored(String key, Client.Data data) {
    boolean announced = data.stat().getEphemeralOwner() != 0;
    return new Stored(key, data.value(), data.stat().getVersion() + (announced ? 0L : 1L));
  }
}

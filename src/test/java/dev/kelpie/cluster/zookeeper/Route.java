package dev.kelpie.cluster.zookeeper;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Network.Connection;
import dev.kelpie.platform.jvm.JvmPlatform;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/// The way from one client to the servers, which tests can cut, in either direction.
final class Route implements AutoCloseable {
  private static final int BUFFER_SIZE = 64 << 10;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long TRY_EVERY_NANOS = 20_000_000;

  private final Network network = JvmPlatform.network();
  private final List<Network.Listener> listeners = new ArrayList<>();
  private final List<Integer> ports = new ArrayList<>();
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean requestsHeld;
  private boolean answersHeld;
  private final AtomicInteger requestsWaiting = new AtomicInteger();
  private final AtomicInteger answersWaiting = new AtomicInteger();

  /// Listens once for each port of a server.
  Route(List<Integer> servers) throws IOException {
    for (int port : servers) {
      Network.Listener listener = network.listen(at(0));
      listeners.add(listener);
      ports.add(((Endpoint.Tcp) listener.at()).port());
      Thread.startVirtualThread(() -> accept(listener, at(port)));
    }
  }

  /// What a client is given as its servers.
  String servers() {
    return ports().stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
  }

  /// The ports at which it listens, in the order of the servers.
  List<Integer> ports() {
    return ports;
  }

  /// Nothing gets through any more, and nobody is told.
  void hold() {
    set(true, true);
  }

  /// What the servers say does not get through any more.
  void holdAnswers() {
    set(false, true);
  }

  /// What the client says does not get through any more.
  void holdRequests() {
    set(true, false);
  }

  /// Everything gets through, also what was held.
  void release() {
    set(false, false);
  }

  /// How many pieces of what the client has said are held.
  int requestsWaiting() {
    return requestsWaiting.get();
  }

  /// How many pieces of what the servers have said are held.
  int answersWaiting() {
    return answersWaiting.get();
  }

  /// Breaks all connections; what was held is gone. New ones are welcome.
  void breakConnections() throws IOException {
    List<Connection> all = List.copyOf(connections);
    connections.removeAll(all);
    for (Connection connection : all) {
      connection.close();
    }
  }

  /// Breaks all connections and takes no new ones.
  @Override
  public void close() throws IOException {
    for (Network.Listener listener : listeners) {
      listener.close();
    }
    breakConnections();
    release();
  }

  private void set(boolean requests, boolean answers) {
    lock.lock();
    try {
      requestsHeld = requests;
      answersHeld = answers;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void accept(Network.Listener listener, Endpoint server) {
    while (true) {
      try {
        Connection client = listener.accept();
        Thread.startVirtualThread(() -> serve(client, server));
      } catch (IOException _) {
        return;
      }
    }
  }

  private void serve(Connection client, Endpoint server) {
    connections.add(client);
    try (client) {
      relay(client, connect(server));
    } catch (IOException | InterruptedException _) {
      // The client sees its connection break.
    } finally {
      connections.remove(client);
    }
  }

  /// Tries for a while: who is served must not see a connection break that would have been refused,
  /// as it is by a server that is about to listen.
  private Connection connect(Endpoint server) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return network.connect(server, PATIENCE);
      } catch (IOException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        LockSupport.parkNanos(TRY_EVERY_NANOS);
      }
    }
  }

  private void relay(Connection here, Connection there) throws IOException, InterruptedException {
    connections.add(there);
    try (there) {
      Thread answers = Thread.startVirtualThread(() -> pump(there, here, false));
      pump(here, there, true);
      answers.join();
    } finally {
      connections.remove(there);
    }
  }

  private void pump(Connection from, Connection to, boolean requests) {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_SIZE);
    try (to) {
      while (from.read(buffer.clear()) >= 0) {
        pass(requests);
        to.write(buffer.flip());
      }
    } catch (IOException _) {
      // The other side sees its connection break.
    }
  }

  /// Waits while this direction is held.
  private void pass(boolean requests) {
    AtomicInteger waiting = requests ? requestsWaiting : answersWaiting;
    lock.lock();
    try {
      waiting.incrementAndGet();
      while (requests ? requestsHeld : answersHeld) {
        changed.awaitUninterruptibly();
      }
    } finally {
      waiting.decrementAndGet();
      lock.unlock();
    }
  }

  private static Endpoint at(int port) {
    return new Endpoint.Tcp(InetAddress.getLoopbackAddress(), port);
  }
}

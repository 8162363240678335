package dev.kelpie.cluster.zookeeper;

import dev.kelpie.testing.Await;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.zookeeper.server.quorum.QuorumPeer;
import org.apache.zookeeper.server.quorum.QuorumPeer.QuorumServer;

/// An ensemble of three ZooKeeper servers in this process, with data in a directory of the test.
final class Servers implements AutoCloseable {
  /// Sessions last between 2 and 20 of these.
  static final Duration TICK = Duration.ofMillis(300);

  private static final int COUNT = 3;
  private static final int FAST_ELECTION = 3;
  private static final int INIT_TICKS = 50;
  private static final int SYNC_TICKS = 10;

  static {
    System.setProperty("zookeeper.admin.enableServer", "false");
    System.setProperty("zookeeper.jmx.log4j.disable", "true");
    // No test takes the power away, and other tests want the disk.
    System.setProperty("zookeeper.forceSync", "no");
  }

  private final Path directory;
  private final Map<Long, QuorumServer> members = new HashMap<>();
  private final Map<Long, QuorumPeer> running = new HashMap<>();

  /// Starts all three.
  Servers(Path directory) throws IOException {
    this.directory = directory;
    List<Integer> ports = freePorts(COUNT * 3);
    for (int i = 0; i < COUNT; i++) {
      long id = i + 1L;
      members.put(
          id,
          new QuorumServer(
              id,
              at(ports.get(3 * i)),
              at(ports.get(3 * i + 1)),
              at(ports.get(3 * i + 2)),
              QuorumPeer.LearnerType.PARTICIPANT));
    }
    for (int server = 1; server <= COUNT; server++) {
      start(server);
    }
  }

  /// Starts one, 1 to 3, with the data it has.
  void start(int server) throws IOException {
    long id = server;
    File data = Files.createDirectories(directory.resolve("server" + id)).toFile();
    QuorumPeer peer =
        new QuorumPeer(
            members,
            data,
            data,
            port(server),
            FAST_ELECTION,
            id,
            (int) TICK.toMillis(),
            INIT_TICKS,
            SYNC_TICKS,
            INIT_TICKS);
    running.put(id, peer);
    peer.start();
  }

  /// Stops one at once: its clients see their connections break.
  void stop(int server) {
    QuorumPeer peer = running.remove((long) server);
    if (peer != null) {
      peer.shutdown();
      Await.until("server " + server + " has stopped", () -> !peer.isAlive());
    }
  }

  /// Where clients reach one.
  int port(int server) {
    QuorumServer member = members.get((long) server);
    if (member == null) {
      throw new IllegalArgumentException("there is no server " + server);
    }
    return member.clientAddr.getPort();
  }

  /// The ports of all, for clients.
  List<Integer> ports() {
    List<Integer> ports = new ArrayList<>();
    for (int server = 1; server <= COUNT; server++) {
      ports.add(port(server));
    }
    return ports;
  }

  @Override
  public void close() {
    for (int server = 1; server <= COUNT; server++) {
      stop(server);
    }
  }

  private static InetSocketAddress at(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }
}

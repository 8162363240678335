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
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.server.quorum.QuorumPeer;
import org.apache.zookeeper.server.quorum.QuorumPeer.QuorumServer;

/// An ensemble of three ZooKeeper servers in this process, with data in a directory of the test. A
/// follower reaches its leader by a [Route].
public final class Servers implements AutoCloseable {
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
  private final Map<Long, Route> links = new HashMap<>();

  /// Starts all three.
  public Servers(Path directory) throws IOException {
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
    List<Integer> quorum = List.of(ports.get(0), ports.get(3), ports.get(6));
    for (long id : members.keySet()) {
      links.put(id, new Route(quorum));
    }
    for (int server = 1; server <= COUNT; server++) {
      start(server);
    }
  }

  /// Starts one, 1 to 3, with the data it has.
  public void start(int server) throws IOException {
    long id = server;
    File data = Files.createDirectories(directory.resolve("server" + id)).toFile();
    QuorumPeer peer =
        new QuorumPeer(
            seenBy(id, link(server)),
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

  /// Others are reached through the link.
  private Map<Long, QuorumServer> seenBy(long id, Route link) {
    Map<Long, QuorumServer> seen = new HashMap<>(members);
    seen.replaceAll((other, is) ->
        other == id
            ? is
            : new QuorumServer(
                other,
                at(link.ports().get((int) (other - 1))),
                is.electionAddr.getOne(),
                is.clientAddr,
                is.type));
    return seen;
  }

  /// Waits until they have a leader, and so serve clients.
  public void awaitLeader() {
    int _ = follower();
  }

  /// One that does not lead; waits until there is a leader.
  int follower() {
    AtomicInteger found = new AtomicInteger();
    Await.until(
        "there is a leader",
        () -> {
          running.forEach((id, peer) -> {
            if (peer.getPeerState() == QuorumPeer.ServerState.FOLLOWING) {
              found.set(id.intValue());
            }
          });
          return found.get() > 0;
        });
    return found.get();
  }

  /// What a server hears of its leader, as long as it is a follower.
  Route link(int server) {
    Route link = links.get((long) server);
    if (link == null) {
      throw new IllegalArgumentException("there is no server " + server);
    }
    return link;
  }

  /// Stops one at once: its clients see their connections break.
  public void stop(int server) {
    QuorumPeer peer = running.remove((long) server);
    if (peer != null) {
      peer.shutdown();
      Await.until("server " + server + " has stopped", () -> !peer.isAlive());
    }
  }

  /// Where clients reach all of them, as the options of `sheep` have it.
  public String addresses() {
    return "127.0.0.1:" + port(1) + ",127.0.0.1:" + port(2) + ",127.0.0.1:" + port(3);
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
    try {
      for (Route link : links.values()) {
        link.close();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
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

package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Log;
import dev.kelpie.log.SparseLog;
import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.OpeningBytes;
import dev.kelpie.stream.Server;
import dev.kelpie.stream.Service;
import dev.kelpie.stream.Session;
import dev.kelpie.stream.Takeover;
import java.io.Closeable;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/// Serves the Sheepdog protocol. Start it with [#serve] for each address; end it with [#drain],
/// which lets requests in flight finish, or [#close].
public final class SheepdogServer implements Closeable {
  private final Platform platform;
  private final Log log;
  private final SheepdogConfig config;
  private final Access access;
  private final Log refusals;
  private final Requests requests;
  private final BufferPool pool;
  private final Takeover peers;
  private final LongAdder connections = new LongAdder();
  private final Server server;

  /// For everybody, in plain bytes. Opens nothing yet.
  public SheepdogServer(Platform platform, Log log, Services services, SheepdogConfig config) {
    this(platform, log, services, config, Access.OPEN);
  }

  /// For a node that is alone. Opens nothing yet.
  public SheepdogServer(
      Platform platform, Log log, Services services, SheepdogConfig config, Access access) {
    this(platform, log, services, config, access, Optional.empty());
  }

  /// Opens nothing yet.
  ///
  /// @param peers to whom the connections of other nodes go (PEER_HELLO); empty for a node that is
  ///   alone
  public SheepdogServer(
      Platform platform,
      Log log,
      Services services,
      SheepdogConfig config,
      Access access,
      Optional<? extends Takeover> peers) {
    this.platform = platform;
    this.log = log;
    this.config = config;
    this.access = access;
    this.refusals = new SparseLog(log, platform.clock()::nanos);
    this.requests = new Requests(services, platform, log);
    this.pool = new BufferPool(platform.locks(), platform.clock(), config.payloadBytesMax());
    this.peers = peers.isPresent() ? peers.get() : new NoPeers();
    this.server = new Server(platform, log, new Sheepdog());
  }

  private final class Sheepdog implements Service {
    @Override
    public String name() {
      return "sheepdog";
    }

    @Override
    public int clientsMax() {
      return config.connectionsMax();
    }

    @Override
    public Access access() {
      return access;
    }

    @Override
    public Session session(long number, Line line) {
      connections.increment();
      OpeningBytes opening =
          new OpeningBytes(
              name(), access, line, platform.clock(), config.handshakeLimit(), refusals);
      return new ClientConnection(number, line, platform, log, requests, pool, opening, peers);
    }

    @Override
    public boolean memoryIsShortFor(Duration limit) {
      return pool.shortFor(limit) || peers.memoryIsShortFor(limit);
    }

    @Override
    public void start(String name, Runnable session) {
      Tasks.Task _ = platform.tasks().start(name, session);
    }
  }

  /// Accepts clients until the server ends. The listener is the server's from now on.
  public void serve(Network.Listener listener) {
    server.serve(listener);
  }

  /// Waits until no request for an object or a VDI is carried out any more. Call it when the node's
  /// standing turns new ones away; other nodes are served on.
  public void settle() {
    requests.settle();
  }

  /// Accepts no more clients, waits until every request that was read is answered, and disconnects.
  /// Call it when the node's standing turns new requests away. Clients that are not done after
  /// `limit` are cut off.
  ///
  /// @return whether all were done in time
  public boolean drain(Duration limit) {
    return server.drain(limit);
  }

  /// Cuts all clients off and waits until their requests in flight have ended.
  @Override
  public void close() {
    server.close();
  }

  /// How many clients are connected.
  public int clients() {
    return server.clients();
  }

  /// How many clients were let in since the start.
  public long connections() {
    return connections.sum();
  }

  /// The requests since the start, by what they are about.
  public List<RequestMeter.Reading> requests() {
    return requests.counted();
  }

  /// The bytes that payloads, replies and read-ahead take.
  long memoryUsed() {
    return pool.used();
  }

  /// How many requests wait for memory.
  int waitingForMemory() {
    return pool.waiting();
  }
}

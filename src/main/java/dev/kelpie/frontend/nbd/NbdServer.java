package dev.kelpie.frontend.nbd;

import dev.kelpie.log.Log;
import dev.kelpie.log.SparseLog;
import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.Server;
import dev.kelpie.stream.Service;
import dev.kelpie.stream.Session;
import dev.kelpie.volume.Exports;
import java.io.Closeable;
import java.time.Duration;
import java.util.List;

/// Offers disks to NBD clients. Start it with [#serve] for each address; end it with [#drain],
/// which lets clients finish, and [#close].
public final class NbdServer implements Closeable {
  private final Platform platform;
  private final Log log;
  private final Exports exports;
  private final NbdConfig config;
  private final Access access;
  private final Log refusals;
  private final Memory memory;
  private final NbdCounters counters;
  private final Server server;

  /// For everybody, in plain bytes. Opens nothing yet.
  public NbdServer(Platform platform, Log log, Exports exports, NbdConfig config) {
    this(platform, log, exports, config, Access.OPEN);
  }

  /// Opens nothing yet.
  public NbdServer(Platform platform, Log log, Exports exports, NbdConfig config, Access access) {
    this.platform = platform;
    this.log = log;
    this.exports = exports;
    this.config = config;
    this.access = access;
    this.refusals = new SparseLog(log, platform.clock()::nanos);
    this.counters = new NbdCounters(platform.clock());
    this.memory = new Memory(platform.locks(), platform.clock(), config.payloadBytesMax());
    this.server = new Server(platform, log, new Nbd());
  }

  private final class Nbd implements Service {
    @Override
    public String name() {
      return "nbd";
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
      counters.connections.increment();
      return new NbdConnection(
          number,
          line,
          exports,
          platform,
          log,
          memory,
          counters,
          access,
          refusals,
          config.handshakeLimit());
    }

    @Override
    public boolean memoryIsShortFor(Duration limit) {
      return memory.shortFor(limit);
    }

    /// What is at hand is read from the disk in the connection's own task.
    @Override
    public void start(String name, Runnable session) {
      Tasks.Task _ = platform.tasks().startDedicated(name, session);
    }
  }

  /// Accepts clients until the server ends. The listener is the server's from now on.
  public void serve(Network.Listener listener) {
    server.serve(listener);
  }

  /// Accepts no more clients, turns new requests away, lets those in flight finish, and then
  /// disconnects. Clients that are not done after `limit` are cut off.
  ///
  /// @return whether all were done in time
  public boolean drain(Duration limit) {
    return server.drain(limit);
  }

  /// Cuts all clients off and waits until their requests in flight have ended and their disks are
  /// closed.
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
    return counters.connections.sum();
  }

  /// The requests since the start, by their command.
  public List<RequestMeter.Reading> requests() {
    return counters.requests();
  }

  /// The bytes of memory in use by payloads and busy connections.
  public long payloadBytes() {
    return memory.used();
  }

  /// How many requests wait for memory.
  public int waitingForMemory() {
    return memory.waiting();
  }
}

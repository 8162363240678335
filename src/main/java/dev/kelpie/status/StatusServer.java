package dev.kelpie.status;

import dev.kelpie.log.Log;
import dev.kelpie.log.SparseLog;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.Server;
import dev.kelpie.stream.Service;
import dev.kelpie.stream.Session;
import java.io.Closeable;
import java.time.Duration;

/// Serves the status pages. Start it with [#serve] for each address.
public final class StatusServer implements Closeable {
  /// Enough for a few that watch, few enough that their pages never take much memory.
  static final int CLIENTS_MAX = 16;

  private final Platform platform;
  private final Access access;
  private final Pages pages;
  private final Log refusals;
  private final Duration limit;
  private final Server server;

  /// Opens nothing yet.
  ///
  /// @param limit how long a client may take, from coming to having read its answer
  public StatusServer(Platform platform, Log log, NodeStatus node, Access access, Duration limit) {
    this.platform = platform;
    this.access = access;
    this.pages = new Pages(node, log, platform.locks());
    this.refusals = new SparseLog(log, platform.clock()::nanos);
    this.limit = limit;
    this.server = new Server(platform, log, new Status());
  }

  private final class Status implements Service {
    @Override
    public String name() {
      return "status";
    }

    @Override
    public int clientsMax() {
      return CLIENTS_MAX;
    }

    @Override
    public Access access() {
      return access;
    }

    @Override
    public Session session(long number, Line line) {
      return new HttpSession(line, platform, access, pages, limit, refusals);
    }

    /// A client holds nothing that others wait for.
    @Override
    public boolean memoryIsShortFor(Duration time) {
      return false;
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

  /// How many clients are connected.
  public int clients() {
    return server.clients();
  }

  /// Cuts all clients off.
  @Override
  public void close() {
    server.close();
  }
}

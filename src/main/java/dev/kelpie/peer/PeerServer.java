package dev.kelpie.peer;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Platform;
import dev.kelpie.replica.Copies;
import dev.kelpie.replica.StoreNode;
import dev.kelpie.stream.Budget;
import dev.kelpie.stream.Takeover;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.PeerHello;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// Serves other nodes, whose connections come by way of the Sheepdog protocol's port.
public final class PeerServer implements Takeover {
  private final Log log;
  private final PeerConfig config;
  private final PeerSelf self;
  private final Callers callers;
  private final Conversation.Room room;
  private final Map<Purpose, Desk> desks;
  private final Map<Purpose, Budget> budgets = new EnumMap<>(Purpose.class);

  /// Serves nobody yet.
  ///
  /// @param copies this node's own
  /// @param store this node itself
  public PeerServer(
      Platform platform,
      Log log,
      PeerConfig config,
      PeerSelf self,
      Copies copies,
      StoreNode store) {
    this.log = log;
    this.config = config;
    this.self = self;
    this.callers = new Callers(platform.clock(), platform.locks());
    this.room =
        new Conversation.Room(
            platform.tasks(), log, callers, cluster -> cluster == self.cluster().getAsLong());
    this.desks =
        Map.of(Purpose.COPIES, new CopiesDesk(copies), Purpose.STORE, new StoreDesk(store));
    for (Purpose purpose : Purpose.values()) {
      budgets.put(purpose, new Budget(platform.locks(), platform.clock(), config.memory()));
    }
  }

  @Override
  public Verdict verdict(ByteBuffer request, Endpoint client) {
    PeerHello hello;
    try {
      hello = PeerHello.decode(request);
    } catch (MalformedPayload malformed) {
      return refused(client, "makes no sense: " + malformed.getMessage(), ResultCode.INVALID_PARMS);
    }
    Optional<Purpose> purpose = Purpose.of(hello.purpose());
    if (hello.lowest() > Dialer.VERSION || hello.highest() < Dialer.VERSION) {
      return refused(
          client,
          "speaks versions " + hello.lowest() + " to " + hello.highest(),
          ResultCode.VER_MISMATCH);
    } else if (hello.cluster() != self.cluster().getAsLong()) {
      return refused(client, "belongs to another cluster", ResultCode.INVALID_CTIME);
    } else if (purpose.isEmpty() || !hello.to().equals(self.name()) || hello.from().isEmpty()) {
      return refused(
          client,
          "looks for node " + hello.to() + " or wants something else",
          ResultCode.INVALID_PARMS);
    }
    return admit(hello, purpose.get());
  }

  private Verdict refused(Endpoint client, String why, ResultCode result) {
    log.warn("peer: " + client + " is refused: it " + why);
    return new Verdict.Refused(result.code());
  }

  private Verdict admit(PeerHello hello, Purpose purpose) {
    Conversation conversation =
        new Conversation(
            room,
            hello,
            new Callers.Caller(hello.from(), purpose),
            Objects.requireNonNull(desks.get(purpose)),
            budget(purpose));
    // Half of the time, so that the other node hears of it before it gives up.
    if (!callers.admit(conversation, config.connect().dividedBy(2))) {
      log.debug("peer: " + hello.from() + " has another connection that is busy yet");
      return new Verdict.Refused(ResultCode.AGAIN.code());
    }
    PeerHello ours =
        new PeerHello(
            Dialer.VERSION,
            Dialer.VERSION,
            purpose.number(),
            hello.features() & Dialer.FEATURES,
            hello.cluster(),
            0,
            0,
            self.name(),
            hello.from());
    ByteBuffer reply = ByteBuffer.allocate(PeerHello.SIZE).order(ByteOrder.LITTLE_ENDIAN);
    ours.encode(reply);
    return new Verdict.Granted(reply.flip(), conversation);
  }

  private Budget budget(Purpose purpose) {
    return Objects.requireNonNull(budgets.get(purpose));
  }

  @Override
  public boolean memoryIsShortFor(Duration limit) {
    return budgets.values().stream().anyMatch(budget -> budget.shortFor(limit));
  }

  /// The bytes that requests and answers take now.
  public long memoryUsed() {
    return budgets.values().stream().mapToLong(Budget::used).sum();
  }

  /// How many connections of other nodes are served.
  public int connections() {
    return callers.count();
  }
}

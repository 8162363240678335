package dev.kelpie.frontend.sheepdog;

import dev.kelpie.frontend.sheepdog.ObjectTurns.Turn;
import dev.kelpie.log.Log;
import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Clock;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.Line;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Carries out the requests of all connections: what is the same for every opcode stands here.
final class Requests {
  private final Services services;
  private final Admission admission;
  private final Operations operations;
  private final RequestCounters counters = new RequestCounters();
  private final World world;
  private final ObjectTurns turns;
  private final Latecomers latecomers;
  private final AdminLog adminLog;
  private final FaultLog faultLog;
  private final Clock clock;
  private final Log log;

  Requests(Services services, Platform platform, Log log) {
    this.services = services;
    this.admission = new Admission(services.book(), services.node());
    this.operations = new Operations(services, platform.clock(), counters, log);
    this.world = new World(platform.locks());
    this.turns = new ObjectTurns(platform.locks());
    this.latecomers = new Latecomers(platform.locks(), platform.clock());
    this.adminLog = new AdminLog(log);
    this.faultLog = new FaultLog(log, platform.clock());
    this.clock = platform.clock();
    this.log = log;
  }

  /// The requests since the start, by what they are about.
  List<RequestMeter.Reading> counted() {
    return counters.requests();
  }

  /// Waits for what is carried out now.
  void settle() {
    world.settle();
  }

  /// The epoch that replies carry.
  int epoch() {
    return services.book().epoch();
  }

  /// The result that refuses a request before it is looked at; empty where it is taken.
  Optional<ResultCode> refusal(RequestHeader header) {
    return admission.refusal(header);
  }

  /// A connection has come. Called in the order of coming.
  Latecomers.Place join(Line line) {
    return latecomers.join(line);
  }

  /// The object that a request changes, if it does.
  Optional<ObjectId> changed(RequestHeader header) {
    boolean change = operations.of(header.opcode().orElseThrow()) instanceof Operation.Change;
    return change && header.fields() instanceof RequestFields.Obj fields
        ? Optional.of(fields.object())
        : Optional.empty();
  }

  /// A request arrived whole and is taken. Called in the order of arrival.
  ///
  /// @throws Latecomers.Overtaken where the client is to be cut off
  Request arrived(Exchange exchange, ClientConnection client) throws Latecomers.Overtaken {
    return new Request(exchange, client);
  }

  /// A request that is carried out once: with [#tryRun], and where that gives nothing with [#run].
  final class Request {
    private final Exchange exchange;
    private final ClientConnection client;
    private final Opcode opcode;
    private final Operation operation;
    private final Optional<Turn> turn;
    private final Optional<AdminLog.Entry> entry;
    private final long arrivedIn;
    private final long since = clock.nanos();

    private Request(Exchange exchange, ClientConnection client) throws Latecomers.Overtaken {
      this.exchange = exchange;
      this.client = client;
      this.opcode = exchange.header().opcode().orElseThrow();
      this.operation = operations.of(opcode);
      this.arrivedIn = world.number();
      Optional<ObjectId> changed = changed(exchange.header());
      this.turn =
          changed.isPresent()
              ? Optional.of(client.place().enter(turns, changed.get(), client))
              : Optional.empty();
      this.entry = adminLog.begin(opcode, client.number(), exchange.client(), exchange.payload());
      counters.begin(opcode, exchange.header());
    }

    /// Carries the request out if that needs no wait.
    Optional<Reply> tryRun() {
      if (turn.isPresent() && !turn.get().come()) {
        return Optional.empty();
      }
      Optional<Reply> reply = Optional.of(Reply.BROKEN);
      try {
        reply = operation.atOnce(world, arrivedIn, exchange);
      } catch (IOException failure) {
        reply = Optional.of(failed(failure));
      } catch (RuntimeException bug) {
        reply = Optional.of(broken(bug));
      } finally {
        reply.ifPresent(this::end);
      }
      return reply;
    }

    /// Carries the request out; takes as long as it takes.
    Reply run() {
      Reply reply = Reply.BROKEN;
      try {
        turn.ifPresent(Turn::await);
        reply = runNow();
      } catch (IOException failure) {
        reply = failed(failure);
      } catch (RuntimeException bug) {
        reply = broken(bug);
      } finally {
        end(reply);
      }
      return reply;
    }

    /// A change that had to wait, and whose client is gone meanwhile, is not begun: a client that
    /// comes back sends it again (I13).
    private Reply runNow() throws IOException {
      boolean abandoned = turn.isPresent() && client.gone();
      return abandoned ? Reply.BROKEN : operation.run(world, arrivedIn, exchange);
    }

    private void end(Reply reply) {
      turn.ifPresent(Turn::close);
      counters.end(opcode, exchange.header(), reply, clock.nanos() - since);
      entry.ifPresent(e -> e.end(reply.result()));
    }

    private Reply failed(IOException failure) {
      if (Answers.isTrouble(failure) && !client.gone()) {
        faultLog.failed(this.toString(), failure);
      }
      return Reply.of(Answers.of(failure));
    }

    private Reply broken(RuntimeException bug) {
      StringBuilder text =
          new StringBuilder("sheepdog: a fault of this program: " + this + ": " + bug);
      for (StackTraceElement place : bug.getStackTrace()) {
        text.append(" < ").append(place);
      }
      log.error(text.toString());
      return Reply.BROKEN;
    }

    @Override
    public String toString() {
      return "sheepdog: " + opcode + " of " + client.who() + " " + exchange.header().fields();
    }
  }
}

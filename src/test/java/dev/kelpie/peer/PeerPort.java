package dev.kelpie.peer;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.ElasticBuffer;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.Sender;
import dev.kelpie.stream.Server;
import dev.kelpie.stream.Service;
import dev.kelpie.stream.Session;
import dev.kelpie.stream.Takeover;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A Sheepdog port that knows PEER_HELLO and nothing else, for simulations.
public final class PeerPort implements Closeable {
  private final Platform platform;
  private final Takeover peers;
  private final Server server;

  public PeerPort(Platform platform, Takeover peers) {
    this.platform = platform;
    this.peers = peers;
    this.server = new Server(platform, Log.NONE, new Port());
  }

  public void serve(Network.Listener listener) {
    server.serve(listener);
  }

  @Override
  public void close() {
    server.close();
  }

  private final class Port implements Service {
    @Override
    public String name() {
      return "port";
    }

    @Override
    public int clientsMax() {
      return 1000;
    }

    @Override
    public Access access() {
      return Access.OPEN;
    }

    @Override
    public Session session(long number, Line line) {
      return new One(line);
    }

    @Override
    public boolean memoryIsShortFor(Duration limit) {
      return peers.memoryIsShortFor(limit);
    }

    @Override
    public void start(String name, Runnable session) {
      Tasks.Task _ = platform.tasks().start(name, session);
    }
  }

  private final class One implements Session {
    private final Line line;
    private final Inbox inbox;
    private final Sender sender;
    private final InFlight inFlight;

    One(Line line) {
      this.line = line;
      this.inbox = new Inbox(line, new ElasticBuffer(buffer(1024), Optional::empty));
      this.sender = new Sender(line, platform.locks());
      this.inFlight = new InFlight(platform.locks(), 32 << 20, line::close);
    }

    private static ByteBuffer buffer(int size) {
      return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public String who() {
      return line.peer().toString();
    }

    @Override
    public void run() {
      try {
        while (introduced()) {}
      } catch (IOException _) {
        // It has hung up.
      } finally {
        line.close();
      }
    }

    /// @return whether it is to be introduced again
    private boolean introduced() throws IOException {
      RequestHeader header = RequestHeader.decode(take(RequestHeader.SIZE));
      if (header.opcodeNumber() != Opcode.PEER_HELLO.number()) {
        throw new EOFException("something else was asked");
      }
      return switch (peers.verdict(take(header.payloadBytes()), line.peer())) {
        case Takeover.Verdict.Refused(int result) -> {
          answer(header, ResultCode.of(result).orElseThrow(), buffer(0));
          yield true;
        }
        case Takeover.Verdict.Granted(ByteBuffer reply, Takeover.Guest guest) -> {
          try {
            answer(header, ResultCode.SUCCESS, reply);
          } finally {
            guest.run(line, inbox, sender, inFlight);
          }
          yield false;
        }
      };
    }

    private ByteBuffer take(int size) throws IOException {
      ByteBuffer bytes = buffer(size);
      if (!inbox.take(bytes)) {
        throw new EOFException("it has hung up");
      }
      return bytes.flip();
    }

    private void answer(RequestHeader header, ResultCode result, ByteBuffer data) {
      ByteBuffer bytes = buffer(ResponseHeader.SIZE);
      ResponseHeader.answering(header, 1, result, data.remaining(), ResponseFields.NONE)
          .encode(bytes);
      sender.post(new Sender.Message(List.of(bytes.flip(), data), () -> {}));
      sender.flush();
    }

    @Override
    public void drain() {
      inFlight.drain();
    }

    @Override
    public void close() {
      line.close();
    }

    @Override
    public void look() {}

    @Override
    public boolean hoardsFor(Duration limit) {
      return inbox.withholdsFor(limit) || line.deafFor(limit);
    }

    @Override
    public boolean mute() {
      return false;
    }
  }
}

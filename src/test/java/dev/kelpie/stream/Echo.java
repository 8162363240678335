package dev.kelpie.stream;

import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/// A protocol that comes back with every byte it gets, with the troubles that a test wants.
final class Echo implements Service {
  /// Who may come.
  volatile Access access = Access.OPEN;

  /// Whether there is no memory for another session.
  volatile boolean exhausted;

  /// Whether somebody waits for memory.
  volatile boolean memoryIsShort;

  /// The number of the client that keeps memory.
  volatile long hoarder;

  /// Sessions that end do so when it is at zero.
  volatile CountDownLatch mayEnd = new CountDownLatch(0);

  /// How many sessions have been about to end.
  final AtomicInteger ending = new AtomicInteger();

  /// How often sessions were looked after.
  final AtomicInteger looks = new AtomicInteger();

  private final Platform platform;
  private final int clientsMax;

  Echo(Platform platform, int clientsMax) {
    this.platform = platform;
    this.clientsMax = clientsMax;
  }

  @Override
  public String name() {
    return "echo";
  }

  @Override
  public int clientsMax() {
    return clientsMax;
  }

  @Override
  public Access access() {
    return access;
  }

  @Override
  public Session session(long number, Line line) {
    if (exhausted) {
      throw new OutOfMemoryError("no memory is left");
    }
    return new One(number, line);
  }

  @Override
  public boolean memoryIsShortFor(Duration limit) {
    return memoryIsShort;
  }

  @Override
  public void start(String name, Runnable session) {
    Tasks.Task _ = platform.tasks().start(name, session);
  }

  private final class One implements Session {
    private final long number;
    private final Line line;
    private final Inbox inbox;
    private final Sender sender;
    private final InFlight inFlight;
    private volatile boolean mute = true;

    One(long number, Line line) {
      this.number = number;
      this.line = line;
      this.inbox = new Inbox(line, new ElasticBuffer(ByteBuffer.allocate(8), Optional::empty));
      this.sender = new Sender(line, platform.locks());
      this.inFlight = new InFlight(platform.locks(), 1000, line::close);
    }

    @Override
    public String who() {
      return "client " + number;
    }

    @Override
    public void run() {
      try {
        while (comes()) {
          mute = false;
          sender.send(inbox.bytes());
        }
      } catch (IOException _) {
        // The client or the server has hung up.
      }
      close();
      ending.incrementAndGet();
      awaitEnd();
    }

    private boolean comes() throws IOException {
      inFlight.waiting(true);
      boolean comes = inbox.fill();
      inFlight.waiting(false);
      return comes;
    }

    private void awaitEnd() {
      try {
        mayEnd.await();
      } catch (InterruptedException interrupted) {
        throw new AssertionError("a session must not be interrupted", interrupted);
      }
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
    public void look() {
      looks.incrementAndGet();
    }

    @Override
    public boolean hoardsFor(Duration limit) {
      return number == hoarder;
    }

    @Override
    public boolean mute() {
      return mute;
    }
  }
}

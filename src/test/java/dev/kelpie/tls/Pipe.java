package dev.kelpie.tls;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.jvm.JvmPlatform;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/// Two ends of a connection in memory, with room for so many bytes each way.
final class Pipe {
  /// Nothing in a test takes longer.
  private static final Duration LIMIT = Duration.ofSeconds(20);

  final End client;
  final End server;

  /// @param readMax how many bytes the next read gives at most
  Pipe(int capacity, IntSupplier readMax) {
    Way there = new Way(capacity, readMax);
    Way back = new Way(capacity, readMax);
    client = new End(back, there);
    server = new End(there, back);
  }

  /// One direction.
  private static final class Way {
    private final ByteBuffer bytes;
    private final IntSupplier readMax;
    private final Locks.Mutex mutex = JvmPlatform.locks().mutex();
    private final Locks.Signal changed = mutex.signal();
    private boolean ended;
    private volatile boolean cut;
    private volatile boolean full;
    private final AtomicInteger writes = new AtomicInteger();

    Way(int capacity, IntSupplier readMax) {
      this.bytes = ByteBuffer.allocate(capacity);
      this.readMax = readMax;
    }

    int read(ByteBuffer into) throws IOException {
      mutex.lock();
      try {
        while (bytes.position() == 0 && !ended && !cut) {
          await();
        }
        if (cut) {
          throw new ClosedChannelException();
        }
        return bytes.position() == 0 ? -1 : take(into);
      } finally {
        mutex.unlock();
      }
    }

    boolean some() {
      mutex.lock();
      try {
        return !cut && bytes.position() > 0;
      } finally {
        mutex.unlock();
      }
    }

    private int take(ByteBuffer into) {
      bytes.flip();
      int max = Math.min(into.remaining(), readMax.getAsInt());
      int count = Math.min(bytes.remaining(), max);
      into.put(bytes.slice(0, count));
      bytes.position(count);
      bytes.compact();
      changed.wakeAll();
      return count;
    }

    void write(ByteBuffer part) throws IOException {
      mutex.lock();
      try {
        while (part.hasRemaining()) {
          awaitRoom();
          int count = Math.min(part.remaining(), bytes.remaining());
          bytes.put(part.slice(part.position(), count));
          part.position(part.position() + count);
          changed.wakeAll();
        }
      } finally {
        mutex.unlock();
      }
    }

    private void awaitRoom() throws IOException {
      full = !bytes.hasRemaining();
      while (!bytes.hasRemaining() && !cut) {
        await();
      }
      full = false;
      if (ended || cut) {
        throw new ClosedChannelException();
      }
    }

    private void await() throws SocketTimeoutException {
      if (!changed.await(LIMIT)) {
        throw new SocketTimeoutException("nothing has moved for " + LIMIT);
      }
    }

    void end(boolean atOnce) {
      mutex.lock();
      try {
        ended = true;
        cut |= atOnce;
        changed.wakeAll();
      } finally {
        mutex.unlock();
      }
    }
  }

  /// One end.
  static final class End implements Network.Connection {
    private final Way in;
    private final Way out;

    private End(Way in, Way out) {
      this.in = in;
      this.out = out;
    }

    @Override
    public Endpoint peer() {
      return new Endpoint.Unix(Path.of("pipe"));
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return in.read(into);
    }

    @Override
    public boolean unread() {
      return in.some();
    }

    @Override
    public void write(ByteBuffer... from) throws IOException {
      out.writes.incrementAndGet();
      for (ByteBuffer part : from) {
        out.write(part);
      }
    }

    /// How many writes there were.
    int writes() {
      return out.writes.get();
    }

    /// Whether a write waits for room.
    boolean stuck() {
      return out.full;
    }

    /// Whether it was cut, from either end.
    boolean closed() {
      return in.cut;
    }

    @Override
    public void shutdownOutput() {
      out.end(false);
    }

    @Override
    public void close() {
      in.end(true);
      out.end(true);
    }
  }
}

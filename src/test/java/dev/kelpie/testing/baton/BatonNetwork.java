package dev.kelpie.testing.baton;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The network between the hosts. Bytes of a connection come in order, in pieces of any size, after
/// a while, and not while the two hosts are cut off from each other; or the connection is lost,
/// with what was on its way or without.
public final class BatonNetwork {
  /// What a connection holds in each direction.
  private static final int BUFFER = 96 << 10;

  private static final int PIECE_MAX = 24 << 10;
  private static final long DELAY_NANOS_MAX = 600_000;

  /// One of so many writes is late.
  private static final int LATE = 300;

  private static final long LATE_NANOS_MAX = 900_000_000;

  private final Baton baton;
  private final Map<String, Listening> listeners = new HashMap<>();
  private final List<End> ends = new ArrayList<>();
  private final Set<Set<String>> cuts = new HashSet<>();
  private final Baton.Waiters healing = new Baton.Waiters();

  BatonNetwork(Baton baton) {
    this.baton = baton;
  }

  Network of(Host host) {
    return new Access(host);
  }

  /// Nothing goes from one of two machines to the other any more, or it does again.
  public void cut(String one, String other, boolean off) {
    if (one.equals(other)) {
      return;
    } else if (off) {
      cuts.add(Set.of(one, other));
    } else if (cuts.remove(Set.of(one, other))) {
      baton.wakeAll(healing);
    }
  }

  /// Nobody is cut off any more.
  public void heal() {
    cuts.clear();
    baton.wakeAll(healing);
  }

  /// Whether two machines are cut off from each other.
  public boolean isCut(String one, String other) {
    return !one.equals(other) && cuts.contains(Set.of(one, other));
  }

  /// Breaks one of the connections that there are, if there are any.
  public void breakOne() {
    List<End> open = ends.stream().filter(end -> !end.closed).toList();
    if (!open.isEmpty()) {
      End end = open.get(baton.chance().nextInt(open.size()));
      end.broken();
      end.other().broken();
    }
  }

  /// A host is off.
  void left(Host host, boolean silently) {
    listeners.values().removeIf(listening -> listening.host == host);
    for (End end : List.copyOf(ends)) {
      if (end.host == host) {
        end.forget(silently);
      }
    }
  }

  private final class Access implements Network {
    private final Host host;

    Access(Host host) {
      this.host = host;
    }

    @Override
    public Listener listen(Endpoint at) throws IOException {
      baton.step();
      Listening listening = new Listening(host, at);
      if (listeners.putIfAbsent(at.toString(), listening) != null) {
        throw new BindException(at + " is taken");
      }
      return listening;
    }

    @Override
    public Connection connect(Endpoint to, Duration limit) throws IOException {
      baton.step();
      long end = baton.now() + limit.toNanos();
      baton.sleep(Math.min(limit.toNanos(), 1 + baton.chance().nextLong(DELAY_NANOS_MAX)));
      Listening listening = reachable(to, end);
      End here = new End(host, to);
      End there = new End(listening.host, new Endpoint.Unix(java.nio.file.Path.of(host.name())));
      here.other = Optional.of(there);
      there.other = Optional.of(here);
      ends.add(here);
      ends.add(there);
      listening.queue.add(there);
      baton.wakeAll(listening.coming);
      return here;
    }

    private Listening reachable(Endpoint to, long end) throws IOException {
      while (true) {
        Listening listening = listeners.get(to.toString());
        String machine = to instanceof Endpoint.Tcp tcp ? tcp.address().getHostAddress() : "";
        long rest = end - baton.now();
        if (!isCut(host.name(), machine)) {
          if (listening == null) {
            throw new ConnectException("nobody listens at " + to);
          }
          return listening;
        } else if (rest <= 0) {
          throw new SocketTimeoutException(to + " does not answer");
        }
        boolean _ = baton.await(healing, rest);
      }
    }
  }

  private final class Listening implements Network.Listener {
    private final Host host;
    private final Endpoint at;
    private final ArrayDeque<End> queue = new ArrayDeque<>();
    private final Baton.Waiters coming = new Baton.Waiters();
    private boolean closed;

    Listening(Host host, Endpoint at) {
      this.host = host;
      this.at = at;
    }

    @Override
    public Endpoint at() {
      return at;
    }

    @Override
    public Network.Connection accept() throws IOException {
      baton.step();
      while (!closed && queue.isEmpty()) {
        boolean _ = baton.await(coming, -1);
      }
      if (closed) {
        throw new ClosedChannelException();
      }
      return queue.remove();
    }

    @Override
    public void close() {
      closed = true;
      listeners.remove(at.toString(), this);
      baton.wakeAll(coming);
    }
  }

  /// Bytes on their way to one end.
  private record Piece(ByteBuffer bytes, long at) {}

  /// One end of a connection, and what comes to it.
  private final class End implements Network.Connection {
    private final Host host;
    private final Endpoint peer;
    private Optional<End> other = Optional.empty();
    private final ArrayDeque<Piece> coming = new ArrayDeque<>();
    private final Baton.Waiters reading = new Baton.Waiters();
    private final Baton.Waiters writing = new Baton.Waiters();
    private int buffered;
    private long lastAt;
    private boolean ended;
    private boolean broken;
    private boolean closed;

    /// Whether its machine is gone, of which nobody has heard.
    private boolean gone;

    End(Host host, Endpoint peer) {
      this.host = host;
      this.peer = peer;
    }

    private End other() {
      return other.orElseThrow();
    }

    @Override
    public Endpoint peer() {
      return peer;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      baton.step();
      while (true) {
        if (closed) {
          throw new ClosedChannelException();
        } else if (broken) {
          throw new IOException("the connection was reset");
        } else if (isCut(host.name(), other().host.name())) {
          boolean _ = baton.await(reading, 2_000_000);
        } else if (unread()) {
          return take(into);
        } else if (coming.isEmpty() && ended) {
          return -1;
        } else {
          long wait = coming.isEmpty() ? -1 : Math.max(1, coming.element().at - baton.now());
          boolean _ = baton.await(reading, wait);
        }
      }
    }

    private int take(ByteBuffer into) {
      Piece piece = coming.element();
      int most = Math.min(piece.bytes.remaining(), into.remaining());
      int count = baton.chance().nextInt(4) == 0 ? 1 + baton.chance().nextInt(most) : most;
      into.put(piece.bytes.slice(piece.bytes.position(), count));
      piece.bytes.position(piece.bytes.position() + count);
      buffered -= count;
      if (!piece.bytes.hasRemaining()) {
        coming.remove();
      }
      baton.wakeAll(other().writing);
      return count;
    }

    @Override
    public boolean unread() {
      return !closed && !coming.isEmpty() && coming.element().at <= baton.now();
    }

    @Override
    public void write(ByteBuffer... from) throws IOException {
      baton.step();
      for (ByteBuffer bytes : from) {
        while (bytes.hasRemaining()) {
          writeSome(bytes);
        }
      }
    }

    private void writeSome(ByteBuffer bytes) throws IOException {
      End to = other();
      if (to.gone && !closed) {
        bytes.position(bytes.limit());
        return;
      }
      while (!closed && !broken && !to.closed && to.buffered >= BUFFER) {
        boolean _ = baton.await(writing, -1);
      }
      if (closed) {
        throw new ClosedChannelException();
      } else if (broken || to.closed) {
        throw new IOException("the connection was reset");
      }
      byte[] piece = new byte[Math.min(bytes.remaining(), PIECE_MAX)];
      bytes.get(piece);
      boolean late = !baton.isCalm() && baton.chance().nextInt(LATE) == 0;
      long delay = baton.chance().nextLong(late ? LATE_NANOS_MAX : DELAY_NANOS_MAX);
      to.lastAt = Math.max(to.lastAt, baton.now() + delay);
      to.coming.add(new Piece(ByteBuffer.wrap(piece), to.lastAt));
      to.buffered += piece.length;
      baton.wakeAll(to.reading);
    }

    @Override
    public void shutdownOutput() {
      other().ended = true;
      baton.wakeAll(other().reading);
    }

    @Override
    public void close() {
      if (!closed && baton.current().host.isOn()) {
        forget(false);
      }
    }

    /// The other end reads what is on its way and then the end, or hears at once that the
    /// connection is no more, or nothing at all.
    private void forget(boolean silently) {
      closed = !silently;
      gone = silently;
      ends.remove(this);
      if (!silently) {
        if (baton.chance().nextInt(4) == 0) {
          other().broken();
        } else {
          other().ended = true;
        }
      }
      wakeBoth();
    }

    private void broken() {
      broken = true;
      wakeBoth();
    }

    private void wakeBoth() {
      baton.wakeAll(reading);
      baton.wakeAll(writing);
      baton.wakeAll(other().reading);
      baton.wakeAll(other().writing);
    }
  }
}

package dev.kelpie.platform.jvm;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import java.io.IOException;
import java.io.InputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;

/// Blocking socket channels.
final class JvmNetwork implements Network {
  /// The kernel's own choice, a fifth of this, makes whoever sends a large reply wait several times
  /// until the client has taken a part. TCP's grows by itself.
  private static final int UNIX_SEND_BUFFER = 1 << 20;

  /// Connections that the kernel keeps for a listener that is busy accepting others.
  private static final int BACKLOG = 1024;

  @Override
  public Listener listen(Endpoint at) throws IOException {
    return switch (at) {
      case Endpoint.Tcp tcp -> listenTcp(tcp);
      case Endpoint.Unix unix -> listenUnix(unix);
    };
  }

  private static Listener listenTcp(Endpoint.Tcp at) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(new InetSocketAddress(at.address(), at.port()), BACKLOG);
      int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
      return new ChannelListener(channel, new Endpoint.Tcp(at.address(), port));
    } catch (IOException failure) {
      channel.close();
      throw naming(at, failure);
    }
  }

  private static Listener listenUnix(Endpoint.Unix at) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      removeIfStale(at.path());
      channel.bind(UnixDomainSocketAddress.of(at.path()), BACKLOG);
      return new ChannelListener(channel, at);
    } catch (IOException failure) {
      channel.close();
      throw naming(at, failure);
    }
  }

  /// Removes a socket file that nobody listens on. One that somebody listens on, and a file of any
  /// other kind, stay; binding then says that the address is in use.
  private static void removeIfStale(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS) || !isSocket(path)) {
      return;
    }
    try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      throw new BindException("Address already in use");
    } catch (BindException taken) {
      throw taken;
    } catch (IOException _) {
      Files.deleteIfExists(path);
    }
  }

  private static boolean isSocket(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther();
  }

  private static IOException naming(Endpoint at, IOException failure) {
    String message = at + ": " + failure.getMessage();
    IOException named =
        failure instanceof BindException ? new BindException(message) : new IOException(message);
    named.initCause(failure);
    return named;
  }

  @Override
  public Connection connect(Endpoint to, Duration limit) throws IOException {
    SocketAddress address =
        switch (to) {
          case Endpoint.Tcp tcp -> new InetSocketAddress(tcp.address(), tcp.port());
          case Endpoint.Unix unix -> UnixDomainSocketAddress.of(unix.path());
        };
    SocketChannel channel =
        to instanceof Endpoint.Unix
            ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : SocketChannel.open();
    try {
      connect(channel, address, limit, to);
      return connection(channel, to);
    } catch (IOException failure) {
      channel.close();
      throw failure;
    }
  }

  private static void connect(
      SocketChannel channel, SocketAddress address, Duration limit, Endpoint to)
      throws IOException {
    channel.configureBlocking(false);
    if (!channel.connect(address)) {
      try (Selector selector = Selector.open()) {
        channel.register(selector, SelectionKey.OP_CONNECT);
        selector.select(Math.max(1, limit.toMillis()));
      }
      if (!channel.finishConnect()) {
        throw new SocketTimeoutException(to + " did not answer within " + limit);
      }
    }
    channel.configureBlocking(true);
  }

  private static Connection connection(SocketChannel channel, Endpoint peer) throws IOException {
    if (peer instanceof Endpoint.Tcp) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    } else {
      channel.setOption(StandardSocketOptions.SO_SNDBUF, UNIX_SEND_BUFFER);
    }
    return new ChannelConnection(channel, peer);
  }

  private record ChannelListener(ServerSocketChannel channel, Endpoint at) implements Listener {
    @Override
    public Connection accept() throws IOException {
      SocketChannel accepted = channel.accept();
      try {
        return connection(accepted, peer(accepted));
      } catch (IOException failure) {
        accepted.close();
        throw failure;
      }
    }

    private Endpoint peer(SocketChannel accepted) throws IOException {
      return accepted.getRemoteAddress() instanceof InetSocketAddress remote
          ? new Endpoint.Tcp(remote.getAddress(), remote.getPort())
          : at;
    }

    @Override
    public void close() throws IOException {
      boolean wasOpen = channel.isOpen();
      channel.close();
      if (wasOpen && at instanceof Endpoint.Unix unix) {
        Files.deleteIfExists(unix.path());
      }
    }
  }

  private static final class ChannelConnection implements Connection {
    private final SocketChannel channel;
    private final Endpoint peer;
    private final ReentrantLock writing = new ReentrantLock();
    private final InputStream arrived;

    ChannelConnection(SocketChannel channel, Endpoint peer) {
      this.channel = channel;
      this.peer = peer;
      this.arrived = Channels.newInputStream(channel);
    }

    @Override
    public Endpoint peer() {
      return peer;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return channel.read(into);
    }

    @Override
    public boolean unread() {
      try {
        return arrived.available() > 0;
      } catch (IOException _) {
        return false; // closed
      }
    }

    @Override
    public void write(ByteBuffer... from) throws IOException {
      writing.lock();
      try {
        int first = 0;
        while (first < from.length) {
          if (!from[first].hasRemaining()) {
            first++;
          } else if (first == from.length - 1) {
            channel.write(from[first]);
          } else {
            channel.write(from, first, from.length - first);
          }
        }
      } finally {
        writing.unlock();
      }
    }

    @Override
    public void shutdownOutput() throws IOException {
      channel.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}

package dev.kelpie.platform;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/// Stream connections over TCP (without delay, with keepalive) and Unix sockets.
public interface Network {
  /// Starts to listen. A Unix socket file that nobody listens on is replaced.
  ///
  /// @throws java.net.BindException where the address is taken or not this machine's
  Listener listen(Endpoint at) throws IOException;

  /// Connects.
  ///
  /// @throws java.net.ConnectException where nobody listens
  /// @throws java.net.SocketTimeoutException where nobody answers within the limit
  Connection connect(Endpoint to, Duration limit) throws IOException;

  /// Accepts connections until it is closed.
  interface Listener extends Closeable {
    /// Where it listens, with the port that was chosen.
    Endpoint at();

    /// Waits for the next connection.
    ///
    /// @throws java.nio.channels.ClosedChannelException once it is closed
    Connection accept() throws IOException;
  }

  /// A connected stream. One task may read while another writes; writers take turns by themselves.
  /// Closing it ends waiting reads and writes with an [IOException].
  interface Connection extends Closeable {
    /// The other end.
    Endpoint peer();

    /// Waits for bytes and reads what is there, at most what the buffer holds.
    ///
    /// @return how many, at least 1; -1 at the end of the stream
    int read(ByteBuffer into) throws IOException;

    /// Whether bytes have arrived that no read has taken. Any task may ask, also while another one
    /// reads; what a read has taken and not yet given back is not seen. Once the connection is
    /// closed it is false.
    boolean unread();

    /// Writes all that remains in the buffers, in order.
    void write(ByteBuffer... from) throws IOException;

    /// Ends the sending side; the other end reads to the end of the stream.
    void shutdownOutput() throws IOException;
  }
}

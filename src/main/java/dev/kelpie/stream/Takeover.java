package dev.kelpie.stream;

import dev.kelpie.platform.Endpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/// Takes over connections that began in one protocol and are to go on in another.
public interface Takeover {
  /// Asks whether a connection may go on so; may wait.
  ///
  /// @param request what the client sent with its wish
  /// @param client the client's end
  Verdict verdict(ByteBuffer request, Endpoint client);

  /// Whether somebody who came this way has been waiting for memory for longer than `limit`.
  boolean memoryIsShortFor(Duration limit);

  /// Whether a connection goes on in the other protocol.
  sealed interface Verdict {
    /// It does not.
    ///
    /// @param result why, as a number of the protocol in which it began
    record Refused(int result) implements Verdict {}

    /// It does, as soon as it was told so.
    ///
    /// @param reply what is sent with the answer
    record Granted(ByteBuffer reply, Guest guest) implements Verdict {}
  }

  /// A connection that was granted. Its [#run] is called once, whatever happens.
  interface Guest {
    /// Serves the client to the end of the stream, or until the line is closed. When it returns,
    /// nothing that was asked is under way any more.
    ///
    /// @param inFlight counts what is under way, and when the client is waited for
    void run(Line line, Inbox inbox, Sender sender, InFlight inFlight) throws IOException;
  }
}

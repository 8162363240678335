package dev.kelpie.stream;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import dev.kelpie.tls.TlsFailure;
import java.io.IOException;
import java.time.Duration;

/// The first bytes of a client, for protocols that have no word for TLS and need none: a TLS
/// handshake begins with a record of type 22 and version 3.x (RFC 8446, 5.1), a request of the
/// Sheepdog protocol with the protocol's version, which is far from 22, and one of HTTP with a
/// letter. So both may come to one port.
public final class OpeningBytes {
  private static final byte HANDSHAKE_RECORD = 22;
  private static final byte VERSION_MAJOR = 3;
  private static final int ENOUGH = 2;

  private static final long NOT_NOW = Long.MIN_VALUE;

  /// Reads some more from the client.
  @FunctionalInterface
  public interface Fill {
    /// Waits for it.
    ///
    /// @return false at the end of the stream
    boolean fill() throws IOException;
  }

  private final String protocol;
  private final Access access;
  private final Line line;
  private final Clock clock;
  private final Duration limit;
  private final Log refusals;
  private volatile long shakingSince = NOT_NOW;

  /// @param protocol its name, for the log
  /// @param limit how long a TLS handshake may take
  /// @param refusals for what strangers can cause as often as they like
  public OpeningBytes(
      String protocol, Access access, Line line, Clock clock, Duration limit, Log refusals) {
    this.protocol = protocol;
    this.access = access;
    this.line = line;
    this.clock = clock;
    this.limit = limit;
    this.refusals = refusals;
  }

  /// Looks at what the client begins with, and comes to terms with one that begins with TLS.
  ///
  /// @param fill reads some more
  /// @return whether the client may go on
  public boolean pass(Inbox inbox, InFlight inFlight, Fill fill) throws IOException {
    if (access.tls().isEmpty() || !await(inbox, inFlight, fill)) {
      return true;
    }
    int first = inbox.bytes().position();
    if (inbox.bytes().get(first) == HANDSHAKE_RECORD
        && inbox.bytes().get(first + 1) == VERSION_MAJOR) {
      return encrypt(inbox, inFlight);
    }
    boolean plainMayPass = !access.requiresTls(line.peer());
    if (!plainMayPass) {
      refuse("came without TLS, which is required here");
    }
    return plainMayPass;
  }

  /// @return false where the client leaves before it has said enough
  private static boolean await(Inbox inbox, InFlight inFlight, Fill fill) throws IOException {
    inFlight.waiting(true);
    try {
      boolean more = true;
      while (more && !inbox.has(ENOUGH)) {
        more = fill.fill();
      }
      return more;
    } finally {
      inFlight.waiting(false);
    }
  }

  private boolean encrypt(Inbox inbox, InFlight inFlight) throws IOException {
    shakingSince = clock.nanos();
    inFlight.waiting(true);
    try {
      String _ = inbox.startTls(access.tls().orElseThrow().context());
      return true;
    } catch (TlsFailure failure) {
      refuse(failure.text());
      return false;
    } finally {
      inFlight.waiting(false);
      shakingSince = NOT_NOW;
    }
  }

  private void refuse(String why) {
    refusals.warn(protocol + ": " + line.peer() + " " + why + ": disconnected");
  }

  /// Cuts off a client whose handshake takes too long.
  public void look() {
    long since = shakingSince;
    if (since != NOT_NOW && clock.nanos() - since > limit.toNanos() && !line.closed()) {
      refuse("did not finish its TLS handshake in time");
      line.close();
    }
  }
}

package dev.kelpie.frontend.sheepdog;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import dev.kelpie.stream.Line;
import dev.kelpie.tls.TlsFailure;
import java.io.IOException;
import java.time.Duration;

/// The first bytes of a client. The Sheepdog protocol has no word for TLS, and needs none: a TLS
/// handshake begins with a record of type 22 and version 3.x (RFC 8446, 5.1), a request with the
/// version of the Sheepdog protocol, which is far from 22. So both may come to one port.
final class OpeningBytes {
  private static final byte HANDSHAKE_RECORD = 22;
  private static final byte VERSION_MAJOR = 3;
  private static final int ENOUGH = 2;

  private static final long NOT_NOW = Long.MIN_VALUE;

  private final Access access;
  private final Line line;
  private final Clock clock;
  private final Duration limit;
  private final Log refusals;
  private volatile long shakingSince = NOT_NOW;

  /// @param limit how long a TLS handshake may take
  /// @param refusals for what strangers can cause as often as they like
  OpeningBytes(Access access, Line line, Clock clock, Duration limit, Log refusals) {
    this.access = access;
    this.line = line;
    this.clock = clock;
    this.limit = limit;
    this.refusals = refusals;
  }

  /// Looks at what the client begins with, and comes to terms with one that begins with TLS.
  ///
  /// @return whether the client may go on
  boolean pass(Inbox inbox, InFlight inFlight, Latecomers.Place place) throws IOException {
    if (access.tls().isEmpty() || !await(inbox, inFlight, place)) {
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
  private static boolean await(Inbox inbox, InFlight inFlight, Latecomers.Place place)
      throws IOException {
    inFlight.waiting(true);
    try {
      boolean more = true;
      while (more && !inbox.has(ENOUGH)) {
        place.waiting();
        more = inbox.fillOne();
        place.busy();
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
    refusals.warn("sheepdog: " + line.peer() + " " + why + ": disconnected");
  }

  /// Cuts off a client whose handshake takes too long.
  void look() {
    long since = shakingSince;
    if (since != NOT_NOW && clock.nanos() - since > limit.toNanos() && !line.closed()) {
      refuse("did not finish its TLS handshake in time");
      line.close();
    }
  }
}

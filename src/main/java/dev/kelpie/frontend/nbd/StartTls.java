package dev.kelpie.frontend.nbd;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import java.io.IOException;

/// The option STARTTLS for one client, and what the client may not do before it.
final class StartTls {
  private final Access access;
  private final Endpoint client;
  private String agreed = "";

  StartTls(Access access, Endpoint client) {
    this.access = access;
    this.client = client;
  }

  /// Whether everything but STARTTLS and ABORT has to wait until the line is encrypted.
  boolean due() {
    return agreed.isEmpty() && access.requiresTls(client);
  }

  /// Refuses an option for which TLS is due.
  void demandFor(int option) throws Refused {
    if (due() && option != Option.STARTTLS.number()) {
      throw new Refused(
          Option.Reply.ERR_TLS_REQD,
          "this server wants TLS: connect with nbds:// and a client certificate");
    }
  }

  /// Refuses STARTTLS itself where it makes no sense.
  void check() throws Refused {
    if (access.tls().isEmpty()) {
      throw new Refused(Option.Reply.ERR_UNSUP, "this server does not offer TLS");
    }
    if (!agreed.isEmpty()) {
      throw new Refused(Option.Reply.ERR_INVALID, "the connection is encrypted already");
    }
  }

  /// Goes on in TLS; the client was told. The end of the server ends the wait for the client.
  void begin(Inbox inbox, InFlight inFlight) throws IOException {
    inFlight.waiting(true);
    try {
      agreed = inbox.startTls(access.tls().orElseThrow().context());
    } finally {
      inFlight.waiting(false);
    }
  }

  /// What was agreed, for the log; empty without TLS.
  String agreed() {
    return agreed;
  }
}

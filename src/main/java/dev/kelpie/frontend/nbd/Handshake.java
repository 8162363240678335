package dev.kelpie.frontend.nbd;

import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Settles with a client which disk the connection is about, and how they talk. STARTTLS makes it
/// begin anew: what was settled in plain bytes, somebody on the way may have said.
final class Handshake {
  /// Options of one client: more than any needs, few enough that haggling comes to an end.
  private static final int OPTIONS_MAX = 1000;

  /// The longest data of an option that is looked at: a name, and queries by the dozen.
  private static final int DATA_MAX = 64 << 10;

  private final ExportOpener opener;
  private final Inbox inbox;
  private final Outbox outbox;
  private final InFlight inFlight;
  private final OptionReplies replies;
  private final StartTls tls;
  private MetaContexts contexts;
  private boolean fixedNewstyle;
  private boolean noZeroes;
  private Framing framing = Framing.SIMPLE;

  Handshake(ExportOpener opener, Inbox inbox, Outbox outbox, InFlight inFlight, StartTls tls) {
    this.opener = opener;
    this.inbox = inbox;
    this.outbox = outbox;
    this.inFlight = inFlight;
    this.tls = tls;
    this.replies = new OptionReplies(outbox);
    this.contexts = new MetaContexts(opener, replies);
  }

  /// Talks until a disk is chosen.
  ///
  /// @return what was agreed; empty where the client said goodbye
  /// @throws EOFException where the client left without a word
  /// @throws Violation where the client is to be cut off
  Optional<Agreed> run() throws IOException {
    replies.greeting();
    takeClientFlags();
    for (int options = 0; options < OPTIONS_MAX; options++) {
      await(Protocol.OPTION_SIZE);
      ByteBuffer header = inbox.bytes();
      if (header.getLong() != Protocol.OPTION_MAGIC) {
        throw new Violation("sent something else where an option was due");
      }
      int number = header.getInt();
      long length = header.getInt() & 0xffff_ffffL;
      if (number == Option.ABORT.number()) {
        replies.ack(number);
        outbox.flush();
        return Optional.empty();
      }
      Optional<Agreed> agreed =
          number == Option.EXPORT_NAME.number()
              ? Optional.of(exportName(length))
              : haggle(number, length);
      if (agreed.isPresent()) {
        return agreed;
      }
    }
    outbox.flush();
    throw new Violation("sent more than " + OPTIONS_MAX + " options");
  }

  private void takeClientFlags() throws IOException {
    await(Integer.BYTES);
    int flags = inbox.bytes().getInt();
    if ((flags & ~(Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES)) != 0) {
      throw new Violation("sent unknown client flags 0x" + Integer.toHexString(flags));
    }
    fixedNewstyle = (flags & Protocol.FIXED_NEWSTYLE) != 0;
    noZeroes = (flags & Protocol.NO_ZEROES) != 0;
  }

  /// The option of old times, which knows no refusal but a cut.
  private Agreed exportName(long length) throws IOException {
    if (length > Protocol.STRING_MAX) {
      throw new Violation("asked for an export with a name of " + length + " bytes");
    }
    ByteBuffer name = data(length);
    if (tls.due()) {
      throw new Violation("asked for an export without TLS, which is required here");
    }
    if (framing == Framing.EXTENDED) {
      throw new Violation("asked for an export in the old way after extended headers");
    }
    if (inFlight.draining()) {
      throw new Violation("came while the server is shutting down");
    }
    try {
      Agreed agreed = open(StandardCharsets.ISO_8859_1.decode(name).toString());
      return telling(
          agreed, () -> replies.export(agreed.device().size(), flags(agreed), !noZeroes));
    } catch (Refused refusal) {
      throw new Violation("cannot be told otherwise that " + refusal.text());
    }
  }

  private Optional<Agreed> haggle(int number, long length) throws IOException {
    if (!fixedNewstyle) {
      throw new Violation("sent option " + number + " without fixed newstyle");
    }
    try {
      Option option = known(number, length);
      ByteBuffer data = data(length);
      tls.demandFor(number);
      if (inFlight.draining()) {
        throw new Refused(Option.Reply.ERR_SHUTDOWN, "the server is shutting down");
      }
      return answer(option, data);
    } catch (Refused refusal) {
      replies.refused(number, refusal);
      return Optional.empty();
    }
  }

  private Option known(int number, long length) throws IOException, Refused {
    if (length > Protocol.PAYLOAD_MAX) {
      throw new Violation("sent option " + number + " with " + length + " bytes");
    }
    Optional<Option> option = Option.of(number);
    if (option.isEmpty() || length > DATA_MAX) {
      outbox.flush();
      if (!inbox.skip(length)) {
        throw new EOFException();
      }
      tls.demandFor(number);
    }
    if (option.isEmpty()) {
      throw new Refused(Option.Reply.ERR_UNSUP, "option " + number + " is not known here");
    }
    if (length > DATA_MAX) {
      throw new Refused(
          Option.Reply.ERR_TOO_BIG, "an option has at most " + DATA_MAX + " bytes of data");
    }
    return option.get();
  }

  private Optional<Agreed> answer(Option option, ByteBuffer data) throws IOException, Refused {
    int number = option.number();
    switch (option) {
      case LIST -> {
        OptionData.none(data);
        for (String name : opener.list()) {
          replies.server(name);
        }
      }
      case STARTTLS -> {
        OptionData.none(data);
        startTls(number);
        return Optional.empty();
      }
      case STRUCTURED_REPLY -> {
        OptionData.none(data);
        structuredReply();
      }
      case EXTENDED_HEADERS -> {
        OptionData.none(data);
        extendedHeaders();
      }
      case LIST_META_CONTEXT -> contexts.list(data, framing);
      case SET_META_CONTEXT -> contexts.choose(data, framing);
      case INFO -> {
        opener.close(describe(number, OptionData.info(data)));
        return Optional.empty();
      }
      case GO -> {
        return Optional.of(describe(number, OptionData.info(data)));
      }
      case EXPORT_NAME, ABORT -> throw new IllegalArgumentException(option.toString());
    }
    replies.ack(number);
    return Optional.empty();
  }

  private void structuredReply() throws Refused {
    if (framing == Framing.EXTENDED) {
      throw new Refused(
          Option.Reply.ERR_EXT_HEADER_REQD, "extended headers are agreed on, and go further");
    }
    framing = Framing.STRUCTURED;
  }

  private void extendedHeaders() throws Refused {
    if (framing == Framing.EXTENDED) {
      throw new Refused(Option.Reply.ERR_INVALID, "extended headers are agreed on already");
    }
    framing = Framing.EXTENDED;
  }

  private void startTls(int number) throws IOException, Refused {
    tls.check();
    replies.ack(number);
    outbox.flush();
    tls.begin(inbox, inFlight);
    framing = Framing.SIMPLE;
    contexts = new MetaContexts(opener, replies);
  }

  private Agreed describe(int number, OptionData.Info asked) throws IOException, Refused {
    Agreed agreed = open(asked.name());
    return telling(agreed, () -> describe(number, asked, agreed));
  }

  /// Tells the client about a disk, and closes the disk again where the client cannot be told.
  private Agreed telling(Agreed agreed, Words words) throws IOException {
    try {
      words.say();
      return agreed;
    } catch (IOException gone) {
      opener.close(agreed);
      throw gone;
    }
  }

  private interface Words {
    void say() throws IOException;
  }

  private void describe(int number, OptionData.Info asked, Agreed agreed) throws IOException {
    replies.infoExport(number, agreed.device().size(), flags(agreed));
    if (asked.items().contains(Protocol.INFO_NAME)) {
      replies.infoName(number, agreed.disk());
    }
    if (asked.items().contains(Protocol.INFO_DESCRIPTION)) {
      replies.infoDescription(number, agreed.device().description());
    }
    if (asked.items().contains(Protocol.INFO_BLOCK_SIZE)) {
      replies.infoBlockSize(number);
    }
    replies.ack(number);
  }

  private Agreed open(String name) throws Refused {
    return opener.open(name, framing, contexts.chosenFor(name));
  }

  private static int flags(Agreed agreed) {
    int flags =
        Protocol.HAS_FLAGS
            | Protocol.SEND_FLUSH
            | Protocol.SEND_FUA
            | Protocol.CAN_MULTI_CONN
            | Protocol.SEND_CACHE;
    if (agreed.framing().chunks()) {
      flags |= Protocol.SEND_DF;
    }
    if (agreed.framing() == Framing.EXTENDED && !agreed.contexts().isEmpty()) {
      flags |= Protocol.BLOCK_STATUS_PAYLOAD;
    }
    return agreed.device().readOnly()
        ? flags | Protocol.READ_ONLY
        : flags | Protocol.SEND_TRIM | Protocol.SEND_WRITE_ZEROES | Protocol.SEND_FAST_ZERO;
  }

  private ByteBuffer data(long length) throws IOException {
    Payload payload = Payload.onHeap((int) length);
    if (!inbox.has(payload.length())) {
      outbox.flush();
    }
    if (!payload.fill(inbox)) {
      throw new EOFException();
    }
    return payload.parts().getFirst();
  }

  /// Waits until so many bytes are at hand.
  private void await(int bytes) throws IOException {
    while (!inbox.has(bytes)) {
      outbox.rest();
      inFlight.waiting(true);
      boolean more = inbox.fill();
      inFlight.waiting(false);
      if (!more) {
        throw new EOFException();
      }
    }
  }
}

package dev.kelpie.frontend.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Puts what the server says during the handshake into an [Outbox].
final class OptionReplies {
  private final Outbox outbox;

  OptionReplies(Outbox outbox) {
    this.outbox = outbox;
  }

  /// The first words of a connection.
  void greeting() throws IOException {
    room(18)
        .putLong(Protocol.NBD_MAGIC)
        .putLong(Protocol.OPTION_MAGIC)
        .putShort((short) (Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES));
  }

  /// The answer to EXPORT_NAME, which has no header.
  ///
  /// @param zeroes whether the client wants the padding of old times
  void export(long size, int flags, boolean zeroes) throws IOException {
    ByteBuffer out = room(10 + 124).putLong(size).putShort((short) flags);
    if (zeroes) {
      out.put(new byte[124]);
    }
  }

  void ack(int option) throws IOException {
    header(option, Option.Reply.ACK, 0);
  }

  void refused(int option, Refused refusal) throws IOException {
    byte[] text = Replies.bounded(refusal.text());
    header(option, refusal.reply(), text.length).put(text);
  }

  /// One export of the list.
  void server(String name) throws IOException {
    byte[] bytes = bytes(name);
    header(Option.LIST.number(), Option.Reply.SERVER, 4 + bytes.length)
        .putInt(bytes.length)
        .put(bytes);
  }

  void infoExport(int option, long size, int flags) throws IOException {
    info(option, Protocol.INFO_EXPORT, 10).putLong(size).putShort((short) flags);
  }

  void infoName(int option, String name) throws IOException {
    byte[] bytes = bytes(name);
    info(option, Protocol.INFO_NAME, bytes.length).put(bytes);
  }

  void infoDescription(int option, String description) throws IOException {
    byte[] bytes = Replies.bounded(description);
    info(option, Protocol.INFO_DESCRIPTION, bytes.length).put(bytes);
  }

  void infoBlockSize(int option) throws IOException {
    info(option, Protocol.INFO_BLOCK_SIZE, 12)
        .putInt(Protocol.BLOCK_SIZE_MIN)
        .putInt(Protocol.BLOCK_SIZE_PREFERRED)
        .putInt(Protocol.PAYLOAD_MAX);
  }

  void metaContext(int option, int id, String context) throws IOException {
    byte[] name = bytes(context);
    header(option, Option.Reply.META_CONTEXT, 4 + name.length).putInt(id).put(name);
  }

  private ByteBuffer info(int option, int type, int length) throws IOException {
    return header(option, Option.Reply.INFO, 2 + length).putShort((short) type);
  }

  private ByteBuffer header(int option, Option.Reply type, int length) throws IOException {
    return room(Protocol.OPTION_REPLY_SIZE + length)
        .putLong(Protocol.OPTION_REPLY_MAGIC)
        .putInt(option)
        .putInt(type.type())
        .putInt(length);
  }

  /// No reply is longer than the smallest batch: names and texts are bounded.
  private ByteBuffer room(int bytes) throws IOException {
    outbox.reserve(bytes);
    return outbox.batch();
  }

  private static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.ISO_8859_1);
  }
}

package dev.kelpie.testing;

import static dev.kelpie.testing.NbdNumbers.*;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.tls.TlsConnection;
import dev.kelpie.tls.TlsContext;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;

/// A strict NBD client: it looks at every byte that a server sends, and an [AssertionError] names
/// the rule of the protocol that was broken. It has its own copy of the protocol's numbers, and
/// sends whatever a test tells it to, right or wrong. For one thread.
public final class NbdClient implements Closeable {
  private static final long NBDMAGIC = 0x4e42444d41474943L;
  private static final long IHAVEOPT = 0x49484156454f5054L;
  private static final long OPTION_REPLY = 0x0003e889045565a9L;
  private static final int REQUEST = 0x25609513;
  private static final int SIMPLE = 0x67446698;
  private static final int STRUCTURED = 0x668e33ef;
  private static final int EXTENDED_REQUEST = 0x21e41c71;
  private static final int EXTENDED_REPLY = 0x6e8a278c;

  private Network.Connection connection;
  private final ByteBuffer in = ByteBuffer.allocate(1 << 20).flip();
  private final Map<Long, NbdPending> pending = new HashMap<>();
  private final Queue<Reply> finished = new ArrayDeque<>();
  private long nextCookie = 0x1122_3344_5566_7700L;
  private boolean structured;
  private boolean zeroes;
  private boolean extended;
  private final Map<Integer, String> contexts = new HashMap<>();

  private NbdClient(Network.Connection connection) {
    this.connection = connection;
  }

  /// A reply to an option.
  public record OptionReply(int type, byte[] data) {
    /// The data of an error.
    public String text() {
      return utf8(data);
    }
  }

  /// What the server said about the export; what it did not say is empty or 0.
  public record Export(
      long size,
      int flags,
      String name,
      String description,
      int blockMin,
      int blockPreferred,
      int blockMax) {}

  /// A finished reply.
  ///
  /// @param error 0 for success
  /// @param text of a structured error
  /// @param data of a read, holes filled with zeros
  /// @param holes how many chunks of the reply were holes
  /// @param chunks how many there were in all; 0 for a simple reply
  /// @param statuses the extents of a block status, by context
  public record Reply(
      long cookie,
      int error,
      String text,
      byte[] data,
      int holes,
      int chunks,
      Map<String, List<Extent>> statuses) {
    /// The block status of base:allocation, or of the only context that was told.
    public List<Extent> extents() {
      List<Extent> only =
          statuses.size() == 1 ? statuses.values().iterator().next() : List.<Extent>of();
      return statuses.getOrDefault("base:allocation", only);
    }
  }

  /// A part of a block status.
  public record Extent(long length, int flags) {}

  /// Connects, and says nothing yet.
  public static NbdClient connect(Network network, Endpoint to) throws IOException {
    return new NbdClient(network.connect(to, Duration.ofSeconds(10)));
  }

  // The handshake.

  /// Takes the greeting and answers it as a modern client.
  public NbdClient greet() throws IOException {
    return greet(FIXED_NEWSTYLE | NO_ZEROES);
  }

  /// Takes the greeting and answers with these flags.
  public NbdClient greet(int flags) throws IOException {
    check(takeLong() == NBDMAGIC, "the greeting starts with NBDMAGIC");
    check(takeLong() == IHAVEOPT, "the greeting goes on with IHAVEOPT");
    check(takeShort() == (FIXED_NEWSTYLE | NO_ZEROES), "the handshake flags are known");
    zeroes = (flags & NO_ZEROES) == 0;
    sendRaw(ByteBuffer.allocate(4).putInt(flags).array());
    return this;
  }

  /// Sends an option.
  public void sendOption(int option, byte... data) throws IOException {
    sendRaw(optionBytes(option, data));
  }

  /// An option as bytes.
  public static byte[] optionBytes(int option, byte... data) {
    return ByteBuffer.allocate(16 + data.length)
        .putLong(IHAVEOPT)
        .putInt(option)
        .putInt(data.length)
        .put(data)
        .array();
  }

  /// Sends an option and takes the replies to it; the last one is the final one.
  public List<OptionReply> option(int option, byte... data) throws IOException {
    sendOption(option, data);
    return optionReplies(option);
  }

  /// Takes the replies to an option that was sent.
  public List<OptionReply> optionReplies(int option) throws IOException {
    List<OptionReply> replies = new ArrayList<>();
    do {
      check(takeLong() == OPTION_REPLY, "a reply to an option starts with its magic");
      int of = takeInt();
      check(of == option, "the reply is to option " + option + ", not " + of);
      int type = takeInt();
      int length = takeInt();
      check(length >= 0 && length <= 1 << 16, "a reply of " + length + " bytes");
      replies.add(new OptionReply(type, take(length)));
    } while (replies.getLast().type() > REP_ACK);
    if (replies.getLast().type() < 0) {
      check(replies.getLast().text().length() <= 4096, "a text has at most 4096 bytes");
    } else {
      check(replies.getLast().data().length == 0, "an ACK has no data");
    }
    return replies;
  }

  /// Asks for structured replies and gets them.
  public NbdClient structured() throws IOException {
    List<OptionReply> replies = option(OPT_STRUCTURED_REPLY);
    check(replies.size() == 1 && replies.getLast().type() == REP_ACK, "STRUCTURED_REPLY: ACK");
    structured = true;
    return this;
  }

  /// Asks for extended headers and gets them.
  public NbdClient extendedHeaders() throws IOException {
    List<OptionReply> replies = option(OPT_EXTENDED_HEADERS);
    check(replies.size() == 1 && replies.getLast().type() == REP_ACK, "EXTENDED_HEADERS: ACK");
    extended = true;
    return this;
  }

  /// Selects contexts.
  ///
  /// @return the names of those that were granted
  public List<String> select(String export, String... queries) throws IOException {
    List<OptionReply> replies = option(OPT_SET_META_CONTEXT, contexts(export, queries));
    contexts.clear();
    check(replies.getLast().type() == REP_ACK, "SET_META_CONTEXT: " + replies.getLast().text());
    contextNames(replies, true);
    return List.copyOf(new TreeMap<>(contexts).values());
  }

  /// The names of the contexts that a LIST tells of.
  public List<String> listContexts(String export, String... queries) throws IOException {
    List<OptionReply> replies = option(OPT_LIST_META_CONTEXT, contexts(export, queries));
    check(replies.getLast().type() == REP_ACK, "LIST_META_CONTEXT: " + replies.getLast().text());
    return contextNames(replies, false);
  }

  private List<String> contextNames(List<OptionReply> replies, boolean selected) {
    List<String> names = new ArrayList<>();
    for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
      check(reply.type() == REP_META_CONTEXT, "before the ACK there are only contexts");
      ByteBuffer data = ByteBuffer.wrap(reply.data());
      int id = data.getInt();
      String name = rest(data);
      check(!names.contains(name), "no context is named twice");
      names.add(name);
      check(!selected || contexts.put(id, name) == null, "no id is given twice");
    }
    return names;
  }

  /// Selects base:allocation and gets it.
  public NbdClient allocation(String export) throws IOException {
    List<String> granted = select(export, "base:allocation");
    check(granted.equals(List.of("base:allocation")), "base:allocation is granted");
    return this;
  }

  /// Uses an export, asking for all there is to know about it.
  public Export go(String name) throws IOException {
    List<OptionReply> replies = option(OPT_GO, info(name, 1, 2, 3));
    check(replies.getLast().type() == REP_ACK, "GO is granted: " + replies.getLast().text());
    return export(replies);
  }

  /// Asks for an export and is refused; the session goes on.
  public OptionReply refusedGo(String name) throws IOException {
    List<OptionReply> replies = option(OPT_GO, info(name));
    check(replies.size() == 1 && replies.getLast().type() < 0, "GO is refused and nothing told");
    return replies.getLast();
  }

  /// What the replies to INFO or GO say.
  public static Export export(List<OptionReply> replies) {
    long size = -1;
    int flags = 0;
    String name = "";
    String description = "";
    int[] blocks = new int[3];
    for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
      check(reply.type() == REP_INFO, "before the final reply there are only INFOs");
      ByteBuffer data = ByteBuffer.wrap(reply.data());
      int type = data.getShort();
      switch (type) {
        case 0 -> {
          check(reply.data().length == 12, "INFO_EXPORT has 12 bytes");
          size = data.getLong();
          flags = data.getShort() & 0xffff;
        }
        case 1 -> name = rest(data);
        case 2 -> description = rest(data);
        case 3 -> {
          check(reply.data().length == 14, "INFO_BLOCK_SIZE has 14 bytes");
          data.asIntBuffer().get(blocks);
        }
        default -> check(false, "information " + type + " is not known");
      }
    }
    check(size >= 0, "there is an INFO_EXPORT");
    check((flags & 1) != 0, "NBD_FLAG_HAS_FLAGS is set");
    return new Export(size, flags, name, description, blocks[0], blocks[1], blocks[2]);
  }

  /// Uses an export in the way of old times.
  public Export exportName(String name) throws IOException {
    sendOption(OPT_EXPORT_NAME, name.getBytes(StandardCharsets.ISO_8859_1));
    long size = takeLong();
    int flags = takeShort();
    if (zeroes) {
      for (byte b : take(124)) {
        check(b == 0, "the padding is zeros");
      }
    }
    return new Export(size, flags, "", "", 0, 0, 0);
  }

  /// The data of INFO and GO.
  public static byte[] info(String name, int... items) {
    byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer data = ByteBuffer.allocate(6 + bytes.length + 2 * items.length);
    data.putInt(bytes.length).put(bytes).putShort((short) items.length);
    for (int item : items) {
      data.putShort((short) item);
    }
    return data.array();
  }

  /// The data of the options about metadata contexts.
  public static byte[] contexts(String name, String... queries) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(name.length());
      out.write(name.getBytes(StandardCharsets.ISO_8859_1));
      out.writeInt(queries.length);
      for (String query : queries) {
        out.writeInt(query.length());
        out.write(query.getBytes(StandardCharsets.ISO_8859_1));
      }
      return bytes.toByteArray();
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /// Asks for TLS and gets it; what was negotiated before is forgotten.
  public NbdClient startTls(TlsContext tls) throws IOException {
    List<OptionReply> replies = option(OPT_STARTTLS);
    check(replies.size() == 1 && replies.getLast().type() == REP_ACK, "STARTTLS: ACK");
    return encrypt(tls);
  }

  /// Goes on in TLS.
  public NbdClient encrypt(TlsContext tls) throws IOException {
    check(!in.hasRemaining(), "nothing comes in plain bytes behind the ACK");
    TlsConnection encrypted = tls.client(connection, "localhost", 1);
    encrypted.handshake();
    connection = encrypted;
    structured = false;
    extended = false;
    contexts.clear();
    return this;
  }

  // Transmission.

  /// Sends a request.
  ///
  /// @return its cookie
  public long send(int command, int flags, long offset, long length, byte... payload)
      throws IOException {
    long cookie = nextCookie++;
    expect(command, flags, cookie, offset, length);
    sendRaw(
        extended
            ? extendedRequest(
                command,
                command == WRITE ? flags | PAYLOAD_LEN : flags,
                cookie,
                offset,
                length,
                payload)
            : request(command, flags, cookie, offset, length, payload));
    return cookie;
  }

  /// From now on a reply with this cookie is right, to a request that is sent as raw bytes.
  public void expect(int command, int flags, long cookie, long offset, long length) {
    pending.put(cookie, new NbdPending(command, flags, offset, length, contexts.keySet()));
  }

  /// Asks with extended headers for the block status of some contexts only.
  public Reply filteredStatus(long offset, long length, String... names) throws IOException {
    List<Integer> ids = new ArrayList<>();
    for (String name : names) {
      contexts.forEach((id, known) -> {
        if (known.equals(name)) {
          ids.add(id);
        }
      });
    }
    long cookie = nextCookie++;
    pending.put(cookie, new NbdPending(BLOCK_STATUS, 0, offset, length, Set.copyOf(ids)));
    ByteBuffer payload = ByteBuffer.allocate(8 + 4 * ids.size()).putLong(length);
    ids.forEach(payload::putInt);
    sendRaw(
        extendedRequest(
            BLOCK_STATUS, PAYLOAD_LEN, cookie, offset, payload.capacity(), payload.array()));
    return receive();
  }

  /// A request with extended headers as bytes.
  public static byte[] extendedRequest(
      int command, int flags, long cookie, long offset, long length, byte... payload) {
    return ByteBuffer.allocate(32 + payload.length)
        .putInt(EXTENDED_REQUEST)
        .putShort((short) flags)
        .putShort((short) command)
        .putLong(cookie)
        .putLong(offset)
        .putLong(length)
        .put(payload)
        .array();
  }

  public long sendRead(long offset, int length) throws IOException {
    return send(READ, 0, offset, length);
  }

  public long sendWrite(long offset, byte... data) throws IOException {
    return send(WRITE, 0, offset, data.length, data);
  }

  /// A request as bytes.
  public static byte[] request(
      int command, int flags, long cookie, long offset, long length, byte... payload) {
    return ByteBuffer.allocate(28 + payload.length)
        .putInt(REQUEST)
        .putShort((short) flags)
        .putShort((short) command)
        .putLong(cookie)
        .putLong(offset)
        .putInt((int) length)
        .put(payload)
        .array();
  }

  /// Sends a request and takes its reply; no other may be in flight.
  public Reply call(int command, int flags, long offset, long length, byte... payload)
      throws IOException {
    long cookie = send(command, flags, offset, length, payload);
    Reply reply = receive();
    check(reply.cookie() == cookie, "the reply is to the only request");
    return reply;
  }

  /// Reads, and it works.
  public byte[] read(long offset, int length) throws IOException {
    return good(call(READ, 0, offset, length)).data();
  }

  /// Writes, and it works.
  public void write(long offset, byte... data) throws IOException {
    good(call(WRITE, 0, offset, data.length, data));
  }

  /// The reply, which tells of success.
  public static Reply good(Reply reply) {
    check(reply.error() == 0, "success, not error " + reply.error() + " " + reply.text());
    return reply;
  }

  /// The next reply that is complete.
  public Reply receive() throws IOException {
    while (finished.isEmpty()) {
      receiveMessage();
    }
    return finished.remove();
  }

  /// How many requests have no complete reply yet.
  public int inFlight() {
    return pending.size();
  }

  private NbdPending inFlight(long cookie) {
    NbdPending request = pending.get(cookie);
    if (request == null) {
      throw new AssertionError("broken: the cookie is that of a request in flight");
    }
    return request;
  }

  private void receiveMessage() throws IOException {
    int magic = takeInt();
    if (extended) {
      check(magic == EXTENDED_REPLY, "all replies are extended: " + Integer.toHexString(magic));
      receiveChunk();
    } else if (magic == SIMPLE) {
      receiveSimple();
    } else {
      check(magic == STRUCTURED, "a reply starts with a magic, not " + Integer.toHexString(magic));
      check(structured, "chunks come only where they were negotiated");
      receiveChunk();
    }
  }

  private void receiveSimple() throws IOException {
    int error = takeInt();
    long cookie = takeLong();
    NbdPending request = inFlight(cookie);
    pending.remove(cookie);
    check(!structured || request.command != READ, "a read gets chunks");
    check(request.command != BLOCK_STATUS || error != 0, "block status comes in chunks");
    check(request.chunks == 0, "a reply is simple or structured, not both");
    NbdPending.checkError(error, request);
    byte[] data = new byte[0];
    if (request.command == READ && error == 0) {
      data = take((int) request.length);
    }
    finished.add(new Reply(cookie, error, "", data, 0, 0, Map.of()));
  }

  private void receiveChunk() throws IOException {
    int flags = takeShort();
    int type = takeShort();
    long cookie = takeLong();
    long offset = extended ? takeLong() : 0;
    long length = extended ? takeLong() : takeInt();
    check((flags & ~1) == 0, "the only flag of a chunk is DONE");
    check(length >= 0 && length <= (32 << 20) + 8, "a chunk of " + length + " bytes");
    NbdPending request = inFlight(cookie);
    check(!extended || offset == request.offset, "a reply repeats the offset of its request");
    ByteBuffer payload = ByteBuffer.wrap(take((int) length));
    request.chunks++;
    request.take(type, payload, (flags & 1) != 0, contexts, extended);
    if ((flags & 1) != 0) {
      pending.remove(cookie);
      finished.add(request.finish(cookie));
    }
  }

  // Bytes.

  /// Sends bytes as they are.
  public void sendRaw(byte... bytes) throws IOException {
    connection.write(ByteBuffer.wrap(bytes));
  }

  /// Hangs up on one side.
  public void shutdownOutput() throws IOException {
    connection.shutdownOutput();
  }

  /// Takes bytes as they are.
  public byte[] take(int length) throws IOException {
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; ) {
      if (!in.hasRemaining() && !fill()) {
        throw new EOFException("the server hung up, " + (length - at) + " bytes early");
      }
      int now = Math.min(length - at, in.remaining());
      in.get(bytes, at, now);
      at += now;
    }
    return bytes;
  }

  /// Takes the rest up to the end of the stream, and fails where there is a rest. A server that
  /// cuts a client off may do so with a reset.
  public void expectEnd() {
    boolean more;
    try {
      more = in.hasRemaining() || fill();
    } catch (IOException reset) {
      more = false;
    }
    check(!more, "the server hangs up");
  }

  /// Takes the end of the stream, which may not be a cut.
  public void expectGoodbye() throws IOException {
    check(!in.hasRemaining() && !fill(), "the server says goodbye");
  }

  private boolean fill() throws IOException {
    in.clear();
    int count = connection.read(in);
    in.flip();
    return count > 0;
  }

  private long takeLong() throws IOException {
    return ByteBuffer.wrap(take(8)).getLong();
  }

  private int takeInt() throws IOException {
    return ByteBuffer.wrap(take(4)).getInt();
  }

  private int takeShort() throws IOException {
    return ByteBuffer.wrap(take(2)).getShort() & 0xffff;
  }

  static String rest(ByteBuffer data) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    return utf8(bytes);
  }

  private static String utf8(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    check(text.indexOf('\uFFFD') < 0 && text.indexOf(0) < 0, "a text is UTF-8 without NUL");
    return text;
  }

  static void check(boolean holds, String rule) {
    if (!holds) {
      throw new AssertionError("broken: " + rule);
    }
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }
}

package dev.kelpie.status;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.ElasticBuffer;
import dev.kelpie.stream.InFlight;
import dev.kelpie.stream.Inbox;
import dev.kelpie.stream.Line;
import dev.kelpie.stream.OpeningBytes;
import dev.kelpie.stream.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/// One client: reads one request, answers it, and hangs up.
final class HttpSession implements Session {
  /// The longest head of a request: browsers send one or two thousand bytes.
  static final int HEAD_MAX = 8 << 10;

  /// What is read and dropped behind the head, so that the answer is not destroyed by a client that
  /// still sends.
  private static final long DROPPED_MAX = 1 << 20;

  private final Line line;
  private final Platform platform;
  private final Pages pages;
  private final Duration limit;
  private final Log refusals;
  private final Inbox inbox;
  private final InFlight inFlight;
  private final OpeningBytes opening;
  private final long since;
  private volatile boolean asked;

  HttpSession(
      Line line, Platform platform, Access access, Pages pages, Duration limit, Log refusals) {
    this.line = line;
    this.platform = platform;
    this.pages = pages;
    this.limit = limit;
    this.refusals = refusals;
    this.inbox = new Inbox(line, new ElasticBuffer(ByteBuffer.allocate(HEAD_MAX), Optional::empty));
    this.inFlight = new InFlight(platform.locks(), 0, line::close);
    this.opening = new OpeningBytes("status", access, line, platform.clock(), limit, refusals);
    this.since = platform.clock().nanos();
  }

  @Override
  public String who() {
    return line.peer().toString();
  }

  @Override
  public void run() {
    try {
      if (opening.pass(inbox, inFlight, inbox::fill)) {
        Optional<HttpAnswer> answer = answer();
        if (answer.isPresent()) {
          line.write(answer.get().bytes());
          line.hangUp();
          boolean _ = inbox.skip(DROPPED_MAX);
        }
      }
    } catch (IOException lost) {
      refusals.debug("status: " + who() + " is gone: " + lost);
    } finally {
      line.close();
      inbox.close();
    }
  }

  /// Empty where the client left before it had asked.
  private Optional<HttpAnswer> answer() throws IOException {
    int end = headEnd();
    while (end < 0) {
      if (!inbox.canHold(inbox.bytes().remaining() + 1)) {
        asked = true;
        return Optional.of(HttpAnswer.error(431, "the head of the request is too long", false));
      }
      if (!inbox.fill()) {
        return Optional.empty();
      }
      end = headEnd();
    }
    asked = true;
    return Optional.of(pages.answer(HttpRequest.parse(take(end))));
  }

  /// The length of the head, with the empty line that ends it; -1 where it has not come.
  private int headEnd() {
    ByteBuffer bytes = inbox.bytes();
    int start = bytes.position();
    boolean lineIsEmpty = false;
    for (int i = start; i < bytes.limit(); i++) {
      byte b = bytes.get(i);
      if (b == '\n' && lineIsEmpty) {
        return i + 1 - start;
      }
      lineIsEmpty = b == '\n' || (lineIsEmpty && b == '\r');
    }
    return -1;
  }

  private String take(int length) {
    byte[] head = new byte[length];
    inbox.bytes().get(head);
    return new String(head, StandardCharsets.ISO_8859_1);
  }

  /// An answer is never long under way, so there is nothing to wait for.
  @Override
  public void drain() {
    line.close();
  }

  @Override
  public void close() {
    line.close();
  }

  @Override
  public void look() {
    opening.look();
    if (platform.clock().nanos() - since > limit.toNanos() && !line.closed()) {
      refusals.warn("status: " + who() + " takes too long: disconnected");
      line.close();
    }
  }

  @Override
  public boolean hoardsFor(Duration time) {
    return line.deafFor(time);
  }

  @Override
  public boolean mute() {
    return !asked;
  }
}

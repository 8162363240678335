package dev.kelpie.it;

import static dev.kelpie.testing.NbdNumbers.*;

import dev.kelpie.testing.NbdClient;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/// One NBD connection under load: random writes, zeroes, trims, reads and flushes, several in
/// flight, all told to the disk's [Stamps]. Ends when the daemon is killed or it is told to stop.
final class StampingClient implements Runnable {
  private static final int DEPTH_MAX = 16;
  private static final int OBJECT = (4 << 20) / Stamps.SECTOR;

  private final NbdClient client;
  private final Stamps stamps;
  private final RandomGenerator random;
  private final AtomicLong answered;
  private final AtomicBoolean stop;
  private final int depth;
  private final Map<Long, Answer> inFlight = new HashMap<>();

  /// Answered, and not covered by a flush yet, with the time of the answer; for a client that
  /// counts on no more than flushes.
  private final Map<Stamps.Change, Long> unflushed = new LinkedHashMap<>();

  private boolean powerGoes;

  /// What to do with a good reply.
  private interface Answer {
    void take(NbdClient.Reply reply);
  }

  /// @param client connected to an export of the disk; closed at the end
  /// @param answered counts the replies
  /// @param stop tells it to wait for the requests in flight and end
  StampingClient(
      NbdClient client,
      Stamps stamps,
      RandomGenerator random,
      AtomicLong answered,
      AtomicBoolean stop) {
    this.client = client;
    this.stamps = stamps;
    this.random = random;
    this.answered = answered;
    this.stop = stop;
    this.depth = 1 + random.nextInt(DEPTH_MAX);
  }

  /// Lets changes count as made only when they are durable, flushed or written with FUA.
  StampingClient untilThePowerGoes() {
    powerGoes = true;
    return this;
  }

  /// Every error that the server answers fails the test; that it hangs up does not.
  @Override
  public void run() {
    try (client) {
      while (!stop.get() || !inFlight.isEmpty()) {
        if (!stop.get() && inFlight.size() < depth) {
          send();
        } else {
          receive();
        }
      }
      client.sendRaw(NbdClient.request(DISC, 0, 1, 0, 0));
    } catch (IOException _) {
      // The daemon was killed; what was in flight stays in flight.
    }
  }

  private void receive() throws IOException {
    NbdClient.Reply reply = NbdClient.good(client.receive());
    Answer answer = inFlight.remove(reply.cookie());
    if (answer == null) {
      throw new AssertionError("a reply to nothing");
    }
    answer.take(reply);
    answered.incrementAndGet();
  }

  private void send() throws IOException {
    int dice = random.nextInt(100);
    if (dice < 50) {
      write(0);
    } else if (dice < 58) {
      write(FUA);
    } else if (dice < 64) {
      zero(WRITE_ZEROES, random.nextInt(4) == 0 ? NO_HOLE : 0);
    } else if (dice < 70) {
      zero(TRIM, random.nextInt(4) == 0 ? FUA : 0);
    } else if (dice < 75) {
      Map<Stamps.Change, Long> covered = new LinkedHashMap<>(unflushed);
      inFlight.put(
          client.send(FLUSH, 0, 0, 0),
          _ -> {
            covered.forEach(stamps::end);
            unflushed.keySet().removeAll(covered.keySet());
          });
    } else {
      read();
    }
  }

  private void write(int flags) throws IOException {
    int count = count(random.nextInt(20) == 0 ? 512 : 32);
    Stamps.Change change = stamps.begin(place(count), count, false);
    put(change, WRITE, flags, stamps.bytes(change));
  }

  private void zero(int command, int flags) throws IOException {
    boolean object = random.nextInt(8) == 0;
    int count = object ? OBJECT : count(256);
    int first = object ? random.nextInt(stamps.sectors() / OBJECT) * OBJECT : place(count);
    put(stamps.begin(first, count, true), command, flags);
  }

  private void put(Stamps.Change change, int command, int flags, byte... data) throws IOException {
    long at = (long) change.first() * Stamps.SECTOR;
    long length = (long) change.count() * Stamps.SECTOR;
    boolean volatileUntilFlushed = powerGoes && (flags & FUA) == 0;
    inFlight.put(
        client.send(command, flags, at, length, data),
        _ -> {
          if (volatileUntilFlushed) {
            unflushed.put(change, stamps.tick());
          } else {
            stamps.end(change, stamps.tick());
          }
        });
  }

  private void read() throws IOException {
    int count = count(64);
    int first = place(count);
    Stamps.Moment moment = stamps.moment(first, count);
    long cookie = client.sendRead((long) first * Stamps.SECTOR, count * Stamps.SECTOR);
    inFlight.put(
        cookie,
        reply -> {
          moment.close();
          moment.checkSectors(reply.data());
        });
  }

  /// Sectors: whole blocks as often as not.
  private int count(int max) {
    int count = 1 + random.nextInt(max);
    return random.nextBoolean() ? Math.max(8, count & ~7) : count;
  }

  /// Mostly in a few hot places, at object borders above all, so that requests meet.
  private int place(int count) {
    int last = stamps.sectors() - count;
    int at =
        switch (random.nextInt(4)) {
          case 0 -> random.nextInt(last + 1);
          case 1 -> random.nextInt(2048);
          default -> (1 + random.nextInt(stamps.sectors() / OBJECT)) * OBJECT - random.nextInt(256);
        };
    int inside = Math.min(at, last);
    return random.nextBoolean() ? inside & ~7 : inside;
  }
}

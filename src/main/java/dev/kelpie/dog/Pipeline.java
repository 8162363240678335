package dev.kelpie.dog;

import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseHeader;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Several requests in flight over one connection. The sheep answers them in any order; each answer
/// comes back with the token that its request was sent with. One thread does it all: requests are
/// sent until the pipeline is full, then answers are taken.
final class Pipeline {
  /// Requests in flight: enough to keep a sheep busy while answers travel, few enough that the
  /// answers' headers fit in any socket buffer.
  static final int IN_FLIGHT_MAX = 32;

  /// Bytes of answers in flight, which a sheep has to hold.
  private static final long ROOM_MAX = 16 << 20;

  private static final int FREE = -1;

  /// Who takes the answers.
  interface Replies {
    /// Takes one. The data is valid during the call only, unless it is the [#room] given for it.
    void onReply(int token, ResponseHeader header, ByteBuffer data) throws Failure;

    /// Where an answer's data goes; little-endian, with at least `length` bytes remaining.
    default ByteBuffer room(int token, int length) {
      return SheepClient.allocate(length);
    }
  }

  private final SheepClient client;
  private final Replies replies;
  private final int[] tokens = new int[IN_FLIGHT_MAX];
  private final int[] rooms = new int[IN_FLIGHT_MAX];
  private int inFlight;
  private long roomInFlight;

  Pipeline(SheepClient client, Replies replies) {
    this.client = client;
    this.replies = replies;
    Arrays.fill(tokens, FREE);
  }

  /// Sends a request; takes answers first where the pipeline is full.
  ///
  /// @param token 0 or more, to know the answer by
  void send(int token, RequestHeader request, ByteBuffer... payload) throws Failure {
    int room = request.has(RequestFlags.WRITE) ? 0 : request.dataLength();
    while (inFlight == IN_FLIGHT_MAX || (inFlight > 0 && roomInFlight + room > ROOM_MAX)) {
      takeOne();
    }
    int slot = freeSlot();
    tokens[slot] = token;
    rooms[slot] = room;
    roomInFlight += room;
    inFlight++;
    client.send(request.withId(slot), payload);
  }

  /// Waits for one answer.
  void takeOne() throws Failure {
    ResponseHeader header = client.receive();
    int slot = header.id();
    if (slot < 0 || slot >= IN_FLIGHT_MAX || tokens[slot] == FREE) {
      throw new Failure(
          ExitStatus.SYSTEM, client.address() + " answered a request that was not sent");
    }
    int token = tokens[slot];
    tokens[slot] = FREE;
    roomInFlight -= rooms[slot];
    inFlight--;
    int length = client.length(header, rooms[slot]);
    ByteBuffer data = replies.room(token, length);
    data.limit(data.position() + length);
    int start = data.position();
    client.receive(data);
    replies.onReply(token, header, data.flip().position(start));
  }

  /// Waits for all answers.
  void drain() throws Failure {
    while (inFlight > 0) {
      takeOne();
    }
  }

  private int freeSlot() {
    int slot = 0;
    while (tokens[slot] != FREE) {
      slot++;
    }
    return slot;
  }
}

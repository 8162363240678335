package dev.kelpie.frontend.nbd;

import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.stream.Line;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Serves the requests that are large or have to wait. Called by the task of each request. A
/// prefetch, and zeros that have to be written, end early once the client is gone.
final class PatientRequests {
  /// A prefetch goes in steps of one object, so that it ends when its client is gone.
  private static final int PREFETCH_STEP = 4 << 20;

  /// Zeros that have to be written go in steps too, for the same reason.
  private static final int ZERO_STEP = 64 << 20;

  private final BlockDevice device;
  private final Replies replies;
  private final Line line;

  PatientRequests(BlockDevice device, Replies replies, Line line) {
    this.device = device;
    this.replies = replies;
    this.line = line;
  }

  /// Does what is asked for.
  ///
  /// @param payload the data of a write, or room for the data of a read
  /// @return the reply
  /// @throws IOException where the disk failed
  List<ByteBuffer> serve(Request request, Payload payload) throws IOException {
    return switch (request.command()) {
      case READ -> read(request, payload);
      case WRITE -> write(request, payload);
      case FLUSH -> flush(request);
      case TRIM -> trim(request);
      case CACHE -> prefetch(request);
      case WRITE_ZEROES -> zero(request);
      case BLOCK_STATUS -> status(request);
      case DISC, UNKNOWN -> throw new IllegalArgumentException(request.toString());
    };
  }

  private List<ByteBuffer> read(Request request, Payload payload) throws IOException {
    boolean large = payload.length() > Memory.SMALL_MAX;
    if (large && replies.framing().chunks() && !request.has(Protocol.DF)) {
      return readAroundHoles(request, payload);
    }
    ByteBuffer header = ByteBuffer.allocate(Replies.DATA_HEADER_SIZE_MAX);
    replies.dataHeader(header, request, payload.length());
    List<ByteBuffer> parts = new ArrayList<>();
    parts.add(header.flip());
    parts.addAll(read(request.offset(), payload, 0, payload.length()));
    return parts;
  }

  private List<ByteBuffer> readAroundHoles(Request request, Payload payload) throws IOException {
    List<ByteBuffer> parts = new ArrayList<>();
    int at = 0;
    for (Extents.Extent extent : Extents.forRead(device, request)) {
      int length = (int) extent.length();
      boolean last = at + length == payload.length();
      ByteBuffer header = ByteBuffer.allocate(Replies.HOLE_SIZE_MAX);
      if (extent.isData()) {
        replies.dataChunk(header, last, request, request.offset() + at, length);
        parts.add(header.flip());
        parts.addAll(read(request.offset(), payload, at, at + length));
      } else {
        replies.holeChunk(header, last, request, request.offset() + at, length);
        parts.add(header.flip());
      }
      at += length;
    }
    return parts;
  }

  /// Reads the bytes from `from` to `to` of a payload.
  ///
  /// @param offset of the payload on the disk
  private List<ByteBuffer> read(long offset, Payload payload, int from, int to) throws IOException {
    List<ByteBuffer> slices = payload.slice(from, to);
    long at = offset + from;
    for (ByteBuffer slice : slices) {
      device.read(at, slice, Patience.WAIT);
      at += slice.flip().remaining();
    }
    return slices;
  }

  private List<ByteBuffer> write(Request request, Payload payload) throws IOException {
    long at = request.offset();
    for (ByteBuffer part : payload.parts()) {
      int length = part.remaining();
      device.write(at, part, durability(request), Patience.WAIT);
      at += length;
    }
    return done(request);
  }

  private List<ByteBuffer> flush(Request request) throws IOException {
    device.flush();
    return done(request);
  }

  private List<ByteBuffer> trim(Request request) throws IOException {
    device.trim(request.offset(), request.length(), durability(request));
    return done(request);
  }

  private List<ByteBuffer> zero(Request request) throws IOException {
    long offset = request.offset();
    long length = request.length();
    if (request.has(Protocol.FAST_ZERO) && !device.zeroIsFast(offset, length)) {
      return failed(
          request,
          new Fault(NbdError.ENOTSUP, "zeroing this range is no faster than writing zeros"));
    }
    if (request.has(Protocol.NO_HOLE)) {
      eachStep(request, ZERO_STEP, (at, size) -> device.zero(at, size, true, durability(request)));
    } else {
      device.zero(offset, length, false, durability(request));
    }
    return done(request);
  }

  private List<ByteBuffer> prefetch(Request request) throws IOException {
    eachStep(request, PREFETCH_STEP, device::prefetch);
    return done(request);
  }

  /// Goes through the range of a request until the client is gone.
  private void eachStep(Request request, int size, Step step) throws IOException {
    long end = request.offset() + request.length();
    for (long at = request.offset(); at < end && !line.closed(); ) {
      long next = Math.min(end, at - at % size + size);
      step.take(at, next - at);
      at = next;
    }
  }

  private interface Step {
    void take(long offset, long length) throws IOException;
  }

  private List<ByteBuffer> status(Request request) throws IOException {
    List<ByteBuffer> parts = new ArrayList<>();
    for (MetaContext context : request.contexts()) {
      List<Extents.Extent> extents = Extents.forStatus(context, request);
      ByteBuffer part = ByteBuffer.allocate(Replies.statusSizeMax(extents.size()));
      boolean last = parts.size() == request.contexts().size() - 1;
      replies.status(part, last, request, context.id(), extents);
      parts.add(part.flip());
    }
    return parts;
  }

  private List<ByteBuffer> done(Request request) {
    ByteBuffer reply = ByteBuffer.allocate(Replies.DONE_SIZE_MAX);
    replies.done(reply, request);
    return List.of(reply.flip());
  }

  /// A reply that says why a request was not done.
  List<ByteBuffer> failed(Request request, Fault fault) {
    ByteBuffer reply = ByteBuffer.allocate(Replies.ERROR_SIZE_MAX);
    replies.error(reply, request, fault);
    return List.of(reply.flip());
  }

  private static Durability durability(Request request) {
    return request.has(Protocol.FUA) ? Durability.DURABLE : Durability.DEFERRED;
  }
}

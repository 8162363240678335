package dev.kelpie.peer;

import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import dev.kelpie.replica.StoreNode;
import dev.kelpie.wire.MalformedPayload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/// Asks this node on behalf of gateways.
final class StoreDesk implements Desk {
  private final StoreNode node;

  StoreDesk(StoreNode node) {
    this.node = node;
  }

  @Override
  public Optional<StoreRequest> read(int code, BodyReader body) throws MalformedPayload {
    return StoreRequest.decode(code, body);
  }

  @Override
  public BodyWriter answer(PeerRequest request) throws IOException {
    if (request instanceof StoreRequest ours) {
      return answer(ours);
    }
    throw new IllegalArgumentException("asked at the wrong desk: " + request.code());
  }

  private BodyWriter answer(StoreRequest request) throws IOException {
    BodyWriter to = new BodyWriter();
    return switch (request) {
      case StoreRequest.Read read -> read(read, to);
      case StoreRequest.Change(var claim, var object, var step) ->
          to.choice(Choices.OUTCOMES, node.change(claim, object, step));
      case StoreRequest.Stat(var claim, var object) -> stat(node.stat(claim, object), to);
      case StoreRequest.Flush(var vdi, var deferred) -> {
        node.flush(vdi, deferred);
        yield to;
      }
      case StoreRequest.Settle(var vdi) -> {
        node.settle(vdi);
        yield to;
      }
      case StoreRequest.ListAll(var vdi, var claims) -> listing(node.list(vdi, claims), to);
    };
  }

  private BodyWriter read(StoreRequest.Read read, BodyWriter to) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(read.length());
    Outcome outcome = node.read(read.claim(), read.object(), read.offset(), bytes);
    to.choice(Choices.OUTCOMES, outcome);
    return outcome == Outcome.DONE ? to.extents(Extent.withoutZeros(bytes.rewind())) : to;
  }

  private static BodyWriter stat(Optional<ObjectStat> stat, BodyWriter to) {
    to.u8(stat.isPresent() ? 1 : 0);
    stat.ifPresent(found ->
        to.i64(found.generation().value()).i64(found.pushNumber()).i64(found.allocatedBytes()));
    return to;
  }

  private static BodyWriter listing(StoreNode.Listing listing, BodyWriter to) {
    int slots = listing.slots().cardinality();
    to.room((long) (slots + 1) * Integer.BYTES).i32(slots);
    listing.slots().stream().forEach(to::i32);
    to.room(Integer.BYTES + (long) listing.objects().size() * Long.BYTES);
    to.i32(listing.objects().size());
    listing.objects().forEach(to::object);
    return to;
  }
}

package dev.kelpie.peer;

import dev.kelpie.replica.Copies;
import dev.kelpie.replica.Versioned;
import dev.kelpie.replica.Whole;
import dev.kelpie.wire.MalformedPayload;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Asks this node's own copies on behalf of primaries.
final class CopiesDesk implements Desk {
  private final Copies copies;

  CopiesDesk(Copies copies) {
    this.copies = copies;
  }

  @Override
  public Optional<CopiesRequest> read(int code, BodyReader body) throws MalformedPayload {
    return CopiesRequest.decode(code, body);
  }

  @Override
  public BodyWriter answer(PeerRequest request) throws IOException {
    if (request instanceof CopiesRequest ours) {
      return answer(ours);
    }
    throw new IllegalArgumentException("asked at the wrong desk: " + request.code());
  }

  private BodyWriter answer(CopiesRequest request) throws IOException {
    BodyWriter to = new BodyWriter();
    return switch (request) {
      case CopiesRequest.Prepare(var claim) -> versions(copies.prepare(claim), to);
      case CopiesRequest.Look(var claim, var object) -> to.version(copies.version(claim, object));
      case CopiesRequest.Change(var claim, var object, var before, var after, var step) ->
          to.choice(Choices.RESULTS, copies.change(claim, object, before, after, step));
      case CopiesRequest.Fetch(var claim, var object) -> whole(copies.fetch(claim, object), to);
      case CopiesRequest.Replace(var claim, var object, var whole) ->
          to.choice(Choices.RESULTS, copies.replace(claim, object, whole));
      case CopiesRequest.Flush(var claim, var vdi) -> {
        copies.flush(claim, vdi);
        yield to;
      }
      case CopiesRequest.FlushAll(var claim) -> {
        copies.flushAll(claim);
        yield to;
      }
    };
  }

  private static BodyWriter versions(List<Versioned> versions, BodyWriter to) {
    to.room(Integer.BYTES + (long) versions.size() * RemoteCopies.VERSIONED_SIZE);
    to.i32(versions.size());
    versions.forEach(one -> to.object(one.object()).version(one.version()));
    return to;
  }

  private static BodyWriter whole(Whole whole, BodyWriter to) {
    return to.version(whole.version()).extents(whole.extents());
  }
}

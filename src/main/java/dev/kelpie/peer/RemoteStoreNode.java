package dev.kelpie.peer;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Primary;
import dev.kelpie.replica.Step;
import dev.kelpie.replica.StoreNode;
import dev.kelpie.wire.MalformedPayload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/// Another node, as a gateway sees it.
final class RemoteStoreNode implements StoreNode {
  private static final int ZEROS_SIZE = 64 << 10;

  private final PeerLink link;
  private final PeerConfig config;

  RemoteStoreNode(PeerLink link, PeerConfig config) {
    this.link = link;
    this.config = config;
  }

  @Override
  public Outcome read(Claim claim, ObjectId object, int offset, ByteBuffer into)
      throws IOException {
    ByteBuffer room = into.slice();
    StoreRequest.Read request = new StoreRequest.Read(claim, object, offset, room.remaining());
    Outcome outcome = link.call(request, config.store(), body -> read(body, room));
    if (outcome == Outcome.DONE) {
      into.position(into.limit());
    }
    return outcome;
  }

  /// The bytes go where they are wanted without lying anywhere else before.
  private static Outcome read(Incoming body, ByteBuffer into) throws IOException {
    Outcome outcome = outcome(new BodyReader(body.take(Byte.BYTES)));
    if (outcome != Outcome.DONE) {
      return outcome;
    }
    ByteBuffer count = body.take(Integer.BYTES);
    int size = count.getInt(0) * BodyReader.EXTENT_SIZE;
    if (count.getInt(0) < 0 || count.getInt(0) > body.left() / BodyReader.EXTENT_SIZE) {
      throw new MalformedPayload("an answer to a read with " + count.getInt(0) + " parts");
    }
    ByteBuffer table = ByteBuffer.allocate(Integer.BYTES + size).order(count.order());
    table.put(count).put(body.take(size)).flip();
    int at = 0;
    for (int[] place : new BodyReader(table).extentTable(into.limit())) {
      zero(into, at, place[0]);
      body.take(into.slice(place[0], place[1]));
      at = place[0] + place[1];
    }
    zero(into, at, into.limit());
    return outcome;
  }

  private static void zero(ByteBuffer into, int from, int to) {
    for (int at = from; at < to; at += ZEROS_SIZE) {
      byte[] zeros = new byte[Math.min(ZEROS_SIZE, to - at)];
      into.put(at, zeros);
    }
  }

  private static Outcome outcome(BodyReader from) throws MalformedPayload {
    return from.choice(Choices.OUTCOMES);
  }

  @Override
  public Outcome change(Claim claim, ObjectId object, Step step) throws IOException {
    return link.call(
        new StoreRequest.Change(claim, object, step),
        config.store(),
        Answer.of(RemoteStoreNode::outcome));
  }

  @Override
  public Optional<ObjectStat> stat(Claim claim, ObjectId object) throws IOException {
    return link.call(
        new StoreRequest.Stat(claim, object),
        config.store(),
        Answer.of(from -> stat(from, object)));
  }

  private static Optional<ObjectStat> stat(BodyReader from, ObjectId object)
      throws MalformedPayload {
    if (from.u8() == 0) {
      return Optional.empty();
    }
    long generation = from.i64();
    if (generation < 0) {
      throw new MalformedPayload("generation " + generation);
    }
    return Optional.of(new ObjectStat(object, new Generation(generation), from.i64(), from.i64()));
  }

  @Override
  public void flush(VdiId vdi, List<Primary.Deferred> deferred) throws IOException {
    boolean _ =
        link.call(new StoreRequest.Flush(vdi, deferred), config.barrier(), Answer.of(_ -> true));
  }

  @Override
  public void settle(VdiId vdi) throws IOException {
    boolean _ = link.call(new StoreRequest.Settle(vdi), config.barrier(), Answer.of(_ -> true));
  }

  @Override
  public Listing list(VdiId vdi, List<Claim> claims) throws IOException {
    return link.call(
        new StoreRequest.ListAll(vdi, claims),
        config.barrier(),
        Answer.of(RemoteStoreNode::listing));
  }

  private static Listing listing(BodyReader from) throws MalformedPayload {
    BitSet slots = new BitSet();
    for (int left = from.count(Integer.BYTES); left > 0; left--) {
      int slot = from.i32();
      if (slot < 0) {
        throw new MalformedPayload("slot " + slot);
      }
      slots.set(slot);
    }
    int count = from.count(Long.BYTES);
    List<ObjectId> objects = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      objects.add(from.object());
    }
    return new Listing(slots, objects);
  }
}

package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// A node that remembers what it was asked, and answers as a test wants it.
final class FakeStoreNode implements StoreNode {
  /// What was asked, oldest first.
  final List<String> asked = new ArrayList<>();

  /// What the next requests fail with; those after them are done.
  final Deque<IOException> failures = new ArrayDeque<>();

  /// What changes and reads are answered.
  volatile Outcome outcome = Outcome.DONE;

  /// The objects it has.
  final List<ObjectId> objects = new ArrayList<>();

  /// Slots in which it says that it is not acting.
  final BitSet strange = new BitSet();

  private synchronized void ask(String what) throws IOException {
    asked.add(what);
    if (!failures.isEmpty()) {
      throw failures.remove();
    }
  }

  @Override
  public Outcome read(Claim claim, ObjectId object, int offset, ByteBuffer into)
      throws IOException {
    into.put((byte) 9); // as far as it came
    ask("read " + claim.ballot());
    into.position(into.limit());
    return outcome;
  }

  @Override
  public Outcome change(Claim claim, ObjectId object, Step step) throws IOException {
    ask(step.kind() + " " + claim.ballot() + " " + step.extents().size());
    return outcome;
  }

  @Override
  public Optional<ObjectStat> stat(Claim claim, ObjectId object) throws IOException {
    ask("stat " + claim.ballot());
    return Optional.empty();
  }

  @Override
  public void flush(VdiId vdi, List<Primary.Deferred> deferred) throws IOException {
    StringBuilder what = new StringBuilder("flush");
    deferred.forEach(part -> what.append(' ').append(part.slot()).append('/').append(part.since()));
    ask(what.toString());
  }

  @Override
  public void settle(VdiId vdi) throws IOException {
    ask("settle");
  }

  @Override
  public Listing list(VdiId vdi, List<Claim> claims) throws IOException {
    ask("list");
    BitSet slots = new BitSet();
    claims.forEach(claim -> slots.set(claim.slot()));
    slots.andNot(strange);
    strange.clear();
    return new Listing(slots, List.copyOf(objects));
  }

  synchronized List<String> askedSoFar() {
    List<String> all = List.copyOf(asked);
    asked.clear();
    return all;
  }
}

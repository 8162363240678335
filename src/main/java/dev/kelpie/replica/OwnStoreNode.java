package dev.kelpie.replica;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import dev.kelpie.placement.Slots;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// This node, as gateways see it, its own among them.
public final class OwnStoreNode implements StoreNode {
  private final String self;
  private final SlotTable table;
  private final Primary primary;
  private final Holder holder;

  /// @param self the name of this node
  public OwnStoreNode(String self, SlotTable table, Primary primary, Holder holder) {
    this.self = self;
    this.table = table;
    this.primary = primary;
    this.holder = holder;
  }

  @Override
  public Outcome read(Claim claim, ObjectId object, int offset, ByteBuffer into)
      throws IOException {
    catchUp(claim);
    return primary.read(object, offset, into);
  }

  @Override
  public Outcome change(Claim claim, ObjectId object, Step step) throws IOException {
    catchUp(claim);
    return primary.change(claim, object, step);
  }

  /// Whether it is there is for the primary to say; the rest is what its own copy says then, which
  /// may be on its way to somewhere else.
  @Override
  public Optional<ObjectStat> stat(Claim claim, ObjectId object) throws IOException {
    catchUp(claim);
    if (primary.read(object, 0, ByteBuffer.allocate(0)) == Outcome.NO_OBJECT) {
      return Optional.empty();
    }
    return holder.stat(object).or(() -> Optional.of(new ObjectStat(object, Generation.NONE, 0, 0)));
  }

  /// In the order of the slots: each of them is kept while the next one may have to be had alone.
  @Override
  public void flush(VdiId vdi, List<Primary.Deferred> deferred) throws IOException {
    for (Primary.Deferred part : deferred) {
      catchUp(new Claim(part.slot(), part.since()));
    }
    primary.flush(
        vdi, deferred.stream().sorted(Comparator.comparingInt(Primary.Deferred::slot)).toList());
  }

  @Override
  public void settle(VdiId vdi) throws IOException {
    holder.settle(vdi);
  }

  @Override
  public Listing list(VdiId vdi, List<Claim> claims) throws IOException {
    Map<Integer, Claim> meant = new HashMap<>();
    for (Claim claim : claims) {
      catchUp(claim);
      if (isActing(claim)) {
        meant.put(claim.slot(), claim);
      }
    }
    List<ObjectId> objects = new ArrayList<>();
    holder.list(
        vdi,
        object -> {
          if (meant.containsKey(Slots.of(object))) {
            objects.add(object);
          }
        });
    BitSet slots = new BitSet();
    for (Claim claim : meant.values()) {
      if (isActing(claim) && (!isPrimary(claim) || table.mayServe())) {
        slots.set(claim.slot());
      }
    }
    objects.removeIf(object -> !slots.get(Slots.of(object)));
    return new Listing(slots, objects);
  }

  private boolean isActing(Claim claim) {
    return table.isIn() && known(claim).filter(config -> config.isActing(self)).isPresent();
  }

  private boolean isPrimary(Claim claim) {
    return known(claim).filter(config -> config.isPrimary(self)).isPresent();
  }

  private Optional<SlotConfig> known(Claim claim) {
    return table.of(claim.slot()).filter(config -> config.ballot() == claim.ballot());
  }

  /// Who knows a smaller ballot reads the record first.
  private void catchUp(Claim claim) throws IOException {
    if (table.of(claim.slot()).filter(c -> c.ballot() >= claim.ballot()).isEmpty()) {
      Optional<SlotConfig> _ = table.look(claim.slot());
    }
  }
}

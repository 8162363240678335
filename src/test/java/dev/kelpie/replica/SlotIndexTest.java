package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.CopyStore;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.placement.Slots;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// The index of a node's objects by slot says what a survey of its store says.
final class SlotIndexTest {
  private static final int WORK = 3000;
  private static final String SELF = "n0";
  private static final List<Step.Kind> KINDS = List.of(Step.Kind.values());

  private final RandomGenerator chance = Seeds.generator("SlotIndexTest");
  private final Locks locks = JvmPlatform.locks();
  private final SimulatedCopies disk = new SimulatedCopies();
  private boolean faults;

  private final CopyStore store =
      Calls.alone(CopyStore.class, disk, this::maybeFail, this::maybeFail);

  private void maybeFail(String method) throws IOException {
    if (faults && chance.nextInt(8) == 0) {
      throw new IOException("the disk fails in " + method);
    }
  }

  /// Another node is acting, and this one, or not.
  private static final class Table implements SlotTable {
    private long ballot = 1;
    private boolean here = true;

    @Override
    public Optional<SlotConfig> of(int slot) {
      Acting acting = new Acting(here ? SELF : "n1", true);
      return Optional.of(
          new SlotConfig(ballot, List.of(acting), Optional.of(acting.node()), ballot));
    }

    @Override
    public Optional<SlotConfig> look(int slot) {
      return of(slot);
    }

    @Override
    public boolean commit(int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven) {
      return false;
    }

    @Override
    public List<String> holders(int slot) {
      return List.of(here ? SELF : "n1");
    }

    @Override
    public SlotRules.Nodes nodes() {
      return new SlotRules.Nodes(_ -> true, _ -> false);
    }

    @Override
    public OptionalLong life(String node) {
      return OptionalLong.of(1);
    }

    @Override
    public SlotRules rules() {
      return new SlotRules(1);
    }

    @Override
    public boolean isIn() {
      return true;
    }

    @Override
    public boolean mayServe() {
      return true;
    }
  }

  @Test
  void itNeverDiffersFromASurveyWhateverFails() throws IOException {
    Table table = new Table();
    List<ObjectId> objects = new MovingCluster(1, 1, 1).objects;
    Holder holder = new Holder(table, store, locks);
    int done = 0;
    for (int i = 1; i <= WORK; i++) {
      ObjectId object = objects.get(chance.nextInt(objects.size()));
      faults = true;
      try {
        work(table, holder, object, i);
        done++;
      } catch (IOException e) {
        assertTrue(e.getMessage() != null && e.getMessage().contains("fails"), e::toString);
      } finally {
        faults = false;
      }
      compare(table, holder, objects);
      if (i % 500 == 0) {
        holder = new Holder(table, store, locks);
      }
    }
    assertTrue(done > WORK / 4, "only " + done);
  }

  private void work(Table table, Holder holder, ObjectId object, int count) throws IOException {
    Claim claim = new Claim(Slots.of(object), table.ballot);
    Version next = new Version(table.ballot, count);
    List<Extent> extents = List.of(new Extent(0, ByteBuffer.allocate(Long.BYTES)));
    switch (chance.nextInt(6)) {
      case 0 -> {
        Copies.Result _ = holder.replace(claim, object, new Whole(next, extents));
      }
      case 1 -> {
        Copies.Result _ = holder.replace(claim, object, Whole.ABSENT);
      }
      case 2 -> {
        table.ballot++;
        table.here = false;
        try {
          int _ = holder.purge(claim.slot(), SELF);
        } finally {
          table.here = true;
        }
      }
      default -> {
        Step.Kind kind = KINDS.get(chance.nextInt(KINDS.size()));
        Step step = new Step(kind, extents, MovingCluster.VDI, Durability.DEFERRED);
        Version before = holder.version(claim, object);
        Copies.Result _ = holder.change(claim, object, before, next, step);
      }
    }
  }

  private void compare(Table table, Holder holder, List<ObjectId> objects) throws IOException {
    for (ObjectId object : objects) {
      int slot = Slots.of(object);
      Set<ObjectId> surveyed = new HashSet<>();
      disk.survey(o -> Slots.of(o) == slot, stat -> surveyed.add(stat.object()));
      assertTrue(surveyed.isEmpty() || holder.has(slot), "it lacks " + surveyed);
      Set<ObjectId> indexed = new HashSet<>();
      holder
          .prepare(new Claim(slot, table.ballot))
          .forEach(versioned -> indexed.add(versioned.object()));
      assertEquals(surveyed, indexed);
      assertEquals(!surveyed.isEmpty(), holder.has(slot));
    }
  }
}

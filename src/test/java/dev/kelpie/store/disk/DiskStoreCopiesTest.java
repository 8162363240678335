package dev.kelpie.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Keep;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What is done to copies of objects so that they become like those of other nodes.
final class DiskStoreCopiesTest {
  private static final VdiId VDI = new VdiId(7);
  private static final ObjectId A = ObjectId.attribute(VDI, 1);
  private static final ObjectId B = ObjectId.attribute(VDI, 2);

  private final StoreRig rig = new StoreRig("/one", "/two");

  @BeforeEach
  void open() throws IOException {
    rig.open();
  }

  private void cutPower() throws IOException {
    rig.crash(Keep.NOTHING);
    rig.open();
  }

  private static List<Extent> extent(int with) {
    return List.of(new Extent(0, ByteBuffer.wrap(new byte[] {(byte) with})));
  }

  private static Change change(long generation, long number, Durability durability) {
    return new Change(
        VDI, new Generation(generation), number, CacheMode.DIRECT, durability, Patience.WAIT);
  }

  private Outcome create(ObjectId object, int with, long generation, long number)
      throws IOException {
    Change change = change(generation, number, Durability.DURABLE);
    return rig.store().create(object, Base.ZEROS, extent(with), change);
  }

  private int first(ObjectId object) throws IOException {
    ByteBuffer into = ByteBuffer.allocate(1);
    Access access = new Access(VDI, Generation.NONE, CacheMode.DIRECT, Patience.WAIT);
    assertEquals(Outcome.DONE, rig.store().read(object, 0, into, access));
    return into.get(0);
  }

  private List<String> survey() throws IOException {
    List<String> found = new ArrayList<>();
    rig.store()
        .survey(
            object -> object.vdiBits() == VDI.value(),
            (ObjectStat stat) ->
                found.add(
                    stat.object().index() + ":" + stat.generation() + "." + stat.pushNumber()));
    return found.stream().sorted().toList();
  }

  @Test
  void objectIsReplacedWhateverItsOrderIs() throws IOException {
    assertEquals(Outcome.DONE, create(A, 1, 5, 9));
    assertEquals(Outcome.DONE, rig.store().replace(A, extent(2), new Generation(5), 3));
    assertEquals(2, first(A));
    assertEquals(List.of("1:5.3"), survey());
    cutPower();
    assertEquals(2, first(A));
    assertEquals(List.of("1:5.3"), survey());
  }

  @Test
  void whatWasWrittenBeforeDoesNotComeBackIntoTheReplacement() throws IOException {
    assertEquals(Outcome.DONE, create(A, 1, 5, 9));
    Change write = change(5, 10, Durability.DURABLE);
    assertEquals(Outcome.DONE, rig.store().write(A, extent(4), write));
    assertEquals(Outcome.DONE, rig.store().replace(A, extent(2), new Generation(5), 3));
    cutPower();
    assertEquals(2, first(A));
    assertEquals(Outcome.DONE, rig.store().write(A, extent(6), change(5, 4, Durability.DURABLE)));
    cutPower();
    assertEquals(6, first(A));
  }

  @Test
  void objectIsDroppedWhateverItsOrderIsAndMayComeWithAnyOther() throws IOException {
    assertEquals(Outcome.DONE, create(A, 1, 5, 9));
    assertEquals(Outcome.DONE, create(B, 1, 5, 9));
    rig.store().drop(A);
    rig.store().drop(A);
    cutPower();
    assertEquals(List.of("2:5.9"), survey());
    assertEquals(Outcome.DONE, rig.store().remove(B, change(6, 1, Durability.DURABLE)));
    rig.store().drop(B);
    assertEquals(Outcome.DONE, create(B, 1, 5, 9));
  }

  @Test
  void everythingIsFlushedOnAllDisks() throws IOException {
    for (int i = 0; i < 20; i++) {
      assertEquals(Outcome.DONE, create(ObjectId.attribute(VDI, i), 1, 1, 1));
      Change deferred = change(1, 2, Durability.DEFERRED);
      ObjectId object = ObjectId.attribute(VDI, i);
      assertEquals(Outcome.DONE, rig.store().write(object, extent(7), deferred));
    }
    rig.store().flushAll();
    cutPower();
    for (int i = 0; i < 20; i++) {
      assertEquals(7, first(ObjectId.attribute(VDI, i)));
    }
  }
}

package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.DATA;
import static dev.kelpie.cache.CacheRig.INODE;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static dev.kelpie.cache.CacheRig.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.SimulatedCrash;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Ends the world at each single store, write and sync of a scenario, and looks at what the next
/// start serves (I4, I5, I6, I15).
final class CacheCrashPointsTest {
  private static final ObjectId CREATED = ObjectId.data(VDI, 1);
  private static final ObjectId DROPPED = ObjectId.data(VDI, 2);

  private final RandomGenerator chance = Seeds.generator("CacheCrashPointsTest");

  /// How far the scenario came: the number of the last step that was answered.
  private int answered;

  @Test
  void killAtAnyStepKeepsEveryAcknowledgedWrite_I4() throws IOException {
    boolean crashed = true;
    for (long step = 1; crashed; step++) {
      CacheRig rig = new CacheRig();
      crashed = crashes(rig, step);
      if (crashed) {
        rig.kill();
        checkLive(rig, step);
        CacheCheck.check(rig.cache);
        rig.cache.flush(VDI);
        checkLive(rig, step);
        rig.cache.drop(VDI, false);
        checkLive(rig, step);
        rig.cache.close();
      }
      rig.stop();
    }
  }

  @Test
  void powerCutAtAnyStepKeepsEveryFlushedWrite_I4_I5() throws IOException {
    boolean crashed = true;
    // Every third step: the steps in between differ little, and each is tried with three remains.
    for (long step = 1; crashed; step += 3) {
      for (Keep keep : Keep.values()) {
        CacheRig rig = new CacheRig();
        crashed = crashes(rig, step);
        if (crashed) {
          rig.cutPower(chance, keep);
          checkDurable(rig, step);
          rig.cache.close();
        }
        rig.stop();
      }
    }
  }

  @Test
  void killAtAnyStepOfAStartBringsBackNothingOfALeaseThatWentElsewhere_I4_I8() throws IOException {
    boolean crashed = true;
    for (long step = 1; crashed; step++) {
      CacheRig rig = new CacheRig();
      rig.stored(DATA, 1);
      rig.read(DATA, 0, BLOCK);
      rig.write(DATA, CHUNK, filled(BLOCK, 7));
      rig.write(DATA, CHUNK - BLOCK, filled(BLOCK, 8));
      rig.leases.takeAway(VDI);
      MemoryDisk next = rig.disk.afterProcessKill();
      rig.stop();
      next.countMappedStores();
      next.crashAt(step);
      try {
        rig.start(next);
        next.crashAt(Long.MAX_VALUE);
        crashed = false;
      } catch (SimulatedCrash e) {
        rig.start(next.afterProcessKill());
      }
      String where = "killed at step " + step + " of the start";
      rig.stored(DATA, 2); // the new owner writes
      assertEquals(pattern(2, 0), rig.read(DATA, 0, 1)[0], where);
      assertEquals(pattern(2, 16), rig.read(DATA, CHUNK, 1)[0], where);
      rig.cache.flush(VDI);
      assertEquals(pattern(2, 16), rig.behind(DATA, CHUNK, 1)[0], where);
      assertEquals(1, rig.leases.losses().size(), where);
      CacheCheck.check(rig.cache);
      rig.cache.close();
    }
  }

  private boolean crashes(CacheRig rig, long step) throws IOException {
    rig.stored(DATA, 1);
    rig.stored(INODE, 2);
    MemoryDisk disk = rig.disk;
    disk.countMappedStores();
    disk.crashAt(step);
    answered = 0;
    try {
      scenario(rig);
      return false;
    } catch (SimulatedCrash e) {
      return true;
    }
  }

  private void scenario(CacheRig rig) throws IOException {
    rig.read(DATA, 2 * CHUNK, BLOCK);
    rig.write(DATA, 2 * CHUNK + 100, filled(1000, 11));
    answered = 1;
    rig.create(CREATED, Base.ZEROS, CHUNK, filled(2 * BLOCK, 12), CacheMode.WRITEBACK);
    answered = 2;
    rig.write(INODE, 4664 + 4, new byte[] {9, 9, 9, 9});
    answered = 3;
    rig.cache.flush(VDI);
    answered = 4;
    rig.write(CREATED, CHUNK, filled(BLOCK, 13));
    answered = 5;
    rig.write(DATA, 2 * CHUNK, filled(2 * BLOCK, 14));
    answered = 6;
    rig.create(CREATED, new Base.CopyOf(DATA), 5, filled(3, 15), CacheMode.WRITEBACK);
    answered = 7;
    rig.cache.flush(VDI);
    answered = 8;
    rig.write(INODE, 4664 + 4, new byte[4]);
    answered = 9;
    rig.remove(CREATED, CacheMode.WRITEBACK);
    answered = 10;
    rig.create(DROPPED, Base.ZEROS, 0, filled(2 * BLOCK, 16), CacheMode.WRITEBACK);
    answered = 11;
    rig.remove(DROPPED, CacheMode.WRITEBACK);
    answered = 12;
    rig.write(DATA, 5 * CHUNK, filled(BLOCK, 17)); // into the chunk that was dirty
    answered = 13;
    rig.cache.close();
    answered = 14;
  }

  /// Every answered step is there, and of the one under way a sector is old or new. Nobody is told
  /// of a loss.
  private void checkLive(CacheRig rig, long step) throws IOException {
    one(rig, step, DATA, 2 * CHUNK + 600, after(1, 11), after(6, 14), before(1, pattern(1, 32)));
    one(rig, step, DATA, 2 * CHUNK + 99, after(6, 14), before(6, pattern(1, 32)));
    one(rig, step, DATA, 5 * CHUNK + 1, after(13, 17), before(13, pattern(1, 80)));
    one(rig, step, DATA, 5 * CHUNK + BLOCK, before(15, pattern(1, 81)));
    one(rig, step, INODE, 4668, after(9, 0), between(3, 9, 9), before(3, pattern(2, 1)));
    if (answered >= 2 && answered < 9) {
      one(
          rig,
          step,
          CREATED,
          CHUNK + 700,
          after(7, pattern(1, 16)),
          between(5, 7, 13),
          between(2, 5, 12));
    }
    assertEquals(List.of(), rig.leases.losses(), "killed at " + step);
  }

  /// What was flushed is there or newer.
  private void checkDurable(CacheRig rig, long step) throws IOException {
    if (answered >= 4) {
      Set<Integer> entry = Set.of((int) rig.read(INODE, 4668, 1)[0]);
      assertTrue(entry.equals(Set.of(9)) || (answered >= 8 && entry.equals(Set.of(0))));
      oneOf(rig, step, DATA, 2 * CHUNK + 600, answered >= 8 ? Set.of(14) : Set.of(11, 14));
    }
    // I5: an inode that names the object is durable only where the object is.
    if (rig.behind(INODE, 4668, 1)[0] == 9) {
      assertTrue(rig.store.bytes(CREATED).isPresent(), "step " + step);
      oneOf(
          rig,
          step,
          CREATED,
          CHUNK + 700,
          answered >= 8 ? Set.of((int) pattern(1, 16)) : Set.of(12, 13, (int) pattern(1, 16)));
    }
  }

  /// A value and the steps after whose answers it may be seen.
  private record Value(int value, int from, int until) {}

  private static Value after(int step, int value) {
    return new Value(value, step, Integer.MAX_VALUE);
  }

  private static Value before(int step, int value) {
    return new Value(value, 0, step);
  }

  private static Value between(int from, int until, int value) {
    return new Value(value, from, until);
  }

  /// The byte has the value of the last answered step, or of the one that was under way.
  private void one(CacheRig rig, long step, ObjectId id, int offset, Value... values)
      throws IOException {
    int found = rig.read(id, offset, 1)[0];
    for (Value v : values) {
      if (v.value == found && answered + 1 >= v.from && answered < v.until) {
        return;
      }
    }
    throw new AssertionError(
        "killed at "
            + step
            + " after answer "
            + answered
            + ": "
            + id
            + " has "
            + found
            + " at "
            + offset);
  }

  private static void oneOf(CacheRig rig, long step, ObjectId id, int offset, Set<Integer> values)
      throws IOException {
    int found = rig.read(id, offset, 1)[0];
    assertTrue(values.contains(found), "cut at " + step + ": " + id + " has " + found);
  }
}

package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.kelpie.model.Invariant.InvariantBroken;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.Seeds;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Random work against a model that knows for every sector which values it may have: one while all
/// goes well, those since the last barrier after a power cut (I1, I2, I4, I6, I7, I9, I11, I14,
/// I15, I19). `-Dseed=` replays a run, `-Dcache.model.rounds=` makes it longer.
final class CacheModelTest {
  private static final int SECTOR = 512;
  private static final int OBJECTS = 6;
  private static final int STEPS = 150;
  private static final List<VdiId> VDIS = List.of(new VdiId(0x11), new VdiId(0x22));

  /// What one object may be: absent, or an array of sector values, each sector one of several.
  private static final class Model {
    /// The versions since the last barrier, oldest first; the last is what a reader sees now.
    private final List<int[]> versions = new ArrayList<>();

    Model() {
      versions.add(new int[0]);
    }

    /// Sector values; empty for an absent object.
    int[] now() {
      return versions.getLast();
    }

    void becomes(int[] version) {
      versions.add(version);
    }

    /// A write that was durable when it was answered: of these sectors nothing else is possible any
    /// more, and the object is there. What was written before is as undurable as it was.
    void overwritten(int first, int count, int stamp) {
      versions.removeIf(version -> version.length == 0);
      versions.forEach(version -> Arrays.fill(version, first, first + count, stamp));
    }

    void durable() {
      int[] last = now();
      versions.clear();
      versions.add(last);
    }
  }

  private final Map<ObjectId, Model> models = new LinkedHashMap<>();
  private final List<String> history = new ArrayList<>();
  private RandomGenerator chance = new Random(0);
  private CacheRig rig = new CacheRig();
  private int stamps;

  CacheModelTest() throws IOException {}

  @Test
  void everySectorHasAValueThatItMayHave() throws IOException {
    int rounds = Integer.getInteger("cache.model.rounds", 12);
    long first = Seeds.seed();
    for (int round = 0; round < rounds; round++) {
      long seed = first + round;
      try {
        run(seed);
      } catch (IOException | RuntimeException | AssertionError e) {
        fail(
            "seed "
                + seed
                + ", last steps: "
                + history.subList(Math.max(0, history.size() - 40), history.size()),
            e);
      }
    }
  }

  private void run(long seed) throws IOException {
    chance = new Random(seed);
    rig = new CacheRig(CacheConfig.SIZE_MIN);
    models.clear();
    history.clear();
    for (int i = 0; i < OBJECTS; i++) {
      models.put(ObjectId.data(VDIS.get(i % 2), i), new Model());
    }
    for (int step = 0; step < STEPS; step++) {
      step();
    }
    models.keySet().forEach(this::readAll);
    rig.platform.assertNoFailures();
    checkAtRest();
    rig.cache.close();
  }

  /// What is written behind may be under way: then the counts of one moment do not add up.
  private void checkAtRest() {
    Await.until(
        "the cache's counts are right",
        () -> {
          try {
            CacheCheck.check(rig.cache);
            return true;
          } catch (InvariantBroken e) {
            if (!history.getLast().equals(e.getMessage())) {
              history.add(e.getMessage());
            }
            return false;
          }
        });
  }

  private void step() throws IOException {
    ObjectId id = pick();
    switch (chance.nextInt(24)) {
      case 0, 1, 2, 3, 4, 5, 6 -> write(id, mode());
      case 7, 8, 9, 10 -> read(id, mode());
      case 11, 12 -> create(id, mode());
      case 13 -> copy(id, pick(), mode());
      case 14 -> remove(id, mode());
      case 15, 16, 17 -> flush(id.vdi());
      case 18 -> failedFlush(id.vdi());
      case 19 -> kill();
      case 20 -> cutPower();
      case 21 -> restart();
      case 22 -> drop(id.vdi());
      default -> checkAtRest();
    }
  }

  private ObjectId pick() {
    return List.copyOf(models.keySet()).get(chance.nextInt(OBJECTS));
  }

  private CacheMode mode() {
    return switch (chance.nextInt(6)) {
      case 0 -> CacheMode.DIRECT;
      case 1 -> CacheMode.WRITETHROUGH;
      default -> CacheMode.WRITEBACK;
    };
  }

  private void write(ObjectId id, CacheMode mode) throws IOException {
    int first = sector();
    int count = Math.min(1 + sizes(), sectors() - first);
    say("write " + mode, id, first, count);
    Model model = model(id);
    // The cache takes the caller's word that an object is there; front ends look at the inode.
    if (model.now().length == 0) {
      return;
    }
    int stamp = ++stamps;
    assertEquals(Outcome.DONE, rig.write(id, first * SECTOR, bytes(stamp, count), mode));
    int[] next = model.now().clone();
    Arrays.fill(next, first, first + count, stamp);
    model.becomes(next);
    if (mode != CacheMode.WRITEBACK) {
      model.overwritten(first, count, stamp);
    }
  }

  private void create(ObjectId id, CacheMode mode) throws IOException {
    int first = sector();
    int count = Math.min(sizes(), sectors() - first);
    say("create " + mode, id, first, count);
    int stamp = ++stamps;
    assertEquals(
        Outcome.DONE, rig.create(id, Base.ZEROS, first * SECTOR, bytes(stamp, count), mode));
    int[] next = new int[sectors()];
    pushedBetween(id, next);
    Arrays.fill(next, first, first + count, stamp);
    became(id, next, mode);
  }

  private void copy(ObjectId id, ObjectId parent, CacheMode mode) throws IOException {
    // A parent is frozen: here that means that nothing of it is under way to the store.
    if (parent.equals(id) || model(parent).now().length == 0) {
      return;
    }
    flush(parent.vdi());
    int first = sector();
    int count = Math.min(sizes(), sectors() - first);
    say("copy of " + parent + " " + mode, id, first, count);
    int stamp = ++stamps;
    assertEquals(
        Outcome.DONE,
        rig.create(id, new Base.CopyOf(parent), first * SECTOR, bytes(stamp, count), mode));
    int[] next = model(parent).now().clone();
    pushedBetween(id, next);
    Arrays.fill(next, first, first + count, stamp);
    became(id, next, mode);
    // The parent stays frozen for as long as its copy is not pushed.
    flush(id.vdi());
  }

  /// What is pushed in the background while an object comes to be may be the object without its
  /// first bytes; a power cut leaves that where no barrier came after.
  private void pushedBetween(ObjectId id, int[] made) {
    model(id).becomes(made.clone());
  }

  private void became(ObjectId id, int[] next, CacheMode mode) {
    model(id).becomes(next);
    if (mode != CacheMode.WRITEBACK) {
      model(id).durable();
    }
  }

  private void remove(ObjectId id, CacheMode mode) throws IOException {
    say("remove " + mode, id, 0, 0);
    if (model(id).now().length == 0) {
      return;
    }
    rig.remove(id, mode);
    model(id).becomes(new int[0]);
    if (mode != CacheMode.WRITEBACK) {
      model(id).durable();
    }
  }

  private void read(ObjectId id, CacheMode mode) throws IOException {
    int first = sector();
    int count = Math.min(1 + sizes(), sectors() - first);
    say("read " + mode, id, first, count);
    check(id, first, count, mode);
  }

  private void flush(VdiId vdi) throws IOException {
    say("flush " + vdi);
    rig.cache.flush(vdi);
    models.forEach((id, model) -> {
      if (id.vdi().equals(vdi)) {
        model.durable();
      }
    });
  }

  private void failedFlush(VdiId vdi) {
    say("flush that fails " + vdi);
    StoreCall call = chance.nextBoolean() ? StoreCall.WRITE : StoreCall.FLUSH;
    try (Faults.Ended _ = rig.store.faults().fail(call, id -> id.vdi().equals(vdi))) {
      rig.cache.flush(vdi);
    } catch (IOException e) {
      // Part of it may be durable now: the model has all versions since the last barrier anyway.
      say("failed: " + e.getMessage());
    }
  }

  private void kill() throws IOException {
    say("kill");
    rig.kill();
  }

  private void restart() throws IOException {
    say("restart");
    rig.cache.close();
    for (VdiId vdi : VDIS) {
      rig.store.flush(vdi); // as the node does, which closes the store behind the cache
    }
    rig.start(rig.disk);
    models.values().forEach(Model::durable);
  }

  private void cutPower() throws IOException {
    say("power cut");
    rig.cutPower(chance, List.of(Keep.values()).get(chance.nextInt(3)));
    for (ObjectId id : models.keySet()) {
      int[] found = content(id);
      for (int s = 0; s < found.length; s++) {
        int sector = s;
        int value = found[s];
        if (model(id).versions.stream()
            .noneMatch(v -> v.length == found.length && v[sector] == value)) {
          fail("after a power cut, sector " + s + " of " + id + " has " + value);
        }
      }
      if (found.length == 0 && model(id).versions.stream().noneMatch(v -> v.length == 0)) {
        fail("after a power cut, " + id + " is gone");
      }
      model(id).becomes(found);
      model(id).durable();
    }
  }

  private void drop(VdiId vdi) throws IOException {
    say("drop " + vdi);
    assertEquals(0, rig.cache.drop(vdi, false));
    models.forEach((id, model) -> {
      if (id.vdi().equals(vdi)) {
        model.durable();
      }
    });
  }

  private void readAll(ObjectId id) {
    try {
      check(id, 0, sectors(), CacheMode.WRITEBACK);
    } catch (IOException e) {
      throw new AssertionError("reading " + id, e);
    }
  }

  private void check(ObjectId id, int first, int count, CacheMode mode) throws IOException {
    ByteBuffer into = ByteBuffer.allocateDirect(count * SECTOR);
    Access access = new Access(id.vdi(), rig.leases.generation(id.vdi()), mode, Patience.WAIT);
    Outcome outcome = rig.cache.read(id, first * SECTOR, into, access);
    int[] expected = model(id).now();
    assertEquals(expected.length == 0 ? Outcome.NO_OBJECT : Outcome.DONE, outcome, id::toString);
    for (int s = 0; s < count && expected.length > 0; s++) {
      assertEquals(expected[first + s], stampOf(into, s), "sector " + (first + s) + " of " + id);
    }
  }

  private int[] content(ObjectId id) throws IOException {
    ByteBuffer into = ByteBuffer.allocateDirect(id.size());
    Access access =
        new Access(id.vdi(), rig.leases.generation(id.vdi()), CacheMode.WRITEBACK, Patience.WAIT);
    if (rig.cache.read(id, 0, into, access) == Outcome.NO_OBJECT) {
      return new int[0];
    }
    int[] stamps = new int[sectors()];
    Arrays.setAll(stamps, s -> stampOf(into, s));
    return stamps;
  }

  /// The stamp that fills a sector.
  private static int stampOf(ByteBuffer bytes, int sector) {
    int stamp = bytes.getInt(sector * SECTOR);
    for (int i = 0; i < SECTOR; i += 4) {
      assertEquals(stamp, bytes.getInt(sector * SECTOR + i), "a torn sector");
    }
    return stamp;
  }

  private static byte[] bytes(int stamp, int sectors) {
    ByteBuffer bytes = ByteBuffer.allocate(sectors * SECTOR);
    while (bytes.hasRemaining()) {
      bytes.putInt(stamp);
    }
    return bytes.array();
  }

  private Model model(ObjectId id) {
    Model model = models.get(id);
    if (model == null) {
      throw new AssertionError("no model of " + id);
    }
    return model;
  }

  /// Mostly near the start, so that operations meet.
  private int sector() {
    return chance.nextInt(10) == 0 ? chance.nextInt(sectors()) : chance.nextInt(600);
  }

  private int sizes() {
    return switch (chance.nextInt(8)) {
      case 0 -> chance.nextInt(4000);
      case 1, 2 -> chance.nextInt(200);
      default -> chance.nextInt(20);
    };
  }

  private static int sectors() {
    return ObjectId.DATA_SIZE / SECTOR;
  }

  private void say(String what, ObjectId id, int first, int count) {
    say(what + " " + id + " " + first + "+" + count);
  }

  private void say(String what) {
    history.add(what);
  }
}

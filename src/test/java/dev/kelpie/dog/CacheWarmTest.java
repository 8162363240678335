package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.util.List;
import org.junit.jupiter.api.Test;

/// `dog vdi cache warm`.
final class CacheWarmTest {
  private static final int TEST = 0x7c2b25;
  private static final int PARENT = 0x99;

  /// A disk of 13 MiB: its own object, its parent's, a hole, its own again.
  private static DogRun disk() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("test", TEST, 13 << 20), TEST, PARENT, 0, TEST);
    return run;
  }

  private static List<RequestFields.Range> asked(DogRun run) {
    return run.sheep.requests.stream()
        .filter(request -> request.opcode().orElseThrow() == Opcode.WARM_CACHE)
        .map(request -> (RequestFields.Range) request.fields())
        .toList();
  }

  @Test
  void everyObjectThatIsThereIsReadInSmallParts() {
    DogRun run = disk();
    run.dog("vdi cache warm test").prints("9.0 MB read into the cache of 9.0 MB in test\n");
    List<RequestFields.Range> asked = asked(run);
    assertEquals(9, asked.size());
    assertEquals(
        new RequestFields.Range(ObjectId.data(new VdiId(PARENT), 1), 3 << 20, TEST, 1 << 20),
        asked.get(7));
    assertEquals(ObjectId.data(new VdiId(TEST), 3), asked.get(8).object());
  }

  @Test
  void aRangeHasAnOffsetAndMayHaveALength() {
    DogRun run = disk();
    run.dog("vdi cache warm --range 1536K:1M test")
        .prints("1.0 MB read into the cache of 1.0 MB in test\n");
    ObjectId first = ObjectId.data(new VdiId(TEST), 0);
    assertEquals(
        List.of(
            new RequestFields.Range(first, 1536 << 10, TEST, 512 << 10),
            new RequestFields.Range(first, 2 << 20, TEST, 512 << 10)),
        asked(run));
    disk()
        .dog("vdi cache warm -R 12M test")
        .prints("1.0 MB read into the cache of 1.0 MB in test\n");
    disk()
        .dog("vdi cache warm -R 8M:4M test")
        .prints("0.0 MB read into the cache of 0.0 MB in test\n");
    disk().dog("vdi cache warm -R 14M test").fails("Warm offset is beyond the end of the VDI\n", 1);
    assertEquals(64, disk().dog("vdi cache warm -R x:1 test").status());
  }

  @Test
  void whatDoesNotFitIsSaid() {
    DogRun run = disk();
    run.sheep.cacheRoom = 3 << 20;
    run.dog("vdi cache warm test");
    assertEquals("3.0 MB read into the cache of 9.0 MB in test\n", run.out());
    assertEquals(
        "The cache has no room for more: 6.0 MB were left out. Say which part is wanted (-R),"
            + " or give it more (sheep -w)\n",
        run.err());
    assertEquals(1, run.status());
    assertEquals(4, asked(run).size());
  }

  @Test
  void progressIsShownOnATerminal() {
    DogRun run = disk();
    run.terminal = DogRun.terminalOf(80);
    run.dog("vdi cache warm test");
    assertTrue(run.out().contains("100.0 % ["), run.out());
    assertTrue(run.out().contains(" 11.1 % ["), run.out());
  }

  @Test
  void itEndsWhereTheVdiIsDeletedOrTheSheepHasNoCache() {
    DogRun deleted = disk();
    deleted.sheep.refusals.put(Opcode.WARM_CACHE, ResultCode.NO_VDI);
    deleted.dog("vdi cache warm test").fails("VDI test was deleted meanwhile\n", 1);
    DogRun bare = disk();
    bare.sheep.refusals.put(Opcode.WARM_CACHE, ResultCode.NO_CACHE);
    bare.dog("vdi cache warm test")
        .fails(
            "This sheep has no object cache, or it turned itself off (see sheep.log): start it with"
                + " -w size=SIZE\n",
            1);
    DogRun broken = disk();
    broken.sheep.refusals.put(Opcode.WARM_CACHE, ResultCode.EIO);
    broken.dog("vdi cache warm test").fails("Failed to warm VDI test: I/O error\n", 1);
    assertEquals(1, asked(broken).size());
  }
}

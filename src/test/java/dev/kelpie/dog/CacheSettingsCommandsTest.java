package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.wire.DiskCache;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import org.junit.jupiter.api.Test;

/// `dog vdi cache mode` and `quota`.
final class CacheSettingsCommandsTest {
  private static DogRun withDisk() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("vm", 0xc59887, 8 << 20));
    return run;
  }

  @Test
  void theModeIsShownAndChanged() {
    DogRun run = withDisk();
    run.dog("vdi cache mode vm").prints("writeback\n");
    run.dog("vdi cache mode vm writethrough").prints("");
    run.dog("vdi cache mode vm").prints("writethrough\n");
    run.dog("vdi cache mode vm none").prints("");
    run.dog("vdi cache mode -j vm")
        .prints("{\"name\":\"vm\",\"mode\":\"none\",\"max\":0,\"min\":0,\"used\":5242880}\n");
    run.dog("vdi cache mode vm directsync")
        .fails(
            "Invalid cache mode 'directsync': must be writeback, writethrough or none\n",
            ExitStatus.USAGE);
    run.sheep.desk.diskCache = new DiskCache(0, 9, 0, 0, 0, 0, 0, 0);
    run.dog("vdi cache mode vm")
        .fails(
            "The sheep has a cache mode that this dog does not know (9): use a newer dog\n",
            ExitStatus.SYSTEM);
  }

  @Test
  void theQuotaIsShownAndChangedInParts() {
    DogRun run = withDisk();
    run.dog("vdi cache quota vm").prints("Name\tMax\tMin\tUsed\nvm\tnone\tnone\t5.0 MB\n");
    run.dog("vdi cache quota --max 512M vm").prints("");
    run.dog("vdi cache quota vm -m 256M").prints("");
    run.dog("vdi cache quota vm").prints("Name\tMax\tMin\tUsed\nvm\t512 MB\t256 MB\t5.0 MB\n");
    run.dog("vdi cache quota vm --min none --max 0").prints("");
    run.dog("vdi cache quota vm --json")
        .prints("{\"name\":\"vm\",\"mode\":\"writeback\",\"max\":0,\"min\":0,\"used\":5242880}\n");
    run.dog("vdi cache quota vm --max many")
        .fails(
            "Invalid size 'many'\nYou may use B, K, M, G, T or P suffixes for bytes, kilobytes,"
                + " megabytes, gigabytes, terabytes and petabytes.\n",
            ExitStatus.USAGE);
  }

  @Test
  void whatCannotBeIsRefusedWithTheReasonAndAWayOut() {
    DogRun run = withDisk();
    run.dog("vdi cache quota vm --max 100M --min 200M")
        .fails(
            "VDI vm cannot have more reserved (200 MB) than it may take (100 MB): raise --max or"
                + " lower --min\n",
            1);
    run.dog("vdi cache quota vm --max 1000K")
        .fails(
            "The quota of VDI vm cannot be less than 1.0 MB; '--max none' takes it away, and 'dog"
                + " vdi cache mode vm none' keeps it out of the cache\n",
            1);
    run.dog("vdi cache quota vm --min 257M")
        .fails(
            "VDI vm cannot have 257 MB reserved: of the cache of 1.0 GB three quarters can be, and"
                + " other disks have reserved 512 MB, which leaves 256 MB; lower --min here or"
                + " there, or make the cache larger (sheep -w size=SIZE)\n",
            1);
    run.dog("vdi cache quota vm --min 256M").prints("");
    run.sheep.desk.diskCache = new DiskCache(0, 0, 0, 0, 0, 0, 0, 0);
    run.dog("vdi cache quota vm --max 1G")
        .fails("The sheep has no object cache to divide: start it with -w size=SIZE\n", 1);
    run.dog("vdi cache quota gone")
        .fails("Failed to open VDI gone (snapshot id: 0 snapshot tag: ): No VDI found\n", 1);
    run.dog("vdi cache mode -s 1 vm")
        .fails(
            "A snapshot has no cache settings of its own, those of its disk hold: leave -s out\n",
            ExitStatus.USAGE);
  }

  @Test
  void aRefusalOfTheSheepIsTold() {
    DogRun run = withDisk();
    run.sheep.refusals.put(Opcode.CACHE_SETTINGS, ResultCode.EIO);
    String out = run.dog("vdi cache mode vm none").err();
    assertTrue(out.startsWith("The cache settings of VDI vm may be changed, but"), out);
    run.sheep.refusals.put(Opcode.CACHE_SETTINGS, ResultCode.INVALID_PARMS);
    run.dog("vdi cache mode vm none")
        .fails("Failed to change the cache settings of VDI vm: Invalid parameters\n", 1);
    run.dog("vdi cache mode vm")
        .fails("Failed to get the cache settings of VDI vm: Invalid parameters\n", 1);
    assertEquals(Opcode.CACHE_SETTINGS, run.sheep.requests.getLast().opcode().orElseThrow());
  }
}

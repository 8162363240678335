package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.ObjectCacheInfo;
import dev.kelpie.wire.ResultCode;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Listings for programs. Field names are a promise: they may be added to, and never change.
final class JsonTest {
  private static final int VM1 = 0xc59887;

  private static DogRun cluster() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("vm1", "base", VM1, 1, 1, 0, 8 << 20), VM1, VM1);
    run.sheep.vdi(FakeSheep.inode("vm1", "", VM1 + 1, 0, 2, VM1, 8 << 20), VM1 + 1, VM1);
    return run;
  }

  @Test
  void textIsQuoted() {
    assertEquals(
        "[\"a\\\"b\\\\c\\u000ad\\u007f\"]",
        new Json().open('[').element("a\"b\\c\nd\u007f").close(']').toString());
    assertEquals(
        "[\"\u00c3\u00a4\",\"\\u00e4x\"]",
        new Json().open('[').element("\u00c3\u00a4").element("\u00e4x").close(']').toString(),
        "UTF-8 stays, other bytes become characters");
  }

  @Test
  void vdis() {
    cluster()
        .dog("vdi list --json")
        .prints(
            "[{\"name\":\"vm1\",\"vdi\":\"c59887\",\"snapshot\":true,\"snapshot_id\":1,"
                + "\"tag\":\"base\",\"clone\":false,\"size\":8388608,\"used\":8388608,"
                + "\"shared\":0,\"created\":1795354455,\"redundancy\":\"2\"},"
                + "{\"name\":\"vm1\",\"vdi\":\"c59888\",\"snapshot\":false,\"snapshot_id\":0,"
                + "\"tag\":\"\",\"clone\":false,\"size\":8388608,\"used\":4194304,"
                + "\"shared\":4194304,\"created\":1795354455,\"redundancy\":\"2\"}]\n");
    cluster().dog("vdi list -j gone").prints("[]\n");
  }

  @Test
  void theTree() {
    cluster()
        .dog("vdi tree -j")
        .prints(
            "[{\"name\":\"vm1\",\"vdi\":\"c59887\",\"snapshot\":true,\"tag\":\"base\","
                + "\"created\":1795354455,\"children\":["
                + "{\"name\":\"vm1\",\"vdi\":\"c59888\",\"snapshot\":false,\"tag\":\"\","
                + "\"created\":1795354455,\"children\":[]}]}]\n");
  }

  @Test
  void nodes() {
    cluster()
        .dog("node list -j")
        .prints("[{\"id\":0,\"address\":\"127.0.0.1\",\"port\":7000,\"vnodes\":128,\"zone\":1}]\n");
    cluster()
        .dog("node info -j")
        .prints(
            "{\"nodes\":[{\"id\":0,\"size\":107374182400,\"used\":26843545600,"
                + "\"free\":80530636800}],\"total\":{\"size\":107374182400,"
                + "\"used\":26843545600,\"free\":80530636800},\"virtual_size\":8388608}\n");
  }

  @Test
  void theCluster() {
    DogRun run = cluster();
    run.sheep.epochs.add(
        new EpochLog(
            FakeSheep.NOW << 32, FakeSheep.NOW, 1, true, 2, 0, 0, "plain", run.sheep.nodes));
    run.dog("cluster info -j")
        .prints(
            "{\"running\":true,\"state\":\"running\",\"auto_recovery\":false,"
                + "\"created\":1795354455,\"store\":\"plain\",\"redundancy\":\"2\","
                + "\"epochs\":[{\"epoch\":1,\"time\":1795354455,"
                + "\"nodes\":[\"127.0.0.1:7000\"]}]}\n");
    DogRun waiting = new DogRun();
    waiting.sheep.clusterState = ResultCode.WAIT_FOR_FORMAT;
    waiting
        .dog("cluster info -j")
        .prints(
            "{\"running\":false,\"state\":\"Waiting for cluster to be formatted\","
                + "\"epochs\":[]}\n");
  }

  @Test
  void theCache() {
    DogRun run = cluster();
    run.sheep.cache =
        Optional.of(
            new ObjectCacheInfo(
                1 << 30, 1 << 20, List.of(new ObjectCacheInfo.CachedVdi(VM1, 1, 3)), false));
    run.dog("vdi cache info -j")
        .prints(
            "{\"size\":1073741824,\"used\":1048576,\"directio\":false,\"vdis\":["
                + "{\"name\":\"vm1\",\"tag\":\"base\",\"vdi\":\"c59887\",\"total\":12582912,"
                + "\"dirty\":4194304,\"clean\":8388608}]}\n");
  }
}

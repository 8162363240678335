package dev.kelpie.cluster.zookeeper;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.apache.zookeeper.common.PathUtils;
import org.junit.jupiter.api.Test;

final class NamesTest {
  private final Names names = new Names("/storage/one");

  @Test
  void theLastWordIsTheRecordAndTheOthersAreDirectories() {
    assertEquals("/storage/one/vdi/=7c2b25", names.record("vdi/7c2b25"));
    assertEquals("/storage/one/=cluster", names.record("cluster"));
    assertEquals("/storage/one/vdi", names.directory("vdi/"));
    assertEquals("/storage/one/vdi", names.directory("vdi/7c"));
    assertEquals("/storage/one", names.directory("vdi"));
    assertEquals("/storage/one", names.directory(""));
  }

  @Test
  void everyKeyHasAZnodeOfItsOwnThatZooKeeperTakes() {
    List<String> keys =
        List.of(
            "a",
            "a/b",
            "a/b/c",
            "=a",
            "+commits/a",
            "%3da",
            "./..",
            "a/./b",
            "...",
            "zookeeper",
            "Grün und \u0001 \ud83d\ude00/x y",
            "a%2fb",
            "A.B:c@d_e-f");
    assertEquals(keys.size(), keys.stream().map(names::record).distinct().count());
    for (String key : keys) {
      String path = names.record(key);
      assertDoesNotThrow(() -> PathUtils.validatePath(path));
      assertEquals(Optional.of(key), names.key(path), path);
    }
  }

  @Test
  void whatIsNoRecordHasNoKey() {
    assertEquals(Optional.empty(), names.key("/storage/one"));
    assertEquals(Optional.empty(), names.key("/storage/one/vdi"));
    assertEquals(Optional.empty(), names.key("/storage/one/+commits/1a-1"));
    assertEquals(Optional.empty(), names.key("/storage/one/+commits/=1"));
    assertEquals(Optional.empty(), names.key("/storage/one/=a/=b"));
    assertEquals(Optional.empty(), names.key("/storage/other/=a"));
    assertEquals(Optional.of("100%/5%2"), names.key("/storage/one/100%/=5%2"));
  }

  @Test
  void keysAreWordsJoinedBySlashes() {
    for (String bad : List.of("", "/", "/a", "a/", "a//b", "ä".repeat(257))) {
      assertThrows(IllegalArgumentException.class, () -> Names.check(bad), bad);
    }
    Names.check("ä".repeat(256));
  }
}

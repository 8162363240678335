package dev.kelpie.cluster.zookeeper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.config.BadValue;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class ZooKeeperOptionsTest {
  private static final Duration DEFAULT = Duration.ofSeconds(30);

  @Test
  void serversAlone() throws BadValue {
    assertEquals(
        new ZooKeeperOptions("a:2181,b.example:99,[::1]:7,[::2]:2181", "/kelpie", DEFAULT, none()),
        ZooKeeperOptions.parse("a,b.example:99,[::1]:7,[::2]"));
  }

  @Test
  void everything() throws BadValue {
    assertEquals(
        new ZooKeeperOptions(
            "10.0.0.1:2181,10.0.0.2:2182",
            "/storage/one",
            Duration.ofMillis(1500),
            Optional.of(Path.of("/etc/kelpie/zk.properties"))),
        ZooKeeperOptions.parse(
            "10.0.0.1:2181,10.0.0.2:2182/storage/one,timeout=1500,config=/etc/kelpie/zk.properties"));
  }

  @Test
  void optionsInAnyOrderAndEmptyItems() throws BadValue {
    assertEquals(
        new ZooKeeperOptions("a:1,b:2", "/kelpie", Duration.ofMillis(1), none()),
        ZooKeeperOptions.parse("a:1,,timeout=1,b:2,"));
  }

  @Test
  void noServers() {
    for (String text : List.of("", ",", "timeout=3000", "timeout=3000,config=/etc/zk")) {
      assertEquals("You must specify zookeeper servers.", refusal(text));
    }
  }

  @Test
  void badTimeouts() {
    for (String timeout : List.of("", "0", "-1", "3s", "1e3", "86400001", "99999999999999999999")) {
      assertEquals("Invalid parameter for timeout", refusal("a,timeout=" + timeout));
    }
  }

  @Test
  void badServersRootsAndFiles() {
    for (String text : List.of("a:", "a:0", "a:65536", "a b", ":2181", "::1", "a:1:2")) {
      assertTrue(refusal(text).startsWith("invalid zookeeper server '" + text + "'"), text);
    }
    for (String root : List.of("/", "//", "/a/", "/a//b", "/./a", "/a/..", "/a b", "/zookeeper")) {
      assertTrue(refusal("a" + root).startsWith("invalid root '" + root + "'"), root);
    }
    assertTrue(refusal("a/root,b").startsWith("invalid option b after the root"));
    assertTrue(refusal("a,config=").startsWith("invalid option config="));
  }

  private static String refusal(String text) {
    return assertThrows(BadValue.class, () -> ZooKeeperOptions.parse(text), text).text();
  }

  private static Optional<Path> none() {
    return Optional.empty();
  }
}

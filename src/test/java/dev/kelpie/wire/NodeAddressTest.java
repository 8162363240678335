package dev.kelpie.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.model.SheepHash;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class NodeAddressTest {
  @Test
  void addressesAreShownAsTheCLibraryShowsThem() throws UnknownHostException {
    assertEquals("127.0.0.1:7000", address("127.0.0.1").toString());
    assertEquals("255.254.253.252", address("255.254.253.252").host());
    assertEquals("::1:7000", address("::1").toString());
    assertEquals("::", address("::").host());
    assertEquals("fe80::1", address("fe80::1").host());
    assertEquals("2001:db8::1:0:0:1", address("2001:db8:0:0:1:0:0:1").host());
    assertEquals("2001:db8:0:1:1:1:1:1", address("2001:db8:0:1:1:1:1:1").host());
    assertEquals("1:2:3:4:5:6:7:8", address("1:2:3:4:5:6:7:8").host());
    assertEquals("1:2:3:4:5:6::", address("1:2:3:4:5:6:0:0").host());
    assertEquals("::3:4:5:6:7:8", address("0:0:3:4:5:6:7:8").host());
    assertEquals("::0.5.6.7", new NodeAddress(0, 0x00050607, 7000).host());
    assertEquals("::ffff:1.2.3.4", new NodeAddress(0, 0xffff01020304L, 7000).host());
  }

  @Test
  void longFormNamesTheFamily() throws UnknownHostException {
    assertEquals("IPv4 ip:127.0.0.1 port:7000", address("127.0.0.1").longForm());
    assertEquals("IPv6 ip:fe80::1 port:7000", address("fe80::1").longForm());
  }

  @Test
  void nodesAreSortedByAddressBytesAndThenByPort() throws UnknownHostException {
    List<NodeAddress> sorted =
        List.of(
            address("::1"),
            new NodeAddress(0, 0x7f000001L, 7000),
            new NodeAddress(0, 0x7f000001L, 40_000),
            address("200.0.0.1"),
            address("1::"),
            address("fe80::1"));
    assertEquals(
        sorted,
        Stream.of(
                sorted.get(5),
                sorted.get(3),
                sorted.get(2),
                sorted.get(4),
                sorted.get(1),
                sorted.get(0))
            .sorted()
            .toList());
  }

  @Test
  void defaultZoneIsTheAddressReadBackwards() throws UnknownHostException {
    assertEquals(16_777_343, address("127.0.0.1").zone());
  }

  @Test
  void bytesGoInAndOutInNetworkOrder() throws UnknownHostException {
    byte[] v6 = InetAddress.getByName("2001:db8::1").getAddress();
    assertArrayEquals(v6, NodeAddress.of(v6, 1).address());
    byte[] v4 = {10, 0, 0, (byte) 200};
    assertArrayEquals(v4, NodeAddress.of(v4, 1).address());
  }

  @Test
  void hashAndPointsOfANodeAreThoseOfTheVectors() throws UnknownHostException {
    points(
        address("127.0.0.1"),
        0x9cb3d6dd0a4c0f9fL,
        0x3af2cba6e538cdf3L,
        0xfd38432fd111924bL,
        0x2ad2bef8f506e35dL,
        0x6725098c6c35f186L);
    points(
        address("192.168.1.10"),
        0x3dd9570b7a776895L,
        0x1c7ce625896b8385L,
        0x0aca682890785d2aL,
        0x5ce399d3613fe70fL,
        0x72bca8ea5df647e6L);
  }

  private static void points(NodeAddress address, long base, long... points) {
    assertEquals(base, address.hash());
    long hash = base;
    for (long point : points) {
      hash = SheepHash.next(hash);
      assertEquals(point, hash);
    }
  }

  private static NodeAddress address(String text) throws UnknownHostException {
    return NodeAddress.of(InetAddress.getByName(text).getAddress(), 7000);
  }
}

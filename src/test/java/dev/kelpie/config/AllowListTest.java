package dev.kelpie.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AllowListTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.7, 10.0.0.7, true",
    "10.0.0.7, 10.0.0.8, false",
    "10.0.0.0/9, 10.127.255.255, true",
    "10.0.0.0/9, 10.128.0.0, false",
    "10.0.0.7/32, 10.0.0.7, true",
    "0.0.0.0/0, 203.0.113.9, true",
    "0.0.0.0/0, fd00::1, false",
    "::/0, fd00::1, true",
    "::/0, 10.0.0.7, false",
    "fd00:1::/33, fd00:1:7fff::1, true",
    "fd00:1::/33, fd00:1:8000::1, false",
    "::ffff:10.0.0.0/104, 10.1.2.3, true",
    "::ffff:10.0.0.7, 10.0.0.7, true",
    "'192.0.2.1, 10.0.0.0/8', 10.0.0.1, true",
    "'192.0.2.1,::1', 10.0.0.1, false",
  })
  void whoIsOnAList(String list, String client, boolean on) throws BadValue {
    InetAddress address = Addresses.numeric(client).orElseThrow();
    assertEquals(on, AllowList.parse(list).contains(address));
  }

  @Test
  void anIpv4AddressIsTheSameInIpv6Clothes() throws BadValue, UnknownHostException {
    byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 7};
    InetAddress dressed = Inet6Address.getByAddress("", mapped, -1);
    assertEquals(16, dressed.getAddress().length);
    assertTrue(AllowList.parse("10.0.0.0/24").contains(dressed));
  }

  @Test
  void aScopeDoesNotMatter() throws BadValue, UnknownHostException {
    byte[] local = Addresses.numeric("fe80::1").orElseThrow().getAddress();
    assertTrue(AllowList.parse("fe80::/10").contains(Inet6Address.getByAddress("", local, 3)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''| Invalid address ''",
        "10.0.0.1,| Invalid address ''",
        "host.example| Invalid address 'host.example'",
        "10.0.0| Invalid address '10.0.0'",
        "10.0.0.0/33| Invalid network '10.0.0.0/33' in a list of clients: behind the slash must be"
            + " a number between 0 and 32",
        "fd00::/129| Invalid network 'fd00::/129' in a list of clients: behind the slash must be a"
            + " number between 0 and 128",
        "10.0.0.0/| Invalid network '10.0.0.0/'",
        "::ffff:10.0.0.0/24| Invalid network '::ffff:10.0.0.0/24' in a list of clients: behind the"
            + " slash must be a number between 96 and 128",
        "10.0.0.5/8| Invalid network '10.0.0.5/8' in a list of clients: the address has bits behind"
            + " the first 8; write the network's own address, or leave '/8' out",
      })
  void badListsAreNamed(String list, String message) {
    BadValue bad = assertThrows(BadValue.class, () -> AllowList.parse(list));
    assertTrue(bad.text().startsWith(message), bad.text());
  }
}

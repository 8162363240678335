package dev.kelpie.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ValuesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "100, 100",
    "512b, 512",
    "1k, 1024",
    "10M, 10485760",
    "1.5G, 1610612736",
    "+1T, 1099511627776",
    "4p, 4503599627370496",
    ".5K, 512",
    "2.K, 2048",
    "1.0001, 1",
    "1e3, 1000",
    "1E3K, 1024000"
  })
  void sizesAreNumbersWithAtMostOneLetter(String text, long bytes) throws BadValue {
    assertEquals(bytes, Sizes.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "M", "10MB", "10 M", "-1", "1E", "0x10", "ten", "10X", "1.2.3", "inf", "8192P"
      })
  void anythingElseIsNoSize(String text) {
    BadValue refused = assertThrows(BadValue.class, () -> Sizes.parse(text));
    assertEquals(
        "Invalid size '"
            + text
            + "'\nYou may use B, K, M, G, T or P suffixes for bytes, kilobytes, megabytes, gigabytes,"
            + " terabytes and petabytes.",
        refused.getMessage());
  }

  @Test
  void numbersAreDigitsInARange() {
    assertEquals(OptionalLong.of(7000), Numbers.port("7000"));
    assertEquals(OptionalLong.of(65_535), Numbers.port("65535"));
    assertEquals(OptionalLong.of(0), Numbers.parse("0", 0, 4_294_967_295L));
    for (String text : List.of("", "0", "65536", "70x", "-1", "+1", " 1", "99999999999999999999")) {
      assertEquals(OptionalLong.empty(), Numbers.port(text), text);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0", "255.255.255.255"})
  void dottedQuadsAreAddresses(String text) {
    assertEquals(text, Addresses.numeric(text).orElseThrow().getHostAddress());
  }

  @ParameterizedTest
  @CsvSource({"::1, 0:0:0:0:0:0:0:1", "FE80::2, fe80:0:0:0:0:0:0:2"})
  void ipv6LiteralsAreAddresses(String text, String address) {
    assertEquals(address, Addresses.numeric(text).orElseThrow().getHostAddress());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "127.1",
        "127.0.0",
        "127.0.0.256",
        "127.0.0.1 ",
        "1.2.3.4.5",
        "::g",
        "[::1]",
        "::1%lo",
        ":::",
        "0001.2.3.4"
      })
  void namesAndOtherFormsAreNoNumericAddresses(String text) {
    assertEquals(Optional.empty(), Addresses.numeric(text));
  }

  @Test
  void listenAddressesAreNoneASocketOrAnAddressWithOrWithoutAPort() {
    InetAddress v4 = Addresses.numeric("10.0.0.1").orElseThrow();
    InetAddress v6 = Addresses.numeric("::1").orElseThrow();
    assertListen(new ListenAddress.None(), "none");
    assertListen(new ListenAddress.Unix("/run/nbd:1"), "unix:/run/nbd:1");
    assertListen(new ListenAddress.Tcp(v4, OptionalInt.empty()), "10.0.0.1");
    assertListen(new ListenAddress.Tcp(v4, OptionalInt.of(10809)), "10.0.0.1:10809");
    assertListen(new ListenAddress.Tcp(v6, OptionalInt.empty()), "::1");
    assertListen(new ListenAddress.Tcp(v6, OptionalInt.empty()), "[::1]");
    assertListen(new ListenAddress.Tcp(v6, OptionalInt.of(10809)), "[::1]:10809");
    for (String text : List.of("", "unix:", "10809", ":10809", "[::1", "[::1]x", "1.2.3.4:0")) {
      assertEquals(Optional.empty(), ListenAddress.parse(text), text);
    }
  }

  @Test
  void listsAreItemsThatBeginWithAKnownName() throws BadValue {
    assertEquals(
        List.of(
            new SubOptions.Item("size=", "10G"),
            new SubOptions.Item("dir=", "/a=b"),
            new SubOptions.Item("directio", "")),
        SubOptions.parse("size=10G,,dir=/a=b,directio", List.of("size=", "dir=", "directio")));
    assertEquals(List.of(), SubOptions.parse("", List.of("size=")));
  }

  @Test
  void anUnknownItemOfAListIsRefusedByName() {
    BadValue refused =
        assertThrows(BadValue.class, () -> SubOptions.parse("size=1G,foo=2", List.of("size=")));
    assertEquals("invalid option foo=2", refused.getMessage());
  }

  private static void assertListen(ListenAddress expected, String text) {
    assertEquals(Optional.of(expected), ListenAddress.parse(text));
  }
}

package dev.kelpie.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// The vectors of spec/protocol-and-cache.md §1.13 and spec/cluster.md Annex A.1.
final class SheepHashTest {
  @Test
  void namesHashToTheirIds() {
    assertEquals(0xcbf29ce484222325L, SheepHash.fnv1a(bytes("")));
    assertEquals(0xf9e6e6ef197c2b25L, SheepHash.fnv1a(bytes("test")));
    assertEquals(0x8ac625bb85ed202bL, SheepHash.fnv1a(bytes("alpha")));
    assertEquals(0x222325, SheepHash.vdiSlot(bytes("")));
    assertEquals(0x01ec8c, SheepHash.vdiSlot(bytes("a")));
    assertEquals(0x7c2b25, SheepHash.vdiSlot(bytes("test")));
    assertEquals(0xed202b, SheepHash.vdiSlot(bytes("alpha")));
    assertEquals(0x06220b, SheepHash.vdiSlot(bytes("base1")));
    assertEquals(0xc59887, SheepHash.vdiSlot(bytes("vm1")));
    assertEquals(0xa34a05, SheepHash.vdiSlot(bytes("data")));
    assertEquals(0xe1f810, SheepHash.vdiSlot(bytes("sheeptest")));
    assertEquals(0xa03907, SheepHash.vdiSlot(bytes("alice")));
  }

  @Test
  void objectIdsHashInOneRoundAndInTwo() {
    oneRound(0, 0xa8c7f832281a39c5L);
    oneRound(0x007c2b2500000000L, 0xd471ebfd4bfb5265L);
    oneRound(0x007c2b2500000001L, 0xc216bb04d0922114L);
    oneRound(0x807c2b2500000000L, 0xd4716bfd4bfa78e5L);
    twoRounds(0, 0xcb720bf58a2c29ecL);
    twoRounds(1, 0x695a27070a16e038L);
    twoRounds(0x007c2b2500000000L, 0x387358f0fb5c1275L);
    twoRounds(0x007c2b2500000001L, 0xed0c37b076d586acL);
    twoRounds(0x007c2b2500000002L, 0xce708da1ffb9f322L);
    twoRounds(0x807c2b2500000000L, 0x8b4b18c243befa1aL);
    twoRounds(0x00fd381500000001L, 0xe17b056b8b450aceL);
    twoRounds(0x20a0390712345678L, 0xfab99fbe091716e3L);
    twoRounds(0x087c2b2500000001L, 0x6a2bdbfff3e5a7faL);
  }

  @Test
  void pathsOfDisksHashToTheirPoints() {
    long hash = SheepHash.hash(bytes("/mnt/sheep/0"));
    assertEquals(0x32357cdc5bf60d04L, hash);
  }

  private static void oneRound(long oid, long hash) {
    assertEquals(hash, SheepHash.fnv1a(littleEndian(oid)));
  }

  private static void twoRounds(long oid, long hash) {
    assertEquals(hash, SheepHash.hash(new ObjectId(oid)));
    assertEquals(hash, SheepHash.hash(littleEndian(oid)));
  }

  private static byte[] littleEndian(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}

package dev.kelpie.placement;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.wire.NodeAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The ring walk (spec/cluster.md §2.2-2.3, vectors of Annex A.2).
final class RingTest {
  private static final int POINTS = 128;

  /// The nodes 192.168.1.10 to .13, port 7000, each in a zone of its own.
  private final List<Site> sites = sites(4);

  private final Ring ring = new Ring(sites);

  private static List<Site> sites(int count) {
    List<Site> sites = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] address = {(byte) 192, (byte) 168, 1, (byte) (10 + i)};
      sites.add(new Site(NodeAddress.of(address, 7000).hash(), POINTS, i));
    }
    return sites;
  }

  private int[] lastOctets(long oid) {
    int[] holders = ring.holders(SheepHash.hash(new ObjectId(oid)), 3);
    for (int i = 0; i < holders.length; i++) {
      holders[i] += 10;
    }
    return holders;
  }

  @Test
  void holdersAreThoseOfTheOriginal() {
    assertArrayEquals(new int[] {13, 12, 11}, lastOctets(0x807c2b2500000000L));
    assertArrayEquals(new int[] {11, 10, 13}, lastOctets(0x007c2b2500000000L));
    assertArrayEquals(new int[] {10, 11, 12}, lastOctets(0x007c2b2500000001L));
    assertArrayEquals(new int[] {11, 12, 10}, lastOctets(0x007c2b2500000002L));
    assertArrayEquals(new int[] {13, 12, 10}, lastOctets(0x20a0390712345678L));
    assertArrayEquals(new int[] {12, 10, 13}, lastOctets(0x087c2b2500000001L));
  }

  @Test
  void firstHoldersShareIsThatOfTheOriginal() {
    int[] first = new int[4];
    for (int i = 0; i < 100_000; i++) {
      first[ring.holders(SheepHash.hash(new ObjectId(0x007c2b2500000000L + i)), 1)[0]]++;
    }
    assertArrayEquals(new int[] {2370, 2424, 2568, 2638}, hundredths(first));
  }

  private static int[] hundredths(int[] counts) {
    int[] rounded = new int[counts.length];
    for (int i = 0; i < counts.length; i++) {
      rounded[i] = Math.round(counts[i] / 10f);
    }
    return rounded;
  }

  @Test
  void noTwoHoldersAreOfOneZone() {
    List<Site> same = List.of(sites.get(0), new Site(sites.get(1).hash(), POINTS, 0), sites.get(2));
    Ring two = new Ring(same);
    assertEquals(2, two.zones());
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      int[] holders = two.holders(Slots.start(slot), 3);
      assertEquals(2, holders.length);
      assertEquals(1, (holders[0] == 2 ? 1 : 0) + (holders[1] == 2 ? 1 : 0));
    }
  }

  @Test
  void whoStoresNothingHoldsNothingAndIsNoZone() {
    Ring gateways = new Ring(List.of(new Site(1, 0, 1), new Site(2, 0, 2)));
    assertEquals(0, gateways.zones());
    assertEquals(0, gateways.holders(7, 3).length);
    List<Site> mixed = new ArrayList<>(sites);
    mixed.add(new Site(99, 0, 99));
    assertArrayEquals(ring.holders(7, 3), new Ring(mixed).holders(7, 3));
  }

  @Test
  void walkGoesRoundTheEndOfTheRing() {
    int[] last = ring.holders(-1L, 4);
    int[] first = ring.holders(0L, 4);
    assertArrayEquals(first, last, "no point has the largest hash");
  }

  @Test
  void pointIsInItsOwnRange() {
    long point = SheepHash.next(sites.get(2).hash());
    assertEquals(2, ring.holders(point, 1)[0]);
  }
}

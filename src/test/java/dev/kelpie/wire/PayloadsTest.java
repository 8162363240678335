package dev.kelpie.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class PayloadsTest {
  private static final long SEED = Long.getLong("seed", System.nanoTime());

  private static final NodeId NODE_ID =
      new NodeId(new NodeAddress(0, 0x7f000001L, 7000), new NodeAddress(0, 0x0a000001L, 7001));
  private static final String NODE_ID_HEX =
      "000000000000000000000000 7f000001 581b 000000000000000000000000 0a000001 591b 00000000";
  private static final Node NODE = new Node(NODE_ID, 128, 16_777_343, 1L << 40);

  /// Decodes from a buffer that holds just one of them.
  private interface Decoder<T> {
    T decode(ByteBuffer in) throws MalformedPayload;
  }

  @Test
  void sizesAreThoseOfTheSpec() {
    assertEquals(48, RequestHeader.SIZE);
    assertEquals(48, ResponseHeader.SIZE);
    assertEquals(40, NodeId.SIZE);
    assertEquals(80, Node.SIZE);
    assertEquals(48, EpochLog.HEADER_SIZE);
    assertEquals(24, RecoveryThrottling.SIZE);
    assertEquals(24, RecoveryState.SIZE);
    assertEquals(491_568, ClusterInfo.SIZE);
    assertEquals(1_420, VdiState.SIZE);
    assertEquals(12_312, ObjectCacheInfo.SIZE);
    assertEquals(56, DiskCache.SIZE);
    assertEquals(168, PeerHello.SIZE);
    assertEquals(263_688, MdInfo.SIZE);
    assertEquals(120, SheepStat.SIZE);
    assertEquals(66_320, Attribute.SIZE);
    assertEquals(4_664, InodeHeader.SIZE);
    assertEquals(4_198_968, InodeHeader.REFERENCES_OFFSET);
    assertEquals(12_587_576, ObjectId.INODE_SIZE);
  }

  @Test
  void node() throws MalformedPayload {
    Golden golden =
        Golden.zeros(80).at(24, NODE_ID_HEX).at(64, "8000 0000 7f000001 0000000000010000");
    golden.assertEncodes(NODE::encode);
    assertEquals(NODE, Node.decode(golden.at(0, "ffffffffffffffffffffffff").buffer()));
  }

  @Test
  void diskCache() throws MalformedPayload {
    DiskCache settings =
        new DiskCache(
            DiskCache.MODE | DiskCache.MIN, DiskCache.NONE, 1L << 32, 2, 3, 4, 1L << 40, 6);
    Golden golden =
        Golden.zeros(56)
            .at(0, "05000000 02000000 0000000001000000 0200000000000000 0300000000000000")
            .at(32, "0400000000000000 0000000000010000 0600000000000000");
    golden.assertEncodes(settings::encode);
    assertEquals(settings, DiskCache.decode(golden.buffer()));
  }

  @Test
  void peerHello() throws MalformedPayload {
    PeerHello hello = new PeerHello(1, 2, 3, 4, 1L << 40, -2, 5, "10.0.0.1:7000", "::1:7001");
    Golden golden =
        Golden.zeros(168)
            .at(0, "0100 0200 03000000 0400000000000000 0000000000010000")
            .at(24, "feffffffffffffff 0500000000000000")
            .text(40, "10.0.0.1:7000")
            .text(104, "::1:7001");
    golden.assertEncodes(hello::encode);
    assertEquals(hello, PeerHello.decode(golden.buffer()));
    assertThrows(MalformedPayload.class, () -> PeerHello.decode(little(167)));
  }

  @Test
  void nodeList() throws MalformedPayload {
    ByteBuffer list = little(160);
    NODE.encode(list);
    NODE.encode(list);
    assertEquals(List.of(NODE, NODE), Node.decodeAll(list.flip()));
    assertThrows(MalformedPayload.class, () -> Node.decodeAll(little(81)));
  }

  @Test
  void epochLog() throws MalformedPayload {
    EpochLog log = new EpochLog(0x100000002L, 0x6543L, 3, true, 2, 0x22, 9, "plain", List.of(NODE));
    Golden golden =
        Golden.zeros(48 + 2 * 80)
            .at(0, "0200000001000000 4365000000000000 03000000 01000000 01 02 22 000000 0900")
            .text(32, "plain")
            .at(48 + 24, NODE_ID_HEX)
            .at(48 + 64, "8000 0000 7f000001 0000000000010000");
    golden.assertEncodes(out -> log.encode(out, 2));
    assertEquals(log, EpochLog.decode(golden.buffer(), 2));
    assertThrows(IllegalArgumentException.class, () -> log.encode(little(1000), 0));
    assertThrows(
        MalformedPayload.class, () -> EpochLog.decode(golden.at(20, "03000000").buffer(), 2));
  }

  @Test
  void clusterInfo() throws MalformedPayload {
    ClusterInfo info =
        new ClusterInfo(9, true, 5, 0x100000002L, 8, 3, 0, ClusterInfo.OK, "plain", List.of(NODE));
    Golden golden =
        Golden.zeros(491_568)
            .at(0, "09 01 0100 05000000 0200000001000000 0800 03 00 01")
            .text(28, "plain")
            .at(48 + 24, NODE_ID_HEX)
            .at(48 + 64, "8000 0000 7f000001 0000000000010000");
    golden.assertEncodes(info::encode);
    assertEquals(info, ClusterInfo.decode(golden.buffer()));
    assertEquals(info, ClusterInfo.decode(golden.buffer().limit(128)));
    assertThrows(MalformedPayload.class, () -> ClusterInfo.decode(golden.buffer().limit(127)));
    assertThrows(MalformedPayload.class, () -> ClusterInfo.decode(golden.at(2, "ffff").buffer()));
  }

  @Test
  void vdiState() throws MalformedPayload {
    NodeId other = new NodeId(new NodeAddress(0, 0x7f000002L, 7000), NodeAddress.NONE);
    VdiState state =
        new VdiState(
            0x7c2b25,
            3,
            true,
            0x22,
            VdiState.SHARED,
            NODE_ID,
            List.of(
                new VdiState.Participant(VdiState.Participant.MODIFIED, NODE_ID),
                new VdiState.Participant(VdiState.Participant.INVALIDATED, other)));
    Golden golden =
        Golden.zeros(1420)
            .at(0, "252b7c00 03 01 22 00 03000000")
            .at(12, NODE_ID_HEX)
            .at(52, "02000000 01000000 03000000")
            .at(180, NODE_ID_HEX)
            .at(220, "000000000000000000000000 7f000002 581b");
    golden.assertEncodes(state::encode);
    assertEquals(state, VdiState.decode(golden.buffer()));
    assertThrows(MalformedPayload.class, () -> VdiState.decode(golden.at(52, "20000000").buffer()));
  }

  @Test
  void objectCacheInfo() throws MalformedPayload {
    ObjectCacheInfo info =
        new ObjectCacheInfo(
            1L << 33,
            4096,
            List.of(
                new ObjectCacheInfo.CachedVdi(0x7c2b25, 2, 22),
                new ObjectCacheInfo.CachedVdi(0x7c2b26, 0, 1)),
            true);
    Golden golden =
        Golden.zeros(12_312)
            .at(0, "0000000002000000 0010000000000000 252b7c00 02000000 16000000")
            .at(28, "262b7c00 00000000 01000000")
            .at(12_304, "02000000 01");
    golden.assertEncodes(info::encode);
    assertEquals(info, ObjectCacheInfo.decode(golden.buffer()));
    assertThrows(
        MalformedPayload.class,
        () -> ObjectCacheInfo.decode(golden.at(12_304, "01040000").buffer()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ObjectCacheInfo(0, 0, Collections.nCopies(1025, info.vdis().getFirst()), false));
  }

  /// Laid out as docs/protocol.md says.
  @Test
  void cacheStatsAndCheck() throws MalformedPayload {
    CacheStats stats =
        new CacheStats(
            true,
            1,
            2,
            3,
            4,
            List.of(
                new CacheStats.Vdi(
                    0x7c2b25, 5, 6, 7, 8, -1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)));
    Golden golden =
        Golden.zeros(192)
            .at(0, "01000000 01000000 0100000000000000 0200000000000000")
            .at(24, "0300000000000000 0400000000000000")
            .at(64, "252b7c00 05000000 0600000000000000 0700000000000000 0800000000000000")
            .at(96, "ffffffffffffffff 0a00000000000000 0b00000000000000 0c00000000000000")
            .at(128, "0d00000000000000 0e00000000000000 0f00000000000000 1000000000000000")
            .at(160, "1100000000000000 1200000000000000 1300000000000000");
    golden.assertEncodes(stats::encode);
    assertEquals(stats, CacheStats.decode(golden.buffer()));
    assertThrows(
        MalformedPayload.class, () -> CacheStats.decode(golden.at(4, "02000000").buffer()));
    CacheCheck check = new CacheCheck(-1, 2, 3, 4, 5, 6);
    Golden step =
        Golden.zeros(64)
            .at(0, "ffffffffffffffff 0200000000000000 0300000000000000")
            .at(24, "0400000000000000 0500000000000000 0600000000000000");
    step.assertEncodes(check::encode);
    assertEquals(check, CacheCheck.decode(step.buffer()));
  }

  @Test
  void recoveryStateAndThrottling() throws MalformedPayload {
    RecoveryState state = new RecoveryState(true, 1, 7, 1L << 32);
    Golden golden = Golden.zeros(24).at(0, "01 000000 01000000 0700000000000000 0000000001000000");
    golden.assertEncodes(state::encode);
    assertEquals(state, RecoveryState.decode(golden.buffer()));
    RecoveryThrottling throttling = new RecoveryThrottling(50, 1000, true);
    golden = Golden.zeros(24).at(0, "32000000 00000000 e803000000000000 01");
    golden.assertEncodes(throttling::encode);
    assertEquals(throttling, RecoveryThrottling.decode(golden.buffer()));
  }

  @Test
  void diskList() throws MalformedPayload {
    String longPath = "/d" + "x".repeat(4000);
    MdInfo info =
        new MdInfo(
            List.of(
                new MdInfo.MdDisk(0, 1L << 40, 4 << 20, "/srv/a"),
                new MdInfo.MdDisk(1, 1, 2, longPath)));
    Golden golden =
        Golden.zeros(263_688)
            .at(0, "00000000 00000000 0000000000010000 0000400000000000")
            .text(24, "/srv/a")
            .at(4120, "01000000 00000000 0100000000000000 0200000000000000")
            .text(4144, longPath)
            .at(263_680, "02000000");
    golden.assertEncodes(info::encode);
    assertEquals(info, MdInfo.decode(golden.buffer()));
    assertThrows(
        MalformedPayload.class, () -> MdInfo.decode(golden.at(263_680, "41000000").buffer()));
  }

  @Test
  void countersOfASheep() throws MalformedPayload {
    SheepStat stat =
        new SheepStat(
            new SheepStat.Gateway(1, 3, 5, 6, 9, 10, 11, 12),
            new SheepStat.Peer(2, 4, 7, 8, 13, 14, 15));
    Golden golden = Golden.zeros(120);
    for (int i = 0; i < 15; i++) {
      golden.at(8 * i, "%02x".formatted(i + 1));
    }
    golden.assertEncodes(stat::encode);
    assertEquals(stat, SheepStat.decode(golden.buffer()));
  }

  @Test
  void attribute() throws MalformedPayload {
    byte[] value = {1, 2, 0, 4};
    Attribute attribute = new Attribute("vm1", "tag", 0x100000002L, 7, "key", value);
    Golden golden =
        Golden.zeros(66_320)
            .text(0, "vm1")
            .text(256, "tag")
            .at(512, "0200000001000000 07000000 04000000")
            .text(528, "key")
            .at(784, "01020004");
    golden.assertEncodes(attribute::encode);
    Attribute back = Attribute.decode(golden.buffer());
    assertArrayEquals(value, back.value());
    assertEquals(7, back.snapId());
    assertEquals("key", back.key());
    assertEquals(0x100000002L, back.createTime());
    assertThrows(
        MalformedPayload.class, () -> Attribute.decode(golden.at(524, "01000100").buffer()));
  }

  @Test
  void inodeHeader() throws MalformedPayload {
    InodeHeader header =
        new InodeHeader(
            "vm1", "tag", 11, 12, 13, 1L << 33, 15, 0x22, 1, 3, 22, 4, 0xc59887, 0xc59886, 5);
    Golden golden =
        Golden.zeros(4664)
            .text(0, "vm1")
            .text(256, "tag")
            .at(512, "0b00000000000000 0c00000000000000 0d00000000000000")
            .at(536, "0000000002000000 0f00000000000000 22 01 03 16")
            .at(556, "04000000 8798c500 8698c500 05000000");
    golden.assertEncodes(header::encode);
    assertEquals(header, InodeHeader.decode(golden.at(572, "ffff").buffer()));
    assertTrue(header.snapshot());
    assertEquals("4:2", header.redundancy().toString());
  }

  @Test
  void namesAreBytesAndAreCutBeforeTheirNul() throws MalformedPayload {
    NameAndTag names = new NameAndTag("vm\u00e9", "t");
    Golden golden = Golden.zeros(512).at(0, "766de9").text(256, "t");
    golden.assertEncodes(names::encode);
    assertEquals(names, NameAndTag.decode(golden.buffer()));
    assertEquals(new NameAndTag("vm\u00e9", ""), NameAndTag.decode(golden.buffer().limit(256)));
    Golden.zeros(256).at(0, "766de9").assertEncodes(names::encodeName);
    byte[] unterminated = new byte[256];
    Arrays.fill(unterminated, (byte) 'x');
    assertEquals(
        "x".repeat(255),
        NameAndTag.decode(ByteBuffer.wrap(unterminated).order(ByteOrder.LITTLE_ENDIAN)).name());
    assertThrows(MalformedPayload.class, () -> NameAndTag.decode(golden.buffer().limit(300)));
  }

  @Test
  void redundancyIsOneByte() {
    assertEquals(new Redundancy(3, 0x11), Redundancy.erasureCoded(2, 1));
    assertEquals(new Redundancy(6, 0x22), Redundancy.erasureCoded(4, 2));
    assertEquals(new Redundancy(11, 0x43), Redundancy.erasureCoded(8, 3));
    assertEquals(new Redundancy(31, 0x8f), Redundancy.erasureCoded(16, 15));
    assertEquals("16:15", new Redundancy(31, 0x8f).toString());
    assertEquals("3", Redundancy.replicated(3).toString());
    assertFalse(Redundancy.replicated(3).erasureCoded());
    assertThrows(IllegalArgumentException.class, () -> Redundancy.erasureCoded(3, 1));
    assertThrows(IllegalArgumentException.class, () -> Redundancy.erasureCoded(4, 16));
  }

  @Test
  void badBytesHaveOneOutcome() {
    List<Decoder<?>> decoders =
        List.of(
            Node::decode,
            Node::decodeAll,
            in -> EpochLog.decode(in, 3),
            ClusterInfo::decode,
            VdiState::decode,
            ObjectCacheInfo::decode,
            RecoveryState::decode,
            RecoveryThrottling::decode,
            MdInfo::decode,
            SheepStat::decode,
            Attribute::decode,
            InodeHeader::decode,
            NameAndTag::decode);
    Random random = new Random(SEED);
    for (Decoder<?> decoder : decoders) {
      for (int size : new int[] {0, 1, 23, 47, 80, 120, 256, 4664, 66_320, 300_000, 500_000}) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        try {
          decoder.decode(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
        } catch (MalformedPayload e) {
          assertNotNull(e.getMessage());
        } catch (RuntimeException e) {
          throw new AssertionError("seed " + SEED + ", " + size + " bytes", e);
        }
      }
    }
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}

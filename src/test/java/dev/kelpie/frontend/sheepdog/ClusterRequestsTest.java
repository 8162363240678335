package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cache.CacheControl.Counters;
import dev.kelpie.cache.CacheControl.Usage;
import dev.kelpie.cache.CacheControl.VdiUsage;
import dev.kelpie.cluster.Format;
import dev.kelpie.frontend.sheepdog.StrictClient.Answer;
import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import dev.kelpie.vdi.VdiDirectory;
import dev.kelpie.wire.CacheCheck;
import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.ClusterFlags;
import dev.kelpie.wire.ClusterInfo;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.ObjectCacheInfo;
import dev.kelpie.wire.ObjectCacheInfo.CachedVdi;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Requests about cluster, node and cache, as `dog` sends them.
@Timeout(60)
final class ClusterRequestsTest {
  private static final VdiId VDI = new VdiId(0xabc);
  private static final ObjectId INODE = ObjectId.inode(VDI);

  private final Rig rig;
  private final StrictClient client;

  ClusterRequestsTest() throws IOException {
    rig = new Rig();
    client = rig.client();
  }

  @AfterEach
  void end() throws IOException {
    rig.close();
  }

  @Test
  void membersAreListed() throws IOException {
    rig.node.members = List.of(FakeNode.member(7000), FakeNode.member(7001));
    Answer answer = client.call(Opcode.GET_NODE_LIST, 0, 4096, RequestFields.NONE);
    answer.is(ResultCode.SUCCESS);
    assertEquals(new ResponseFields.Node(2, 0, 0), answer.header().fields());
    assertEquals(List.of(node(7000), node(7001)), Node.decodeAll(answer.data()));
    client
        .call(Opcode.GET_NODE_LIST, 0, 2 * Node.SIZE - 1, RequestFields.NONE)
        .is(ResultCode.BUFFER_SMALL);
  }

  @Test
  void aFormatIsHandedToTheNode() throws IOException {
    format("tree\0", cluster(0x77, 2, 0, ClusterFlags.STRICT)).is(ResultCode.SUCCESS);
    assertEquals(List.of(new Format(0x77, 2, 0, 1, "tree").toString()), rig.node.asked);
    format("", cluster(0x78, 1, 0, 0)).is(ResultCode.SUCCESS);
    assertEquals("plain", rig.book.cluster().orElseThrow().format().store());
    format("plain\0rest", cluster(0, 1, 0, 0)).is(ResultCode.SUCCESS);
    assertTrue(rig.book.cluster().orElseThrow().format().createTime() > 1L << 32);
  }

  @Test
  void aFormatThatCannotBeIsRefused() throws IOException {
    format("farm\0", cluster(7, 1, 0, 0)).is(ResultCode.NO_STORE);
    format("plain\0", cluster(7, 6, 0x22, 0)).is(ResultCode.NO_SUPPORT);
    format("plain\0", cluster(7, 1, 0, ClusterFlags.DISK_MODE)).is(ResultCode.NO_SUPPORT);
    format("plain\0", cluster(7, 0, 0, 0)).is(ResultCode.INVALID_PARMS);
    format("plain\0", cluster(7, 32, 0, 0)).is(ResultCode.INVALID_PARMS);
    format("x".repeat(257), cluster(7, 1, 0, 0)).is(ResultCode.INVALID_PARMS);
    assertEquals(List.of(), rig.node.asked);
    rig.node.failing = true;
    Answer failed = format("plain\0", cluster(7, 1, 0, 0), 0);
    failed.is(ResultCode.EIO);
    client.expectEpoch(0);
    client.read(INODE, 0, 0, 1).is(ResultCode.WAIT_FOR_FORMAT);
  }

  @Test
  void aFormatWaitsForRequestsInTheWorksAndThoseThatCameBeforeItDoNotReachTheNewWorld()
      throws IOException {
    client.create(INODE, 0, 0, (byte) 1).is(ResultCode.SUCCESS);
    Faults.Hang hang = rig.objects.store().faults().hang(StoreCall.WRITE, INODE::equals);
    StrictClient writer = rig.client();
    int write = writer.send(write(), (byte) 2);
    hang.awaitArrived(1);
    StrictClient admin = rig.client();
    int format =
        admin.send(
            RequestHeader.of(Opcode.MAKE_FS, RequestFlags.WRITE, 6, cluster(7, 1, 0, 0)),
            "plain\0".getBytes(StandardCharsets.UTF_8));
    Await.until("the format waits", () -> rig.log.messages(Level.INFO).size() == 1);
    StrictClient late = rig.client();
    Await.until("others wait for the format", () -> waits(late));
    assertEquals(List.of(), rig.node.asked);
    hang.close();
    writer.receive(write).is(ResultCode.SUCCESS);
    admin.receive(format).is(ResultCode.SUCCESS);
    late.receive().is(ResultCode.SYSTEM_ERROR);
  }

  /// Sends a read that may have to wait behind the format, and a request that need not; whether the
  /// read waits.
  private static boolean waits(StrictClient late) throws IOException {
    late.send(RequestHeader.of(Opcode.READ_OBJ, 0, 1, RequestFields.Obj.at(INODE, 0)));
    late.send(RequestHeader.of(Opcode.STAT_SHEEP, 0, 0, RequestFields.NONE));
    if (late.receive().header().opcodeNumber() == Opcode.STAT_SHEEP.number()) {
      return true;
    }
    late.receive().is(ResultCode.SUCCESS);
    return false;
  }

  @Test
  void epochsAreToldNewestFirst() throws IOException {
    rig.joins(FakeNode.member(7001));
    client.expectEpoch(2);
    int slots = 4;
    Answer answer = epochs(slots, 10 * EpochLog.size(slots));
    answer.is(ResultCode.SUCCESS);
    assertEquals(2 * EpochLog.size(slots), answer.data().remaining());
    long time = FakeNode.FORMATTED.getEpochSecond();
    assertEquals(
        new EpochLog(
            Rig.FORMAT.createTime(),
            time,
            2,
            false,
            3,
            0,
            0,
            "plain",
            List.of(node(7000), node(7001))),
        EpochLog.decode(answer.data(), slots));
    assertEquals(
        new EpochLog(0, time, 1, false, 0, 0, 0, "", List.of(node(7000))),
        EpochLog.decode(answer.data(), slots));
  }

  @Test
  void asManyEpochsAreToldAsThereIsRoomFor() throws IOException {
    rig.joins(FakeNode.member(7001));
    client.expectEpoch(2);
    assertEquals(0, epochs(2, EpochLog.size(2) - 1).data().remaining());
    assertEquals(EpochLog.size(2), epochs(2, 2 * EpochLog.size(2) - 1).data().remaining());
    assertEquals(2 * EpochLog.size(2), epochs(2, Integer.MAX_VALUE).data().remaining());
    epochs(2, -1).is(ResultCode.INVALID_PARMS);
    epochs(1, 4096).is(ResultCode.BUFFER_SMALL);
    epochs(0, 4096).is(ResultCode.BUFFER_SMALL);
    epochs(-1, 4096).is(ResultCode.INVALID_PARMS);
    epochs(6145, 4096).is(ResultCode.INVALID_PARMS);
  }

  @Test
  void theClusterIsDescribed() throws IOException {
    Answer answer = client.call(Opcode.CLUSTER_INFO, 0, ClusterInfo.SIZE, RequestFields.NONE);
    answer.is(ResultCode.SUCCESS);
    assertEquals(ClusterInfo.SIZE, answer.data().remaining());
    assertEquals(
        new ClusterInfo(
            9,
            false,
            1,
            Rig.FORMAT.createTime(),
            0,
            3,
            0,
            ClusterInfo.OK,
            "plain",
            List.of(node(7000))),
        ClusterInfo.decode(answer.data()));
    client
        .call(Opcode.CLUSTER_INFO, 0, ClusterInfo.SIZE - 1, RequestFields.NONE)
        .is(ResultCode.BUFFER_SMALL);
  }

  @Test
  void anUnformattedClusterSaysSo() throws IOException {
    rig.book.unformat();
    client.expectEpoch(0);
    epochs(4, 4096).is(ResultCode.WAIT_FOR_FORMAT);
    Answer info = client.call(Opcode.CLUSTER_INFO, 0, ClusterInfo.SIZE, RequestFields.NONE);
    assertEquals(ClusterInfo.WAIT, ClusterInfo.decode(info.data()).status());
  }

  @Test
  void storesAreListed() throws IOException {
    Answer answer = client.call(Opcode.GET_STORE_LIST, 0, 4096, RequestFields.NONE);
    assertEquals("tree plain ", new String(answer.bytes(), StandardCharsets.UTF_8));
    client.call(Opcode.GET_STORE_LIST, 0, 10, RequestFields.NONE).is(ResultCode.BUFFER_SMALL);
  }

  @Test
  void shutdownAndKillAreAnsweredAndThenEverythingIsRefused() throws IOException {
    StrictClient other = rig.client();
    client.call(Opcode.SHUTDOWN, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
    other.call(Opcode.GET_NODE_LIST, 0, 4096, RequestFields.NONE).is(ResultCode.SHUTDOWN);
    rig.node.standing = NodeControl.Standing.SERVING;
    client.call(Opcode.KILL_NODE, 0, 0, RequestFields.NONE).is(ResultCode.SUCCESS);
    other.call(Opcode.GET_NODE_LIST, 0, 4096, RequestFields.NONE).is(ResultCode.KILLED);
    assertEquals(List.of("shutdown", "kill"), rig.node.asked);
    List<String> lines = rig.log.messages(Level.INFO);
    assertTrue(lines.getFirst().endsWith("op=SHUTDOWN, data=(null)"), lines.toString());
    assertTrue(lines.getLast().endsWith("op=KILL_NODE, result=00"), lines.toString());
  }

  @Test
  void theNodeTellsItsRoom() throws IOException {
    Answer answer = client.call(Opcode.STAT_SHEEP, 0, 0, RequestFields.NONE);
    assertEquals(new ResponseFields.Node(0, 1000, 400), answer.header().fields());
    rig.node.failing = true;
    client.call(Opcode.STAT_SHEEP, 0, 0, RequestFields.NONE).is(ResultCode.EIO);
  }

  @Test
  void countersNeedTheirRoom() throws IOException {
    client.call(Opcode.STAT, 0, 119, RequestFields.NONE).is(ResultCode.INVALID_PARMS);
    client.call(Opcode.STAT, 0, 120, RequestFields.NONE).is(ResultCode.SUCCESS);
    client.call(Opcode.STAT, 0, 4096, RequestFields.NONE).is(ResultCode.SUCCESS);
  }

  @Test
  void aCacheIsPushedAndThenDropped() throws IOException {
    drop(Opcode.DELETE_CACHE, 0).is(ResultCode.SUCCESS);
    drop(Opcode.FLUSH_DEL_CACHE, 0).is(ResultCode.SUCCESS);
    drop(Opcode.CACHE_PURGE, RequestFlags.WRITE).is(ResultCode.SUCCESS);
    assertEquals(List.of("abc", "abc", "abc"), rig.cache.dropped);
    client.on(Opcode.DELETE_CACHE, new ObjectId(1)).is(ResultCode.INVALID_PARMS);
  }

  @Test
  void whatCannotBePushedIsKeptUnlessForced() throws IOException {
    rig.cache.unpushable.add(VDI);
    drop(Opcode.DELETE_CACHE, 0).is(ResultCode.EIO);
    drop(Opcode.CACHE_PURGE, RequestFlags.WRITE).is(ResultCode.EIO);
    Answer forced = drop(Opcode.DELETE_CACHE, RequestFlags.FORCE);
    forced.is(ResultCode.SUCCESS);
    assertEquals(new ResponseFields.Obj(0, 4096), forced.header().fields());
    assertEquals("abc by force", rig.cache.dropped.getLast());
  }

  @Test
  void aPurgeOfEverythingGoesOnWhereOneVdiFails() throws IOException {
    rig.cache.usage = used(0, 0, List.of(usage(1, 10), usage(0xabc, 20), usage(3, 30)));
    rig.cache.unpushable.add(VDI);
    drop(Opcode.CACHE_PURGE, 0).is(ResultCode.EIO);
    assertEquals(List.of("1", "abc", "3"), rig.cache.dropped);
    rig.cache.dropped.clear();
    Answer forced = drop(Opcode.CACHE_PURGE, RequestFlags.FORCE);
    assertEquals(new ResponseFields.Obj(0, 4096), forced.header().fields());
    assertEquals(List.of("1 by force", "abc by force", "3 by force"), rig.cache.dropped);
  }

  @Test
  void theUseOfTheCacheIsTold() throws IOException {
    rig.cache.usage = used(1 << 30, 1 << 20, List.of(usage(5, 10), usage(6, 20)));
    Answer answer = cacheInfo();
    assertEquals(
        new ObjectCacheInfo(
            1 << 30, 1 << 20, List.of(new CachedVdi(6, 1, 2), new CachedVdi(5, 1, 2)), false),
        ObjectCacheInfo.decode(answer.data()));
    client
        .call(Opcode.GET_CACHE_INFO, 0, ObjectCacheInfo.SIZE + 1, RequestFields.NONE)
        .is(ResultCode.INVALID_PARMS);
  }

  @Test
  void ofMoreVdisThanItCanNameItNamesTheLargest() throws IOException {
    rig.cache.usage =
        used(0, 0, IntStream.rangeClosed(1, 1025).mapToObj(i -> usage(i, i)).toList());
    ObjectCacheInfo info = ObjectCacheInfo.decode(cacheInfo().data());
    assertEquals(1024, info.vdis().size());
    assertFalse(info.vdis().stream().anyMatch(vdi -> vdi.vdi() == 1));
  }

  @Test
  void theCountersOfTheCacheAreTold() throws IOException {
    Counters counters = new Counters(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    rig.cache.usage =
        new Usage(
            true,
            100,
            90,
            80,
            70,
            List.of(
                usage(5, 10),
                new VdiUsage(
                    new VdiId(6), 2, 60, 50, 40, Optional.of(Duration.ofMillis(1234)), counters)));
    Answer answer =
        client.call(Opcode.CACHE_STATS, 0, (int) CacheStats.size(2), RequestFields.NONE);
    assertEquals(
        new CacheStats(
            true,
            100,
            90,
            80,
            70,
            List.of(
                new CacheStats.Vdi(5, 1, 10, 10, 5, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                new CacheStats.Vdi(6, 2, 60, 50, 40, 1234, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))),
        CacheStats.decode(answer.data()));
    client
        .call(Opcode.CACHE_STATS, 0, (int) CacheStats.size(2) - 1, RequestFields.NONE)
        .is(ResultCode.BUFFER_SMALL);
  }

  @Test
  void theCacheIsCheckedStepByStep() throws IOException {
    assertEquals(new CacheCheck(1000, 10, 1, 2, 3, 4), checkCache(INODE, 0, 0));
    assertEquals(
        new CacheCheck(-1, 10, 1, 2, 3, 4), checkCache(new ObjectId(0), 1000, RequestFlags.DEEP));
    assertEquals(List.of("abc from 0", "all from 1000, deep"), rig.cache.checked);
    for (long from : new long[] {-1, 1L << 31}) {
      client
          .call(Opcode.CHECK_CACHE, 0, CacheCheck.SIZE, RequestFields.Obj.at(INODE, from))
          .is(ResultCode.INVALID_PARMS);
    }
  }

  @Test
  void aCheckOfNoVdiIsRefused() throws IOException {
    client
        .call(
            Opcode.CHECK_CACHE,
            0,
            CacheCheck.SIZE,
            RequestFields.Obj.at(new ObjectId(0x7070_6f00L), 2))
        .is(ResultCode.INVALID_PARMS);
  }

  private CacheCheck checkCache(ObjectId object, long from, int flags) throws IOException {
    RequestFields fields = RequestFields.Obj.at(object, from);
    Answer answer = client.call(Opcode.CHECK_CACHE, flags, CacheCheck.SIZE, fields);
    answer.is(ResultCode.SUCCESS);
    return CacheCheck.decode(answer.data());
  }

  @Test
  void aPartOfADiskIsBroughtIntoTheCache() throws IOException {
    ObjectId data = ObjectId.data(new VdiId(7), 3);
    warm(data, 4096, VDI, 1 << 20).is(ResultCode.NO_VDI);
    rig.vdis.states.add(
        new VdiDirectory.State(
            VDI, new VdiName("vm1"), false, 1, 1, 0, VdiDirectory.Lock.NONE, List.of()));
    Answer warmed = warm(data, 4096, VDI, 1 << 20);
    warmed.is(ResultCode.SUCCESS);
    assertEquals(new ResponseFields.Obj(0, 1 << 20), warmed.header().fields());
    assertEquals(List.of("abc " + data + " 4096 1048576"), rig.cache.warmed);
    rig.cache.partsMax = 1;
    Answer full = warm(data, 0, VDI, 8192);
    full.is(ResultCode.NO_SPACE);
    assertEquals(new ResponseFields.Obj(0, 8192), full.header().fields());
    warm(data, 0, VDI, (1 << 20) + 1).is(ResultCode.INVALID_PARMS);
    warm(data, (4 << 20) - 1, VDI, 2).is(ResultCode.INVALID_PARMS);
    warm(data, -1, VDI, 2).is(ResultCode.INVALID_PARMS);
    warm(data, 0, VDI, -1).is(ResultCode.INVALID_PARMS);
    warm(INODE, 0, VDI, 2).is(ResultCode.INVALID_PARMS);
    warm(new ObjectId(3), 0, VDI, 2).is(ResultCode.INVALID_PARMS);
  }

  private Answer warm(ObjectId object, long offset, VdiId vdi, int length) throws IOException {
    return client.call(
        Opcode.WARM_CACHE, 0, 0, new RequestFields.Range(object, offset, vdi.value(), length));
  }

  @Test
  void aNodeWithoutACacheHasNothingToDrop() throws IOException {
    try (Rig bare = Rig.formatted(false, SheepdogConfig.defaults())) {
      StrictClient dog = bare.client();
      dog.on(Opcode.DELETE_CACHE, INODE).is(ResultCode.SUCCESS);
      dog.on(Opcode.CACHE_PURGE, INODE).is(ResultCode.SUCCESS);
      RequestFields range = new RequestFields.Range(ObjectId.data(VDI, 0), 0, VDI.value(), 4096);
      dog.call(Opcode.WARM_CACHE, 0, 0, range).is(ResultCode.NO_CACHE);
      Answer info = dog.call(Opcode.GET_CACHE_INFO, 0, ObjectCacheInfo.SIZE, RequestFields.NONE);
      assertEquals(
          new ObjectCacheInfo(0, 0, List.of(), false), ObjectCacheInfo.decode(info.data()));
      Answer stats = dog.call(Opcode.CACHE_STATS, 0, CacheStats.HEADER_SIZE, RequestFields.NONE);
      assertEquals(new CacheStats(false, 0, 0, 0, 0, List.of()), CacheStats.decode(stats.data()));
      Answer check =
          dog.call(Opcode.CHECK_CACHE, 0, CacheCheck.SIZE, RequestFields.Obj.at(INODE, 0));
      assertEquals(new CacheCheck(-1, 0, 0, 0, 0, 0), CacheCheck.decode(check.data()));
    }
  }

  private static RequestHeader write() {
    RequestFields fields = RequestFields.Obj.at(INODE, 0);
    return RequestHeader.of(Opcode.WRITE_OBJ, RequestFlags.WRITE, 1, fields);
  }

  private Answer cacheInfo() throws IOException {
    Answer answer = client.call(Opcode.GET_CACHE_INFO, 0, ObjectCacheInfo.SIZE, RequestFields.NONE);
    answer.is(ResultCode.SUCCESS);
    return answer;
  }

  private Answer drop(Opcode opcode, int flags) throws IOException {
    return client.call(opcode, flags, 0, RequestFields.Obj.at(INODE, 0));
  }

  private Answer epochs(int slots, int room) throws IOException {
    RequestFields fields = new RequestFields.Cluster(new ObjectId(0), 0, 0, 0, 0, 0, slots, 0);
    return client.call(Opcode.STAT_CLUSTER, 0, room, fields);
  }

  private Answer format(String store, RequestFields fields) throws IOException {
    return format(store, fields, 1);
  }

  private Answer format(String store, RequestFields fields, int epoch) throws IOException {
    client.expectEpoch(epoch);
    return client.call(Opcode.MAKE_FS, 0, fields, store.getBytes(StandardCharsets.UTF_8));
  }

  private static RequestFields.Cluster cluster(long time, int copies, int policy, int flags) {
    return new RequestFields.Cluster(new ObjectId(0), time, copies, policy, flags, 0, 0, 0);
  }

  private static VdiUsage usage(int vdi, long bytes) {
    return new VdiUsage(
        new VdiId(vdi), 1, bytes, bytes, bytes / 2, Optional.empty(), Counters.ZERO);
  }

  private static Usage used(long size, long used, List<VdiUsage> vdis) {
    return new Usage(true, size, used, 0, 0, vdis);
  }

  private static Node node(int port) {
    NodeAddress address = NodeAddress.of(new byte[] {127, 0, 0, 1}, port);
    return new Node(new NodeId(address, NodeAddress.NONE), 128, port, 1L << 40);
  }
}

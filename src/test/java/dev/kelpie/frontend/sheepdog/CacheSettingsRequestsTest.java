package dev.kelpie.frontend.sheepdog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.frontend.sheepdog.StrictClient.Answer;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.wire.DiskCache;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// CACHE_SETTINGS.
@Timeout(60)
final class CacheSettingsRequestsTest {
  private static final VdiId VDI = new VdiId(7);
  private static final CacheSettings BEFORE =
      new CacheSettings(CacheMode.WRITETHROUGH, 2 << 20, 1 << 20);

  private final Rig rig;
  private final StrictClient client;

  CacheSettingsRequestsTest() throws IOException {
    rig = new Rig();
    client = rig.client();
    rig.vdis.cacheSettings.disks.put(VDI, BEFORE);
  }

  @AfterEach
  void end() throws IOException {
    rig.close();
  }

  private static RequestFields of(VdiId vdi) {
    return RequestFields.Obj.at(ObjectId.inode(vdi), 0);
  }

  private Answer change(VdiId vdi, DiskCache change) throws IOException {
    byte[] payload = new byte[DiskCache.SIZE];
    change.encode(ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN));
    return client.call(Opcode.CACHE_SETTINGS, 0, of(vdi), payload);
  }

  @Test
  void whatHoldsIsToldWithWhatThereIsToShare() throws IOException, MalformedPayload {
    Answer answer = client.call(Opcode.CACHE_SETTINGS, 0, DiskCache.SIZE, of(VDI));
    answer.is(ResultCode.SUCCESS);
    assertEquals(
        new DiskCache(0, DiskCache.WRITETHROUGH, 2 << 20, 1 << 20, 128 << 10, 0, 3 << 20, 1 << 20),
        DiskCache.decode(answer.data()));
    client.call(Opcode.CACHE_SETTINGS, 0, DiskCache.SIZE, of(new VdiId(9))).is(ResultCode.NO_VDI);
    client
        .call(Opcode.CACHE_SETTINGS, 0, DiskCache.SIZE, RequestFields.Obj.at(new ObjectId(0), 0))
        .is(ResultCode.INVALID_PARMS);
  }

  @Test
  void onlyWhatIsSaidToChangeChanges() throws IOException {
    change(VDI, DiskCache.change(DiskCache.MAX, DiskCache.NONE, 5 << 20, 4)).is(ResultCode.SUCCESS);
    assertEquals(BEFORE.withMax(5 << 20), rig.vdis.cacheSettings.disks.get(VDI));
    change(VDI, DiskCache.change(DiskCache.MIN, DiskCache.WRITEBACK, 7, 0)).is(ResultCode.SUCCESS);
    assertEquals(BEFORE.withMax(5 << 20).withMin(0), rig.vdis.cacheSettings.disks.get(VDI));
    assertEquals(List.of(), rig.cache.dropped);
    change(VDI, DiskCache.change(DiskCache.MODE, DiskCache.NONE, 7, 7)).is(ResultCode.SUCCESS);
    assertEquals(
        new CacheSettings(CacheMode.DIRECT, 5 << 20, 0), rig.vdis.cacheSettings.disks.get(VDI));
    assertEquals(List.of(VDI.toString()), rig.cache.dropped, "mode none drops what is cached");
  }

  @Test
  void nonsenseIsRefusedAndFailureTold() throws IOException {
    change(VDI, DiskCache.change(DiskCache.MODE, 3, 0, 0)).is(ResultCode.INVALID_PARMS);
    change(VDI, DiskCache.change(DiskCache.MAX, 0, -1, 0)).is(ResultCode.INVALID_PARMS);
    change(new VdiId(9), DiskCache.change(0, 0, 0, 0)).is(ResultCode.NO_VDI);
    assertEquals(BEFORE, rig.vdis.cacheSettings.disks.get(VDI));
    rig.vdis.cacheSettings.failing = true;
    change(VDI, DiskCache.change(DiskCache.MODE, DiskCache.WRITETHROUGH, 0, 0)).is(ResultCode.EIO);
  }
}

package dev.kelpie.cache;

import static dev.kelpie.cache.CacheRig.BLOCK;
import static dev.kelpie.cache.CacheRig.CHUNK;
import static dev.kelpie.cache.CacheRig.DATA;
import static dev.kelpie.cache.CacheRig.VDI;
import static dev.kelpie.cache.CacheRig.filled;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.object.Outcome;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.StoreCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A VDI goes to another node (I8).
final class LetGoTest {
  private final CacheRig rig;

  LetGoTest() throws IOException {
    rig = new CacheRig();
    rig.stored(DATA, 1);
  }

  @AfterEach
  void nothingFailedBehind() {
    rig.platform.assertNoFailures();
    CacheCheck.check(rig.cache);
    rig.stop();
  }

  @Test
  void whatIsDirtyIsDurableAndNothingIsKept() throws IOException {
    rig.read(DATA, 3 * CHUNK, CHUNK);
    rig.write(DATA, 0, filled(BLOCK, 50));
    assertTrue(rig.leases.unflushed(VDI));
    rig.leases.giveUp(VDI, true);
    rig.cache.letGo(VDI);
    assertEquals(50, rig.store.durableBytes(DATA).orElseThrow()[0]);
    assertFalse(rig.leases.unflushed(VDI));
    assertEquals(0, rig.cache.usage().used());
    rig.leases.giveUp(VDI, false);
    rig.write(DATA, 0, filled(BLOCK, 51));
    assertTrue(rig.leases.unflushed(VDI), "it is marked anew");
  }

  @Test
  void whatCannotBePushedStays_I2() throws IOException {
    rig.write(DATA, 0, filled(BLOCK, 50));
    try (Faults.Ended _ = rig.store.faults().fail(StoreCall.WRITE, DATA::equals)) {
      assertThrows(IOException.class, () -> rig.cache.letGo(VDI));
    }
    assertEquals(50, rig.read(DATA, 0, BLOCK)[0]);
    assertTrue(rig.leases.unflushed(VDI));
    rig.cache.flush(VDI);
    assertEquals(50, rig.store.durableBytes(DATA).orElseThrow()[0]);
  }

  @Test
  void aPullThatIsUnderWayKeepsNothing() throws Exception {
    FutureTask<byte[]> reading = new FutureTask<>(() -> rig.read(DATA, CHUNK, BLOCK));
    try (Faults.Hang hang = rig.store.faults().hang(StoreCall.READ, DATA::equals)) {
      Thread.ofVirtual().start(reading);
      hang.awaitArrived(1);
      rig.leases.giveUp(VDI, true);
      rig.cache.letGo(VDI);
    }
    assertEquals(BLOCK, reading.get(30, TimeUnit.SECONDS).length);
    assertEquals(0, rig.cache.usage().used());
    rig.leases.giveUp(VDI, false);
    ByteBuffer into = ByteBuffer.allocateDirect(BLOCK);
    assertEquals(Outcome.WOULD_WAIT, rig.readNow(DATA, CHUNK, into));
  }
}

package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kelpie.platform.Network;
import dev.kelpie.platform.jvm.JvmPlatform;
import dev.kelpie.testing.Await;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.Seeds;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Cuts the power of a loaded daemon, again and again: it is killed, what it did not sync is lost
/// in whole or in part, and the next one starts on another boot. Every flushed sector is there,
/// none is torn or older than what was flushed, and a loss is told to one barrier (I1, I4, I15,
/// I16).
///
/// The disk is a FUSE mount ([PowerDisk]), the boot id a file that is mounted over the kernel's in
/// the daemon's own mount namespace. Where there is no `/dev/fuse`, or no root, the test is aborted
/// with these words. `-Dpower.rounds=` sets how many cuts there are.
final class PowerCutIT {
  private static final int ROUNDS = Integer.getInteger("power.rounds", 6);
  private static final long SIZE = 24L << 20;
  private static final int CLIENTS = 2;
  private static final int ANSWERS_MAX = 1500;
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int FLUSH_VDI = 0x16;
  private static final int RESULT_EIO = 0x03;
  private static final int HEADER = 48;

  @TempDir Path temp;

  private final RandomGenerator random = Seeds.generator("PowerCutIT");
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final Network network =
      JvmPlatform.open((_, e) -> failure.compareAndSet(null, e)).network();
  private final AtomicLong answered = new AtomicLong();
  private final LoadedDisk disk = new LoadedDisk("a", SIZE);

  @Test
  void aPowerCutLosesNothingThatWasFlushed_I1_I4_I15_I16() throws Exception {
    assumeTrue(
        FuseDevice.isAvailable(),
        "power cuts on real files need /dev/fuse and root; they are not tried on this machine");
    Path mount = Files.createDirectory(temp.resolve("mount"));
    Path boot = temp.resolve("boot");
    try (PowerDisk power = new PowerDisk(mount, random);
        SheepProcess sheep =
            SheepProcess.in(mount).onBoot(boot).with("-w", "size=20M,keep=always")) {
      Files.writeString(boot, UUID.randomUUID() + "\n");
      try {
        sheep.start().format();
        sheep.dog("vdi", "create", disk.name(), "" + SIZE).ok();
        for (int round = 1; round <= ROUNDS; round++) {
          round(power, sheep, boot);
        }
        sheep.stop();
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "power cuts, -Dseed=" + Seeds.seed() + "\n" + sheep.output() + sheep.log(), e);
      }
    }
    System.out.println(ROUNDS + " power cuts, " + answered + " answers");
  }

  private void round(PowerDisk power, SheepProcess sheep, Path boot) throws Exception {
    long from = answered.get();
    List<Thread> load = load(sheep);
    long wanted = 1L + random.nextInt(ANSWERS_MAX);
    Await.until(
        wanted + " answers", LIMIT, () -> failure.get() != null || answered.get() - from >= wanted);
    sheep.kill();
    for (Thread thread : load) {
      thread.join(LIMIT);
    }
    disk.stamps().killed();
    assertNoFailure();
    Keep[] keeps = Keep.values();
    power.cutPower(keeps[random.nextInt(keeps.length)]);
    Files.writeString(boot, UUID.randomUUID() + "\n");
    Files.deleteIfExists(sheep.base().resolve("sheep.log"));
    sheep.start();
    assertFalse(sheep.log().contains("PANIC"), sheep::log);
    disk.settle(network, sheep.nbdPort());
    assertEquals(RESULT_EIO, flush(sheep), "the first barrier is told of the loss");
    assertEquals(0, flush(sheep), "the second is not");
  }

  private void assertNoFailure() {
    if (failure.get() != null) {
      throw new AssertionError("under load", failure.get());
    }
  }

  private List<Thread> load(SheepProcess sheep) {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      StampingClient client =
          new StampingClient(
                  LoadedDisk.connect(network, sheep.nbdPort(), disk.name()),
                  disk.stamps(),
                  new java.util.SplittableRandom(random.nextLong()),
                  answered,
                  new AtomicBoolean())
              .untilThePowerGoes();
      threads.add(
          Thread.ofPlatform()
              .name("load " + i)
              .uncaughtExceptionHandler((_, e) -> failure.compareAndSet(null, e))
              .start(client));
    }
    return threads;
  }

  /// A barrier of a Sheepdog client, as QEMU sends it.
  private int flush(SheepProcess sheep) throws IOException {
    String list = sheep.dog("vdi", "list", "-r", disk.name()).ok().out();
    long vid = Long.parseLong(list.split(" ", -1)[7], 16);
    ByteBuffer request = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    request.put(0, (byte) 1).put(1, (byte) FLUSH_VDI).putInt(8, 1);
    request.putLong(16, (1L << 63) | (vid << 32));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), sheep.port())) {
      socket.getOutputStream().write(request.array());
      byte[] reply = new byte[HEADER];
      new DataInputStream(socket.getInputStream()).readFully(reply);
      return ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN).getInt(16);
    }
  }
}

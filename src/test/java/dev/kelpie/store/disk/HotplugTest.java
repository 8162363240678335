package dev.kelpie.store.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.log.Level;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.testing.Keep;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Disks that come and go while the store is open. The crash points are in [DiskStoreCrashTest],
/// what happens under load in [DiskStoreRandomTest].
final class HotplugTest {
  private static final VdiId VDI = new VdiId(1);

  private final StoreRig rig = new StoreRig("/one", "/two");
  private final Path one = Path.of("/one");
  private final Path two = Path.of("/two");

  @AfterEach
  void end() throws IOException {
    rig.end();
  }

  @Test
  void whatWasOnAnUnpluggedDiskIsOnTheOthersAndAStartWithoutItSucceeds() throws IOException {
    rig.open();
    Map<Integer, byte[]> content = fill();
    rig.store().unplug(two);
    assertEquals(List.of(one), disks());
    check(content);
    assertEquals(List.of(), rig.disk().list(two.resolve("obj")));
    rig.close();
    rig.open(List.of(one));
    check(content);
  }

  /// I1: what a flush promised of a disk that left right before.
  @Test
  void i1WhatWaitedOnAnUnpluggedDiskIsDurable() throws IOException {
    rig.open();
    ObjectId object = rig.createOn("/two");
    byte[] written = rig.write(object, 0, 4096, Durability.DEFERRED);
    rig.store().unplug(two);
    rig.store().flush(VDI);
    rig.crash(Keep.NOTHING);
    rig.open(List.of(one));
    assertArrayEquals(written, rig.read(object, 0, 4096));
  }

  @Test
  void aPluggedDiskTakesNewObjectsAndMustBeNamedFromThenOn() throws IOException {
    rig.open(List.of(one));
    rig.store().plug(two);
    assertEquals(List.of(one, two), disks());
    ObjectId object = rig.createOn("/two");
    byte[] written = rig.write(object, 0, 512, Durability.DURABLE);
    rig.close();
    refuses(() -> rig.open(List.of(one)), "has 2 disks and only 1 are named");
    rig.open();
    assertArrayEquals(written, rig.read(object, 0, 512));
  }

  @Test
  void aDiskThatWasUnpluggedCanBePluggedAgain() throws IOException {
    rig.open();
    Map<Integer, byte[]> content = fill();
    rig.store().unplug(one);
    rig.store().plug(one);
    rig.store().unplug(two);
    check(content);
    rig.close();
    rig.open(List.of(one));
    check(content);
  }

  @Test
  void theOnlyDiskStays() throws IOException {
    rig.open(List.of(one));
    refuses(() -> rig.store().unplug(one), "/one is the only disk of the store");
    assertEquals(List.of(one), disks());
  }

  @Test
  void whatIsNoDiskOfTheStoreCannotBeUnplugged() throws IOException {
    rig.open();
    refuses(() -> rig.store().unplug(Path.of("/three")), "/three is not a disk of this store");
  }

  @Test
  void aDiskIsPluggedOnce() throws IOException {
    rig.open();
    refuses(() -> rig.store().plug(two), "/two is a disk of this store already");
  }

  @Test
  void aDirectoryInWhichSomethingIsIsNotPlugged() throws IOException {
    rig.open(List.of(one));
    rig.disk().createDirectory(two.resolve("obj"));
    rig.disk().create(two.resolve("obj").resolve("precious")).close();
    refuses(() -> rig.store().plug(two), "/two has a obj in which something is");
    assertEquals(List.of("precious"), rig.disk().list(two.resolve("obj")));
    assertEquals(List.of(one), disks());
  }

  @Test
  void aDiskOfAnotherStoreIsNotPlugged() throws IOException {
    rig.open(List.of(two));
    rig.close();
    rig.open(List.of(one));
    refuses(() -> rig.store().plug(two), "/two is a disk of another store");
    refuses(() -> rig.store().plug(Path.of("/nowhere")), "/nowhere");
    rig.close();
    rig.open(List.of(two));
  }

  @Test
  void aDiskStaysWhereTheOthersAreFull() throws IOException {
    rig.open();
    Map<Integer, byte[]> content = fill();
    rig.disk().capacity(one, 0);
    refuses(() -> rig.store().unplug(two), "the other disks cannot take what is on /two");
    assertEquals(List.of(one, two), disks());
    check(content);
    rig.disk().capacity(one, 1L << 40);
    rig.store().unplug(two);
    check(content);
  }

  @Test
  void aDamagedObjectKeepsItsDisk() throws IOException {
    rig.open();
    ObjectId object = rig.createOn("/two");
    rig.write(object, 0, 4096, Durability.DURABLE);
    rig.reopen();
    rig.flip(object, 100);
    refuses(() -> rig.store().unplug(two), "/two keeps 1 objects that are damaged");
    assertEquals(List.of(one, two), disks());
    assertEquals(1, rig.said(Level.ERROR, "object " + object + " is damaged at byte 0"));
    rig.write(object, 0, 4096, Durability.DURABLE);
    rig.store().unplug(two);
  }

  private interface Attempt {
    void make() throws IOException;
  }

  private static void refuses(Attempt attempt, String why) {
    IOException refusal = assertThrows(IOException.class, attempt::make);
    assertTrue(String.valueOf(refusal.getMessage()).contains(why), refusal::toString);
  }

  private List<Path> disks() {
    return rig.store().space().stream().map(DiskSpace::directory).toList();
  }

  private Map<Integer, byte[]> fill() throws IOException {
    Map<Integer, byte[]> content = new TreeMap<>();
    for (int i = 0; i < 20; i++) {
      content.put(i, rig.create(ObjectId.data(VDI, i), 4096 * i, 5000));
    }
    return content;
  }

  private void check(Map<Integer, byte[]> content) throws IOException {
    List<Integer> seen = new ArrayList<>();
    for (Map.Entry<Integer, byte[]> entry : content.entrySet()) {
      int i = entry.getKey();
      assertArrayEquals(entry.getValue(), rig.read(ObjectId.data(VDI, i), 4096 * i, 5000));
      seen.add(i);
    }
    assertEquals(List.copyOf(content.keySet()), seen);
    assertEquals(List.of(), rig.store().check().findings());
  }
}

package dev.kelpie.simulation;

import dev.kelpie.frontend.sheepdog.WireDoor;
import dev.kelpie.frontend.sheepdog.WireDoor.Reply;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.simulation.DiskModel.Snapshot;
import dev.kelpie.simulation.History.Loss;
import dev.kelpie.simulation.History.Write;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The disks of a node: their clients, their snapshots, and what a restart finds of them.
final class Directory {
  private static final int SNAPSHOTS_MAX = 3;
  private static final int DISKS_MAX = 4;
  private static final int READ_BYTES = ObjectId.DATA_SIZE;
  private static final int FLUSH = 2;
  private static final int REFUSED_MAX = 3;

  /// More than there are damaged blocks.
  private static final int DAMAGED_MAX = 200;

  private static final long DETACH_NANOS = 30_000_000_000L;
  private static final long LOOK_NANOS = 1_000_000;
  private static final List<String> MODES = List.of("writeback", "writethrough", "none");

  private final ServedNode node;
  private final List<DiskModel> disks;
  private final AtomicLong clock;
  private WireDoor.@Nullable Client director;

  Directory(ServedNode node, List<DiskModel> disks, AtomicLong clock) {
    this.node = node;
    this.disks = disks;
    this.clock = clock;
  }

  /// The same disks on another node.
  Directory on(ServedNode next) {
    return new Directory(next, disks, clock);
  }

  private WireDoor.Client director() throws IOException {
    WireDoor.Client now = director;
    if (now == null) {
      now = node.sheepdog();
      director = now;
    }
    return now;
  }

  void create(String name, boolean sheepdogOnly, int cells) throws IOException {
    DiskModel disk = new DiskModel(name, sheepdogOnly, clock, cells);
    make(name, 0, disk.size(), RequestFields.Vdi.CREATE);
    disks.add(disk);
  }

  private void make(String name, int base, long size, int snapId) throws IOException {
    RequestFields fields = new RequestFields.Vdi(size, base, 0, 0, 0, 0, snapId, 0);
    good(director().send(Opcode.NEW_VDI, 0, fields, SheepdogDisk.payload(name)), "NEW_VDI " + name);
  }

  private static void good(Reply reply, String what) throws DiskClient.Refused {
    if (reply.result() != 0) {
      throw new DiskClient.Refused(what + ": result " + reply.result());
    }
  }

  /// A client of a disk.
  DiskClient client(DiskModel disk, int number) throws IOException {
    DiskClient known = disk.clients.get(number);
    if (known == null) {
      known =
          number < MODES.size() && !disk.sheepdogOnly
              ? new NbdDisk(
                  node.nbd(disk.name + "?cache=" + MODES.get(number)),
                  number == 1,
                  disk.clearing.writeLock())
              : new SheepdogDisk(
                  node.sheepdog(), disk.name, 0, disk.naming, disk.clearing.readLock());
      disk.clients.put(number, known);
    }
    return known;
  }

  /// Closes all connections.
  void closeClients() throws IOException {
    for (DiskModel disk : disks) {
      closeClients(disk);
    }
    WireDoor.Client last = director;
    if (last != null) {
      last.close();
      director = null;
    }
  }

  private static void closeClients(DiskModel disk) throws IOException {
    for (DiskClient client : disk.clients.values()) {
      client.close();
    }
    disk.clients.clear();
  }

  /// A barrier. After a power cut the first one of a client that has not opened the disk since may
  /// fail, for the cache may have had writes to lose; the second does not.
  void flush(DiskModel disk, DiskClient client, int dice) throws IOException {
    long start = disk.history.now();
    if (client instanceof SheepdogDisk && disk.lossMayBeTold) {
      try {
        client.flush(dice);
      } catch (DiskClient.Refused _) {
        // What the cut took is told, once.
      }
      client.flush(dice);
      disk.lossMayBeTold = false;
    } else {
      client.flush(dice);
    }
    disk.history.flushed(start);
  }

  /// Flushes all disks.
  void flushAll() throws IOException {
    for (DiskModel disk : disks) {
      if (!disk.inDoubt) {
        flush(disk, client(disk, Simulation.CLIENTS - 1), 2);
      }
    }
  }

  /// Everything that was answered is durable: the node ended in good order.
  void ended() {
    for (DiskModel disk : disks) {
      disk.history.flushed(Long.MAX_VALUE);
    }
  }

  /// Changes the directory.
  void change(Op op, DiskModel disk) throws IOException {
    switch (op.kind()) {
      case SNAPSHOT -> snapshot(disk);
      case DELETE_SNAPSHOT -> deleteSnapshot(disk, op.dice());
      case CLONE -> cloneOf(disk, op);
      case DELETE_CLONE -> deleteClone(disk);
      default -> throw new IllegalArgumentException(op.toString());
    }
  }

  private void snapshot(DiskModel disk) throws IOException {
    if (disk.snapshots.size() == SNAPSHOTS_MAX) {
      deleteSnapshot(disk, 0);
      return;
    }
    int vid = new SheepdogDisk(director(), disk.name, 0).lookup();
    int snapId = header(vid).snapId();
    Snapshot snapshot = new Snapshot(disk.history.count());
    disk.snapshots.put(snapId, snapshot);
    long start = disk.history.now();
    boolean done = false;
    try {
      make(disk.name, vid, 0, RequestFields.Vdi.SNAPSHOT);
      done = true;
    } finally {
      // Also where it was cut off: it may be there.
      snapshot.content = disk.history.visible(start);
      if (done) {
        disk.history.flushed(start);
        snapshot.inDoubt = false;
      }
    }
    settle(disk, snapId, snapshot);
  }

  private InodeHeader header(int vid) throws IOException {
    RequestFields at = RequestFields.Obj.at(ObjectId.inode(new VdiId(vid)), 0);
    Reply reply = director().ask(Opcode.READ_OBJ, RequestFlags.CACHE, InodeHeader.SIZE, at);
    good(reply, "READ_OBJ of an inode");
    return InodeHeader.decode(ByteBuffer.wrap(reply.data()).order(ByteOrder.LITTLE_ENDIAN));
  }

  private void settle(DiskModel disk, int snapId, Snapshot snapshot) throws IOException {
    SheepdogDisk frozen = new SheepdogDisk(director(), disk.name, snapId);
    long[] found = content(frozen, snapshot.cells);
    snapshot.settle(found, "snapshot " + snapId + " of " + disk.name + ",");
  }

  private void deleteSnapshot(DiskModel disk, int dice) throws IOException {
    List<Integer> ids = List.copyOf(disk.snapshots.keySet());
    if (!ids.isEmpty()) {
      int snapId = ids.get(dice % ids.size());
      Snapshot snapshot = disk.snapshots.get(snapId);
      if (snapshot != null) {
        snapshot.inDoubt = true;
        delete(disk.name, snapId);
        disk.snapshots.remove(snapId);
      }
    }
  }

  private void cloneOf(DiskModel disk, Op op) throws IOException {
    List<Integer> ids = List.copyOf(disk.snapshots.keySet());
    if (ids.isEmpty() || disks.size() == DISKS_MAX) {
      return;
    }
    int snapId = ids.get(op.dice() % ids.size());
    Snapshot snapshot = disk.snapshots.get(snapId);
    long[] content = snapshot == null || snapshot.inDoubt ? null : snapshot.settled();
    if (content == null) {
      return;
    }
    int base = new SheepdogDisk(director(), disk.name, snapId).lookup();
    DiskModel clone =
        new DiskModel("clone" + op.number(), op.dice() / 8 % 2 == 0, clock, content.length);
    clone.history.set(content);
    clone.inDoubt = true;
    disks.add(clone);
    make(clone.name, base, clone.size(), RequestFields.Vdi.CREATE);
    clone.inDoubt = false;
  }

  private void deleteClone(DiskModel disk) throws IOException {
    if (disk.snapshots.isEmpty()) {
      closeClients(disk);
      disk.inDoubt = true;
      delete(disk.name, 0);
      disks.remove(disk);
    }
  }

  /// Deletes a VDI; a server takes a moment to see that its last client has gone.
  private void delete(String name, int snapId) throws IOException {
    byte[] payload = new byte[512];
    System.arraycopy(SheepdogDisk.payload(name), 0, payload, 0, 256);
    long deadline = System.nanoTime() + DETACH_NANOS;
    Reply reply;
    do {
      RequestFields which = RequestFields.Vdi.lookup(snapId);
      reply = director().send(Opcode.DEL_VDI, 0, which, payload);
      LockSupport.parkNanos(reply.result() == 0 ? 0 : LOOK_NANOS);
    } while (reply.result() == ResultCode.VDI_LOCKED.code() && System.nanoTime() < deadline);
    good(reply, "DEL_VDI " + name + " " + snapId);
  }

  /// Deletes everything.
  void deleteAll() throws IOException {
    for (DiskModel disk : disks) {
      closeClients(disk);
      if (!disk.inDoubt) {
        delete(disk.name, 0);
      }
      for (int snapId : disk.snapshots.keySet()) {
        delete(disk.name, snapId);
      }
    }
    disks.clear();
  }

  /// A request that is sent again on another connection, while the first one is still in the works.
  /// In between, another client writes all the blocks that it touches.
  void resend(Op op, DiskModel disk, int first, int count) throws IOException {
    int inObject = Math.min(count, Script.OBJECT - first % Script.OBJECT);
    long offset = (long) first * History.CELL;
    byte[] bytes = History.bytes(op.number(), first, inObject);
    boolean creates = op.dice() % 2 == 0;
    WireDoor.Client lost = node.sheepdog();
    try (WireDoor.Client anew = node.sheepdog()) {
      int vid = new SheepdogDisk(lost, disk.name, 0).lookup();
      // Not durable: another client may have named the object in the map with less than that.
      Write write = disk.history.begin(op.number(), first, inObject, false);
      if (!new SheepdogDisk(lost, disk.name, 0).sendOnly(vid, offset, bytes, creates)) {
        disk.history.failed(write);
        lost.close();
        return;
      }
      awaitHeld();
      lost.close();
      between(op, disk, first, inObject);
      boolean done = new SheepdogDisk(anew, disk.name, 0).sendAgain(vid, offset, bytes, creates);
      if (done) {
        disk.history.answered(write);
      } else {
        disk.history.failed(write);
      }
    }
  }

  private void between(Op op, DiskModel disk, int first, int count) throws IOException {
    int from = first - first % Script.BLOCK;
    int end = Math.ceilDiv(first + count, Script.BLOCK) * Script.BLOCK;
    int until = Math.min(end, disk.history.count());
    int number = until - from;
    int tag = op.number() + 1_000_000;
    if (op.dice() / 2 % 2 == 0 && !disk.sheepdogOnly) {
      try (NbdDisk nbd =
          new NbdDisk(node.nbd(disk.name + "?cache=writeback"), false, disk.clearing.writeLock())) {
        Write write = disk.history.begin(tag, from, number, false);
        nbd.write((long) from * History.CELL, History.bytes(tag, from, number), 1);
        disk.history.answered(write);
      }
    }
  }

  private void awaitHeld() {
    long deadline = System.nanoTime() + 30 * LOOK_NANOS;
    while (node.gates.held() == 0 && System.nanoTime() < deadline) {
      LockSupport.parkNanos(LOOK_NANOS / 10);
    }
  }

  /// Looks at every cell of every disk after a start, and takes what is there.
  void adopt(Loss loss) throws IOException {
    for (DiskModel disk : List.copyOf(disks)) {
      for (int snapId : List.copyOf(disk.snapshots.keySet())) {
        adopt(disk, snapId);
      }
      SheepdogDisk found = new SheepdogDisk(director(), disk.name, 0);
      if (found.lookup() == 0) {
        if (!disk.inDoubt) {
          throw new AssertionError("disk " + disk.name + " is gone");
        }
        if (disk.snapshots.isEmpty()) {
          disks.remove(disk);
        }
        continue;
      }
      disk.inDoubt = false;
      String what = disk.name + " may have lost " + loss + ", and";
      long[] content = loss == Loss.TOLD ? contentLeft(found, disk) : content(found, disk);
      boolean lost = disk.history.adopt(content, loss, what);
      if (loss != Loss.NOTHING) {
        disk.lossMayBeTold = true;
      }
      // A block device is told of what is found later, and knows nothing of any loss.
      if (loss == Loss.TOLD && (lost || !disk.sheepdogOnly)) {
        boolean told = isToldWhileFlushed(found);
        if (lost && !told) {
          throw new AssertionError("acknowledged writes are lost, and nobody is told");
        }
      }
    }
  }

  /// Flushes until no barrier says any more that something was lost: what was found before says
  /// one, what it finds itself another.
  private static boolean isToldWhileFlushed(SheepdogDisk disk) throws IOException {
    for (int refused = 0; ; refused++) {
      try {
        disk.flush(FLUSH);
        return refused > 0;
      } catch (DiskClient.Refused e) {
        if (refused == REFUSED_MAX) {
          throw e;
        }
      }
    }
  }

  /// Reads everything where parts of the cache are damaged: an error takes its place once.
  private static long[] contentLeft(SheepdogDisk found, DiskModel disk) throws IOException {
    for (int left = DAMAGED_MAX; ; left--) {
      try {
        return content(found, disk);
      } catch (DiskClient.Refused e) {
        if (left == 0) {
          throw e;
        }
      }
    }
  }

  private static long[] content(SheepdogDisk found, DiskModel disk) throws IOException {
    return content(found, disk.history.count());
  }

  private void adopt(DiskModel disk, int snapId) throws IOException {
    Snapshot snapshot = disk.snapshots.get(snapId);
    if (snapshot == null) {
      return;
    }
    if (new SheepdogDisk(director(), disk.name, snapId).lookup() != 0) {
      snapshot.inDoubt = false;
      settle(disk, snapId, snapshot);
    } else if (snapshot.inDoubt) {
      disk.snapshots.remove(snapId);
    } else {
      throw new AssertionError("snapshot " + snapId + " of " + disk.name + " is gone");
    }
  }

  /// Reads everything, past the cache where that is possible, so that it stays as it is.
  private static long[] content(SheepdogDisk disk, int cells) throws IOException {
    long[] all = new long[cells];
    for (int first = 0; first < cells; first += READ_BYTES / History.CELL) {
      int count = Math.min(READ_BYTES / History.CELL, cells - first);
      byte[] bytes =
          disk.read((long) first * History.CELL, count * History.CELL, RequestFlags.DIRECT);
      System.arraycopy(History.tags(bytes, first), 0, all, first, count);
    }
    return all;
  }

  /// Reads everything and compares.
  void readAll() throws IOException {
    for (DiskModel disk : disks) {
      if (!disk.inDoubt) {
        long since = disk.history.now();
        long[] found = content(new SheepdogDisk(director(), disk.name, 0), disk.history.count());
        disk.history.check(0, found, since, disk.name + " holds,");
      }
    }
  }
}

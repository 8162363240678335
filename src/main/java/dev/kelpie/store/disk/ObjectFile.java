package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Locks;
import dev.kelpie.store.disk.WaitingChanges.Waiting;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/// One incarnation of an object, open: its file, its table of checksums, and the changes that are
/// in the log and wait in memory until they are durable there and may go to the file (rule W).
///
/// Methods that change the object's content are called under the slot's `change`; reads,
/// checkpoints and syncs may come at any time. Once it is disposed of, because the object was
/// removed, replaced or put away, reads say so and syncs make that durable.
final class ObjectFile {
  private static final int LAPS = 2;

  private final Slot slot;
  private final OneDisk disk;
  private final ObjectId object;
  private final Path path;
  private final DiskFile file;
  private final long incarnation;
  private final long seed;
  private final Locks.Gate gate;

  /// Who uses the file: one for being open, one for each sync under way.
  private final AtomicInteger users = new AtomicInteger(1);

  // All below is guarded by the gate.

  /// The checksums of what is in the file, as the kernel has it.
  private final int[] table;

  private final WaitingChanges waiting;

  /// The blocks that have data records, by the parity of the lap. Bits go when the lap is given up.
  private final BitSet[] logged = {new BitSet(), new BitSet()};

  /// The blocks that were written in place and not synced since.
  private final Unsynced unsynced = new Unsynced();

  private Order order;
  private Order orderInFile;

  /// Behind the last record that the table carries.
  private long carried;

  private boolean gone;

  ObjectFile(OneDisk disk, Slot slot, DiskFile file, Trailer trailer) {
    this.slot = slot;
    this.disk = disk;
    this.object = slot.object();
    this.path = disk.pathOf(object);
    this.file = file;
    this.incarnation = trailer.incarnation();
    this.seed = Checksum.seed(object, incarnation);
    this.gate = disk.locks().gate();
    this.table = trailer.table();
    this.waiting = new WaitingChanges(disk.waitingBytes());
    this.order = trailer.order();
    this.orderInFile = trailer.order();
  }

  /// The content at one moment, for somebody who copies it.
  interface View {
    boolean hole(int block);

    void read(int block, ByteBuffer into) throws IOException;
  }

  /// Does something with a view.
  @FunctionalInterface
  interface Viewer {
    void look(View view) throws IOException;
  }

  /// Opens the file of an object that is there.
  ///
  /// @throws dev.kelpie.object.ObjectDamaged where the trailer's header is damaged
  static ObjectFile open(OneDisk disk, Slot slot) throws IOException {
    disk.health().check();
    Path path = disk.pathOf(slot.object());
    DiskFile file = disk.files().open(path);
    try {
      return new ObjectFile(disk, slot, file, readTrailer(slot.object(), file));
    } catch (BadFormat bad) {
      file.close();
      throw disk.damage().report(slot.object(), Trailer.position(slot.object()), path, bad.what());
    } catch (IOException failure) {
      file.close();
      throw failure;
    }
  }

  /// Reads the trailer of an object file.
  static Trailer readTrailer(ObjectId object, DiskFile file) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Trailer.length(object));
    file.read(bytes, Trailer.position(object));
    if (bytes.hasRemaining()) {
      throw new BadFormat("its trailer is cut off");
    }
    return Trailer.decode(object, bytes.clear());
  }

  OneDisk disk() {
    return disk;
  }

  ObjectId object() {
    return object;
  }

  long incarnation() {
    return incarnation;
  }

  long seed() {
    return seed;
  }

  /// The order pair of the last change.
  Order order() {
    return shared(() -> order);
  }

  /// What is known of the object; empty where it is not here any more.
  Optional<ObjectStat> stat() throws IOException {
    disk.health().check();
    gate.enterShared();
    try {
      return gone
          ? Optional.empty()
          : Optional.of(
              new ObjectStat(object, order.asGeneration(), order.number(), file.allocatedBytes()));
    } finally {
      gate.leaveShared();
    }
  }

  /// Keeps the object open until [#unpin].
  void pin() {
    slot.pin();
  }

  void unpin() {
    slot.unpin();
  }

  /// Reads and advances the buffer.
  ///
  /// @return false where the object is not here any more
  boolean read(int offset, ByteBuffer into) throws IOException {
    disk.health().check();
    gate.enterShared();
    try {
      if (gone) {
        return false;
      }
      copyOut(offset, into.duplicate());
      into.position(into.limit());
      return true;
    } finally {
      gate.leaveShared();
    }
  }

  /// Lets somebody read while nothing changes.
  ///
  /// @return false where the object is not here any more
  boolean view(Viewer viewer) throws IOException {
    disk.health().check();
    gate.enterShared();
    try {
      if (gone) {
        return false;
      }
      viewer.look(
          new View() {
            @Override
            public boolean hole(int block) {
              return isHole(block);
            }

            @Override
            public void read(int block, ByteBuffer into) throws IOException {
              copyOut(Blocks.start(block), into);
            }
          });
      return true;
    } finally {
      gate.leaveShared();
    }
  }

  /// Reads a whole block, padding included.
  void readBlock(int block, ByteBuffer into) throws IOException {
    gate.enterShared();
    try {
      copyOut(Blocks.start(block), into);
    } finally {
      gate.leaveShared();
    }
  }

  /// Whether every one of these blocks is a hole.
  boolean areHoles(int[] blocks) {
    return shared(() -> {
      for (int block : blocks) {
        if (!isHole(block)) {
          return false;
        }
      }
      return true;
    });
  }

  /// Whether any of these blocks has a data record that a replay would still need, or was written
  /// in place and not synced.
  boolean areUnsettled(int[] blocks) {
    return shared(() -> Arrays.stream(blocks).anyMatch(this::isUnsettled));
  }

  /// Allocates space for those of the blocks that are holes.
  void allocate(int[] blocks) throws IOException {
    int i = 0;
    while (i < blocks.length) {
      int first = i;
      while (i < blocks.length && blocks[i] == blocks[first] + i - first && hole(blocks[i])) {
        i++;
      }
      if (i > first) {
        long position = Blocks.start(blocks[first]);
        long length = Blocks.start(i - first);
        disk.health().run("allocate space in " + path, () -> file.allocate(position, length));
      } else {
        i++;
      }
    }
  }

  /// Takes up a change that is in the log.
  void stage(Waiting change, Lap lap) {
    gate.enterAlone();
    try {
      waiting.add(change);
      for (int block : change.blocks()) {
        logged[lap.number % LAPS].set(block);
      }
      order = change.order();
    } finally {
      gate.leaveAlone();
    }
  }

  /// Writes a change in place.
  ///
  /// @param end the place behind its record
  void overwrite(Image image, int[] sums, Order next, long end) throws IOException {
    gate.enterAlone();
    try {
      writeParts(image);
      for (int i = 0; i < sums.length; i++) {
        table[image.blocks()[i]] = sums[i];
        unsynced.add(image.blocks()[i]);
      }
      order = next;
      carries(next, end);
    } finally {
      gate.leaveAlone();
    }
  }

  /// Brings the changes to the file whose records are durable. Where there is no space for them
  /// they go on waiting, for the next call.
  void apply() throws IOException {
    gate.enterAlone();
    try {
      applyDurable();
    } catch (Disk.NoSpace full) {
      disk.noteFull(full);
    } finally {
      gate.leaveAlone();
    }
  }

  /// Makes what is in the file durable. Where the object was removed or replaced, makes that
  /// durable: until then a power cut brings this file back, and its bytes would be missing.
  void sync() throws IOException {
    if (!hold()) {
      disk.syncNames();
      return;
    }
    try {
      syncFile();
    } finally {
      drop();
    }
  }

  /// Brings every change so far to the file and syncs it, so that no replay needs their data.
  void settle() throws IOException {
    disk.log().sync(disk.log().end());
    gate.enterAlone();
    try {
      applyDurable();
    } finally {
      gate.leaveAlone();
    }
    sync();
    forgetLogged(logged);
  }

  /// Brings everything that a lap holds of this object to the file, synced (rules T and L).
  ///
  /// @throws Disk.NoSpace where there is no space for it
  void checkpoint(Lap lap) throws IOException {
    if (!hold()) {
      return;
    }
    try {
      Optional<Trailer> trailer = applyForCheckpoint();
      if (trailer.isPresent()) {
        ByteBuffer bytes = trailer.get().encode(object);
        disk.health()
            .run(
                "write the checksums of " + path,
                () -> file.write(bytes, Trailer.position(object)));
        syncFile();
        forgetLogged(logged[lap.number % LAPS]);
      }
    } finally {
      drop();
    }
  }

  /// Ends its use: reads that are under way end first.
  void dispose() {
    gate.enterAlone();
    try {
      if (gone) {
        return;
      }
      gone = true;
      waiting.clear();
    } finally {
      gate.leaveAlone();
    }
    drop();
  }

  private void syncFile() throws IOException {
    BitSet now = alone(unsynced::begin);
    disk.health().runOrFail("sync " + path, file::sync);
    alone(() -> unsynced.end(now));
  }

  private Optional<Trailer> applyForCheckpoint() throws IOException {
    Trailer trailer;
    long until;
    gate.enterAlone();
    try {
      if (gone) {
        return Optional.empty();
      }
      applyDurable();
      trailer = new Trailer(incarnation, orderInFile, table.clone());
      until = carried;
    } finally {
      gate.leaveAlone();
    }
    disk.log().sync(until);
    return Optional.of(trailer);
  }

  /// Has the gate alone.
  private void applyDurable() throws IOException {
    long durable = disk.log().durable();
    while (waiting.hasUntil(durable)) {
      Waiting change = waiting.first();
      writeRuns(change);
      for (int i = 0; i < change.blocks().length; i++) {
        table[change.blocks()[i]] = change.sums()[i];
      }
      waiting.removeFirst();
      carries(change.order(), change.end());
    }
  }

  private void carries(Order next, long end) {
    if (next.compareTo(orderInFile) > 0) {
      orderInFile = next;
    }
    carried = Math.max(carried, end);
  }

  private void writeRuns(Waiting change) throws IOException {
    int[] blocks = change.blocks();
    int i = 0;
    while (i < blocks.length) {
      int first = i;
      while (i < blocks.length && blocks[i] == blocks[first] + i - first) {
        i++;
      }
      ByteBuffer run = change.bytes(first, i - first);
      disk.health().run("write " + path, () -> file.write(run, Blocks.start(blocks[first])));
    }
  }

  private void writeParts(Image image) throws IOException {
    try {
      for (Image.Part part : image.parts()) {
        disk.health()
            .run(
                "write " + path,
                () -> file.write(part.bytes().duplicate(), Blocks.start(part.first())));
      }
    } catch (Disk.NoSpace full) {
      sumAgain(image.blocks());
      throw new IOException(path + " was written only in part: " + full.getMessage(), full);
    }
  }

  /// After a write in place that stopped half-way: what is there now is old or new, by sectors.
  private void sumAgain(int[] blocks) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Blocks.SIZE);
    for (int block : blocks) {
      if (table[block] != Checksum.HOLE) {
        file.read(bytes.clear(), Blocks.start(block));
        table[block] = Checksum.of(seed, block, bytes.clear());
      }
    }
  }

  private boolean isUnsettled(int block) {
    return logged[0].get(block) || logged[1].get(block) || unsynced.contains(block);
  }

  private boolean isHole(int block) {
    return table[block] == Checksum.HOLE && !waiting.contains(block);
  }

  private boolean hole(int block) {
    return shared(() -> isHole(block));
  }

  private boolean isInFile(int block) {
    return table[block] != Checksum.HOLE && !waiting.contains(block);
  }

  /// Fills the buffer with what the object holds from `offset`, in as few reads as possible.
  private void copyOut(int offset, ByteBuffer into) throws IOException {
    int at = offset;
    while (into.hasRemaining()) {
      int block = at / Blocks.SIZE;
      int within = at - Blocks.start(block);
      int length;
      if (waiting.contains(block)) {
        length = copyPart(waiting.block(block), within, into);
      } else if (isHole(block)) {
        length = zeros(block, within, into);
      } else if (within == 0 && into.remaining() >= Blocks.SIZE) {
        length = readRun(block, into);
      } else {
        ByteBuffer whole = ByteBuffer.allocate(Blocks.SIZE);
        readAndCheck(block, whole);
        length = copyPart(whole, within, into);
      }
      at += length;
    }
  }

  private static int copyPart(ByteBuffer block, int within, ByteBuffer into) {
    int length = Math.min(Blocks.SIZE - within, into.remaining());
    into.put(block.slice(within, length));
    return length;
  }

  private int zeros(int block, int within, ByteBuffer into) {
    int end = block + 1;
    while (end < table.length && isHole(end)) {
      end++;
    }
    int length = Math.min(Blocks.start(end) - Blocks.start(block) - within, into.remaining());
    into.put(ByteBuffer.allocate(length));
    return length;
  }

  private int readRun(int block, ByteBuffer into) throws IOException {
    int count = 1;
    int countMax = into.remaining() / Blocks.SIZE;
    while (count < countMax && block + count < table.length && isInFile(block + count)) {
      count++;
    }
    int length = Blocks.start(count);
    readAndCheck(block, into.slice(into.position(), length));
    into.position(into.position() + length);
    return length;
  }

  private void readAndCheck(int first, ByteBuffer into) throws IOException {
    int count = into.remaining() / Blocks.SIZE;
    if (file.read(into, Blocks.start(first)) < Blocks.start(count)) {
      throw disk.damage().report(object, Blocks.start(first), path, "the file is cut off");
    }
    for (int i = 0; i < count; i++) {
      check(first + i, into.slice(Blocks.start(i), Blocks.SIZE));
    }
  }

  private void check(int block, ByteBuffer bytes) throws IOException {
    int expected = table[block];
    if (expected == Checksum.LOST) {
      throw disk.damage()
          .report(object, Blocks.start(block), path, "what it held is known to be lost");
    }
    if (expected != Checksum.of(seed, block, bytes)) {
      throw disk.damage()
          .report(object, Blocks.start(block), path, "the bytes do not match their checksum");
    }
  }

  private void forgetLogged(BitSet... laps) {
    alone(() -> {
      for (BitSet lap : laps) {
        lap.clear();
      }
      return laps;
    });
  }

  private boolean hold() {
    return users.getAndUpdate(n -> n == 0 ? 0 : n + 1) != 0;
  }

  private void drop() {
    if (users.decrementAndGet() == 0) {
      disk.closeQuietly(file, path);
    }
  }

  private <T> T alone(Supplier<T> change) {
    gate.enterAlone();
    try {
      return change.get();
    } finally {
      gate.leaveAlone();
    }
  }

  private <T> T shared(Supplier<T> question) {
    gate.enterShared();
    try {
      return question.get();
    } finally {
      gate.leaveShared();
    }
  }
}

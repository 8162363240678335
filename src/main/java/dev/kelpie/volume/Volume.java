package dev.kelpie.volume;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Locks;
import dev.kelpie.vdi.Attachment;
import dev.kelpie.vdi.Inode;
import dev.kelpie.vdi.LeaseBook;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One client's handle on a disk. All handles on a VDI share its inode, so each sees what the
/// others have done; the handle has only its cache mode and what its requests carry.
///
/// Writers work inside the gate of the inode. When a snapshot froze the VDI meanwhile, the
/// attachment has moved to the VDI that goes on, and so does the handle.
final class Volume implements BlockDevice {
  private final Attachment attachment;
  private final Family family;
  private final LeaseBook leases;
  private final DataObjects objects;
  private final Clearing clearing;
  private final Optional<CacheMode> mode;
  private final Exports.Client client;
  private final String description;
  private final boolean readOnly;

  /// How often writes had been lost when this client came.
  private final int lossesBefore;

  private volatile Tip tip;

  /// @param mode that the client chose; empty for the VDI's own, which may change
  /// @param description the name and kind of the disk
  Volume(
      Attachment attachment,
      Family family,
      LeaseBook leases,
      DataObjects objects,
      Optional<CacheMode> mode,
      Exports.Client client,
      String description) {
    this.attachment = attachment;
    this.family = family;
    this.leases = leases;
    this.objects = objects;
    this.clearing = new Clearing(objects);
    this.mode = mode;
    this.client = client;
    this.description = description;
    this.readOnly = attachment.snapshot();
    this.lossesBefore = leases.losses(attachment.inode().vdi());
    this.tip = tipOf(attachment.inode());
  }

  @Override
  public long size() {
    return tip().inode().size();
  }

  @Override
  public boolean readOnly() {
    return readOnly;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public boolean read(long offset, ByteBuffer into, Patience patience) throws IOException {
    check(offset, into.remaining());
    if (Pieces.isOne(offset, into.remaining())) {
      return readPiece(Pieces.index(offset), Pieces.within(offset), into, patience);
    } else if (patience == Patience.NOW) {
      return false;
    }
    Pieces.each(
        offset, into, (index, within, bytes) -> readPiece(index, within, bytes, Patience.WAIT));
    return true;
  }

  @Override
  public boolean write(long offset, ByteBuffer from, Durability durability, Patience patience)
      throws IOException {
    check(offset, from.remaining());
    refuseIfReadOnly();
    if (patience == Patience.NOW) {
      return writeNow(offset, from, durability);
    }
    failIfLost(durability);
    inGate(now ->
        Pieces.each(
            offset,
            from,
            (index, within, bytes) ->
                objects.write(now, index, List.of(new Extent(within, bytes)), durability)));
    return true;
  }

  @Override
  public void flush() throws IOException {
    failIfLost(Durability.DURABLE);
    tip().inode().flush();
    // The flush itself may have found that what it was to bring out is damaged.
    failIfLost(Durability.DURABLE);
  }

  @Override
  public void trim(long offset, long length, Durability durability) throws IOException {
    check(offset, length);
    refuseIfReadOnly();
    failIfLost(durability);
    clear(offset, length, durability);
  }

  @Override
  public void zero(long offset, long length, boolean allocate, Durability durability)
      throws IOException {
    check(offset, length);
    refuseIfReadOnly();
    failIfLost(durability);
    if (allocate) {
      Pieces.each(
          offset,
          length,
          (index, within, size) ->
              inGate(now -> objects.zero(now, index, within, size, true, durability)));
    } else {
      clear(offset, length, durability);
    }
  }

  @Override
  public boolean zeroIsFast(long offset, long length) {
    Inode inode = tip().inode();
    if (length == 0) {
      return true;
    }
    Clearing.Whole whole = Clearing.Whole.of(offset, length, inode.size());
    int first = Pieces.index(offset);
    int last = Pieces.index(offset + length - 1);
    return (whole.has(first) || inode.entryAtHand(first) == 0)
        && (whole.has(last) || inode.entryAtHand(last) == 0);
  }

  @Override
  public void prefetch(long offset, long length) throws IOException {
    check(offset, length);
    Tip now = tip();
    Pieces.each(
        offset, length, (index, within, size) -> objects.prefetch(now, index, within, size));
  }

  @Override
  public void status(long offset, long length, StatusSink sink) throws IOException {
    check(offset, length);
    Inode inode = tip().inode();
    Runs.each(
        offset,
        length,
        index -> inode.entry(index) == 0 ? 0 : 1,
        (run, allocated) -> sink.run(run, allocated != 0));
  }

  @Override
  public void depth(long offset, long length, RunSink sink) throws IOException {
    check(offset, length);
    Inode inode = tip().inode();
    Family.Lineage lineage = family.lineage(inode.vdi());
    Runs.each(offset, length, index -> lineage.depth(inode.entry(index)), sink);
  }

  @Override
  public List<Snapshot> snapshots() throws IOException {
    return family.snapshots();
  }

  @Override
  public Optional<Changes> changesSince(String snapshot) throws IOException {
    return family.snapshot(snapshot).map(found -> new Comparison(attachment, found));
  }

  @Override
  public void close() throws IOException {
    try {
      if (!readOnly) {
        tip().inode().flush();
      }
    } finally {
      attachment.close();
    }
  }

  /// Reads a piece. Where a snapshot was taken meanwhile, and was deleted since, its objects may be
  /// gone; the VDI that went on has them.
  private boolean readPiece(int index, int within, ByteBuffer into, Patience patience)
      throws IOException {
    int start = into.position();
    while (true) {
      Tip now = tip();
      try {
        return objects.read(now, index, within, into, patience);
      } catch (IOException e) {
        if (attachment.inode() == now.inode()) {
          throw e;
        }
        into.position(start);
      }
    }
  }

  private boolean writeNow(long offset, ByteBuffer from, Durability durability) throws IOException {
    if (durability == Durability.DURABLE
        || tip.write().durability() == Durability.DURABLE
        || !from.hasRemaining()
        || !Pieces.isOne(offset, from.remaining())) {
      return false;
    }
    Tip now = tip();
    Locks.Gate gate = now.inode().gate();
    if (!gate.tryEnterShared()) {
      return false;
    }
    try {
      if (!isCurrent(now) || now.inode().isBehindLoss()) {
        return false;
      }
      now.inode().checkWritable();
      boolean written = objects.writeNow(now, Pieces.index(offset), Pieces.within(offset), from);
      if (written) {
        from.position(from.limit());
      }
      return written;
    } finally {
      gate.leaveShared();
    }
  }

  private void clear(long offset, long length, Durability durability) throws IOException {
    long end = offset + length;
    long last = end - end % ObjectId.DATA_SIZE;
    long rest = last < end && offset <= last && freeLast(end) ? last - offset : length;
    Clearing.Whole whole = Clearing.Whole.of(offset, rest, Long.MAX_VALUE);
    Pieces.each(
        offset,
        rest,
        (index, within, size) -> {
          if (!whole.has(index)) {
            inGate(now -> clearing.zeroPart(now, index, within, size, durability));
          } else if (index == whole.first() || index % Inode.RUN_MAX == 0) {
            int stop = Math.min(whole.end(), (index / Inode.RUN_MAX + 1) * Inode.RUN_MAX);
            inGate(now -> clearing.free(now, index, stop - index));
          }
        });
  }

  /// Frees the object inside which the disk ends, if it still ends there. Alone in the gate: a disk
  /// that grows meanwhile could get a write behind the old end, which would go with the object.
  private boolean freeLast(long end) throws IOException {
    if (end != size()) {
      return false;
    }
    boolean[] freed = {false};
    inGate(
        Locks.Gate::enterAlone,
        Locks.Gate::leaveAlone,
        now -> {
          if (now.inode().size() == end) {
            clearing.free(now, Pieces.index(end), 1);
            freed[0] = true;
          }
        });
    return freed[0];
  }

  /// Does something to the VDI that is the working one while it is done.
  private void inGate(Work work) throws IOException {
    inGate(Locks.Gate::enterShared, Locks.Gate::leaveShared, work);
  }

  private void inGate(Consumer<Locks.Gate> enter, Consumer<Locks.Gate> leave, Work work)
      throws IOException {
    boolean done = false;
    while (!done) {
      Tip now = tip();
      Locks.Gate gate = now.inode().gate();
      enter.accept(gate);
      try {
        if (isCurrent(now)) {
          now.inode().checkWritable();
          work.on(now);
          now.inode().settleLossInGate(); // of an entry on which what was just written relies
          done = true;
        }
      } finally {
        leave.accept(gate);
      }
    }
  }

  /// What requests carry now; made anew when a snapshot has moved the attachment, or the VDI's mode
  /// was changed.
  private Tip tip() {
    Tip now = tip;
    if (!isCurrent(now)) {
      now = tipOf(attachment.inode());
      tip = now;
    }
    return now;
  }

  private Tip tipOf(Inode inode) {
    return Tip.of(inode, mode.orElse(inode.cacheMode()));
  }

  /// Whether requests can go on as they are. What holds inside the gate stays so until it is left.
  private boolean isCurrent(Tip now) {
    Inode inode = attachment.inode();
    return now.inode() == inode && (mode.isPresent() || now.read().mode() == inode.cacheMode());
  }

  /// Fails a barrier once after writes were lost, unless the client went down with them.
  private void failIfLost(Durability durability) throws IOException {
    if (durability == Durability.DEFERRED) {
      return;
    }
    VdiId vdi = tip().inode().vdi();
    Optional<String> loss =
        client.local() ? leases.takeLossSince(vdi, lossesBefore) : leases.takeLoss(vdi);
    if (loss.isPresent()) {
      throw new IOException("acknowledged writes of " + description + " were lost: " + loss.get());
    }
  }

  private void refuseIfReadOnly() throws ReadOnly {
    if (readOnly) {
      throw new ReadOnly(description);
    }
  }

  private void check(long offset, long length) {
    long size = size();
    if (offset < 0 || length < 0 || length > size - offset) {
      throw new IllegalArgumentException(
          length + " bytes at " + offset + " of a disk of " + size + ": " + description);
    }
  }

  /// Something that is done inside the gate.
  private interface Work {
    void on(Tip tip) throws IOException;
  }
}

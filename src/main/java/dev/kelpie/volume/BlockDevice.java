package dev.kelpie.volume;

import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// A disk as a front end sees it: an array of bytes. Any offset and length inside the disk will do;
/// multiples of 4 KiB are fastest. Methods may be called by many tasks at once.
///
/// A range outside the disk is the caller's error ([IllegalArgumentException]); front ends check
/// ranges at the border. An [IOException] means that the device failed: a write may have happened
/// or not, sector by sector, and nothing that was flushed is lost. Writing methods of a read-only
/// disk throw [ReadOnly].
public interface BlockDevice extends Closeable {
  /// The size in bytes. Grows when the VDI is resized.
  long size();

  boolean readOnly();

  /// The name and kind of the disk for people, one line.
  String description();

  /// Reads `into.remaining()` bytes and advances the buffer; what was never written is zeros.
  ///
  /// @return whether it was done; false only where `patience` is `NOW` and it would have to wait:
  ///   then the buffer is where it was, though bytes in it may have changed
  boolean read(long offset, ByteBuffer into, Patience patience) throws IOException;

  /// Writes all that remains in the buffer and advances it.
  ///
  /// @param durability what the answer promises; `DURABLE` is NBD's FUA
  /// @return as for [#read]; where false, part of the bytes may be written, and the caller writes
  ///   all of them again patiently
  boolean write(long offset, ByteBuffer from, Durability durability, Patience patience)
      throws IOException;

  /// Makes everything durable that was answered before the call, whoever wrote it through this
  /// node.
  ///
  /// @throws IOException where that failed, and once after acknowledged writes were lost by a power
  ///   cut, unless the disk was opened with [Exports.Client#local]
  void flush() throws IOException;

  /// Discards a range: it reads as zeros afterwards, and objects that lie in it whole are freed.
  void trim(long offset, long length, Durability durability) throws IOException;

  /// Writes zeros.
  ///
  /// @param allocate whether the space must stay allocated
  void zero(long offset, long length, boolean allocate, Durability durability) throws IOException;

  /// Whether [#zero] of this range would free or skip whole objects only, and so be much faster
  /// than writing.
  boolean zeroIsFast(long offset, long length);

  /// Brings a range near: a hint. Waits until it is done.
  void prefetch(long offset, long length) throws IOException;

  /// Describes a range from its start in runs of one kind, in order. The sink ends it by returning
  /// false.
  void status(long offset, long length, StatusSink sink) throws IOException;

  /// Tells how deep the owners of a range's objects stand in the chain of snapshots, as [#status]
  /// does: 0 for a hole, 1 for the VDI itself, 2 for the one it was made from, and so on. All
  /// owners behind a VDI of the chain that was deleted and is gone count as one deeper than the
  /// last that is known.
  void depth(long offset, long length, RunSink sink) throws IOException;

  /// The snapshots of the disk, newest first.
  List<Snapshot> snapshots() throws IOException;

  /// Compares the disk with a snapshot of its VDI, which cannot be deleted until the caller closes
  /// the result.
  ///
  /// @param snapshot the decimal id or the tag
  /// @return empty where there is no such snapshot
  Optional<Changes> changesSince(String snapshot) throws IOException;

  /// Ends this use of the disk. Flushes first; a failure is thrown, and the disk is closed all the
  /// same.
  @Override
  void close() throws IOException;

  /// Takes the runs of [#status].
  @FunctionalInterface
  interface StatusSink {
    /// One run: allocated bytes, or a hole that reads as zeros.
    ///
    /// @return whether more is wanted
    boolean run(long length, boolean allocated);
  }

  /// Takes a range in runs of one value, in order.
  @FunctionalInterface
  interface RunSink {
    /// One run.
    ///
    /// @return whether more is wanted
    boolean run(long length, int value);
  }

  /// A snapshot by the names under which it is found.
  ///
  /// @param tag empty where it has none that leads to it: another snapshot has the same, or it
  ///   looks like an id
  record Snapshot(int id, Optional<String> tag) {}

  /// The disk compared with a snapshot.
  interface Changes extends Closeable {
    /// Describes a range: 1 for what may have changed since the snapshot, 0 for what is the same.
    /// Once the disk is closed this is too.
    void runs(long offset, long length, RunSink sink) throws IOException;
  }

  /// The disk is read-only: a snapshot, or opened so.
  final class ReadOnly extends IOException {
    private static final long serialVersionUID = 1;

    /// Names the disk.
    public ReadOnly(String disk) {
      super(disk + " is read-only");
    }
  }
}

package dev.kelpie.volume;

import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

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

  /// The disk is read-only: a snapshot, or opened so.
  final class ReadOnly extends IOException {
    private static final long serialVersionUID = 1;

    /// Names the disk.
    public ReadOnly(String disk) {
      super(disk + " is read-only");
    }
  }
}

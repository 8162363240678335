package dev.kelpie.testing;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Change;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// What was asked of a [MemoryStore]. A call stands here when it arrives, also one that hangs,
/// fails or is refused; bytes are counted when they were read or written.
public final class StoreRecord {
  private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
  private final AtomicLong bytesRead = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();
  private final AtomicLong extentsWritten = new AtomicLong();

  StoreRecord() {}

  /// A call.
  ///
  /// @param object asked for; the VDI's inode for flushes and lists
  /// @param offset of the first byte
  /// @param length of all extents together
  /// @param change what a change carried
  public record Call(
      StoreCall call, ObjectId object, int offset, int length, Optional<Change> change) {}

  /// All calls, in the order in which they arrived.
  public List<Call> calls() {
    return List.copyOf(calls);
  }

  /// All calls of one kind.
  public List<Call> calls(StoreCall kind) {
    return calls.stream().filter(c -> c.call() == kind).toList();
  }

  /// How many calls of one kind there were.
  public int count(StoreCall kind) {
    return calls(kind).size();
  }

  /// The bytes that reads brought.
  public long bytesRead() {
    return bytesRead.get();
  }

  /// The bytes that writes and creates took.
  public long bytesWritten() {
    return bytesWritten.get();
  }

  /// The extents that writes and creates had.
  public long extentsWritten() {
    return extentsWritten.get();
  }

  /// Forgets everything.
  public void clear() {
    calls.clear();
    bytesRead.set(0);
    bytesWritten.set(0);
    extentsWritten.set(0);
  }

  void called(StoreCall call, ObjectId object, int offset, int length, Optional<Change> change) {
    calls.add(new Call(call, object, offset, length, change));
  }

  void read(long bytes) {
    bytesRead.addAndGet(bytes);
  }

  void written(long bytes, int extents) {
    bytesWritten.addAndGet(bytes);
    extentsWritten.addAndGet(extents);
  }
}

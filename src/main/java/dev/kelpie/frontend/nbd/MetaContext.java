package dev.kelpie.frontend.nbd;

import dev.kelpie.volume.BlockDevice;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/// Something that a client can learn about each byte of a disk.
final class MetaContext implements Closeable {
  /// Which parts are allocated: flags HOLE and ZERO.
  static final String ALLOCATION = "base:allocation";

  /// As QEMU has it: 0 for what is not allocated, else the depth in the chain of snapshots, from 1.
  static final String DEPTH = "qemu:allocation-depth";

  /// As QEMU has it, with the name of a snapshot behind it: 1 for what has changed since.
  static final String DIRTY = "qemu:dirty-bitmap:";

  private final int id;
  private final Source source;
  private final Closeable held;

  /// Tells the flags of a range, in runs.
  interface Source {
    void runs(long offset, long length, BlockDevice.RunSink sink) throws IOException;
  }

  private MetaContext(int id, Source source, Closeable held) {
    this.id = id;
    this.source = source;
    this.held = held;
  }

  /// Opens a context of a disk by its name.
  ///
  /// @return empty where the disk has none of this name
  static Optional<MetaContext> open(int id, String name, BlockDevice device) throws IOException {
    return switch (name) {
      case ALLOCATION -> Optional.of(new MetaContext(id, allocation(device), () -> {}));
      case DEPTH -> Optional.of(new MetaContext(id, device::depth, () -> {}));
      case DIRTY -> Optional.empty();
      default ->
          name.startsWith(DIRTY)
              ? device
                  .changesSince(name.substring(DIRTY.length()))
                  .map(changes -> new MetaContext(id, changes::runs, changes))
              : Optional.empty();
    };
  }

  /// The name of the context that tells the changes since a snapshot. Names are UTF-8; a tag that
  /// is not does not make one.
  static String dirty(BlockDevice.Snapshot snapshot) {
    return DIRTY + snapshot.tag().filter(ExportName::isUtf8).orElse("" + snapshot.id());
  }

  private static Source allocation(BlockDevice device) {
    int hole = Protocol.STATE_HOLE | Protocol.STATE_ZERO;
    return (offset, length, sink) ->
        device.status(offset, length, (run, allocated) -> sink.run(run, allocated ? 0 : hole));
  }

  /// By which block status replies name it, from 1.
  int id() {
    return id;
  }

  /// Tells the flags of a range from its start, in runs.
  void runs(long offset, long length, BlockDevice.RunSink sink) throws IOException {
    source.runs(offset, length, sink);
  }

  @Override
  public void close() throws IOException {
    held.close();
  }
}

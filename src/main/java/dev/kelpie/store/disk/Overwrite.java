package dev.kelpie.store.disk;

import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.Outcome;
import dev.kelpie.store.disk.WaitingChanges.Waiting;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// Overwrites parts of objects (docs/disk-format.md §4). Two steps: [#begin] under the slot's
/// `change`, then [Pending#finish] without it, so that the next change of the object can join in
/// the sync that this one waits for.
final class Overwrite {
  private Overwrite() {}

  /// What is left to do for an answer.
  @FunctionalInterface
  interface Pending {
    Outcome finish() throws IOException;
  }

  /// Makes the change, in the log and in memory or in place.
  static Pending begin(ObjectFile file, List<Extent> extents, Change change) throws IOException {
    Order before = file.order();
    Optional<Order> after = before.after(change);
    if (after.isEmpty()) {
      return () -> Outcome.STALE;
    }
    Image image = Image.of(file.object(), extents, file::readBlock);
    file.allocate(image.blocks());
    boolean small = image.blocks().length <= file.disk().config().smallBlocksMax();
    LogRecord record =
        new LogRecord(
            small ? LogRecord.Kind.DATA : LogRecord.Kind.INTENT,
            file.object(),
            file.incarnation(),
            after.get(),
            before,
            image.blocks(),
            image.sums(file.seed()));
    return small ? throughLog(file, record, image, change) : inPlace(file, record, image, change);
  }

  private static Pending throughLog(ObjectFile file, LogRecord record, Image image, Change change)
      throws IOException {
    WriteLog log = file.disk().log();
    ByteBuffer bytes = ByteBuffer.allocate(record.length()).position(record.headLength());
    image.copyInto(bytes);
    ByteBuffer data = bytes.flip().slice(record.headLength(), record.dataLength());
    WriteLog.Appended appended = log.append(record, bytes, file);
    try {
      file.stage(
          new Waiting(appended.end(), record.order(), record.blocks(), record.sums(), data),
          appended.lap());
    } finally {
      log.taken(appended);
    }
    return () -> {
      switch (change.durability()) {
        case DURABLE -> {
          log.sync(appended.end());
          file.apply();
        }
        case DEFERRED -> file.disk().deferred().logged(change.vdi(), appended.end());
      }
      return Outcome.DONE;
    };
  }

  private static Pending inPlace(ObjectFile file, LogRecord record, Image image, Change change)
      throws IOException {
    WriteLog log = file.disk().log();
    if (file.areUnsettled(record.blocks())) {
      file.settle();
    }
    boolean fresh = file.areHoles(record.blocks());
    WriteLog.Appended appended = log.append(record, ByteBuffer.allocate(record.headLength()), file);
    try {
      if (!fresh) {
        log.sync(appended.end());
      }
      file.overwrite(image, record.sums(), record.order(), appended.end());
    } finally {
      log.taken(appended);
    }
    return () -> {
      if (change.durability() == Durability.DURABLE) {
        log.sync(appended.end());
        file.sync();
      } else {
        file.disk().deferred().inPlace(change.vdi(), file, appended.end());
      }
      return Outcome.DONE;
    };
  }
}

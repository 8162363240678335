package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.store.disk.LogScan.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Brings the object files in line with the log after a crash (docs/disk-format.md §5). May be cut
/// short and begun again any number of times.
final class Replay {
  private final Disk disk;
  private final Log messages;
  private final DiskDirectory directory;
  private final UUID id;

  Replay(Disk disk, Log messages, DiskDirectory directory) {
    this.disk = disk;
    this.messages = messages;
    this.directory = directory;
    this.id = directory.identity().disk();
  }

  /// Redoes what the entries say, object by object, and syncs each file.
  void run(List<Entry> entries) throws IOException {
    Map<ObjectId, List<Entry>> byObject = new LinkedHashMap<>();
    for (Entry entry : entries) {
      byObject.computeIfAbsent(entry.object(), _ -> new ArrayList<>()).add(entry);
    }
    for (Map.Entry<ObjectId, List<Entry>> object : byObject.entrySet()) {
      Path path = directory.objects().resolve(object.getKey().toString());
      if (disk.exists(path)) {
        try (DiskFile file = disk.open(path)) {
          redo(object.getKey(), path, file, object.getValue());
        } catch (Disk.NoSpace full) {
          throw new IOException(
              "disk "
                  + directory.path()
                  + " is full, and "
                  + path
                  + " needs space for changes that are in the log; nothing is lost; free some space"
                  + " there and start again",
              full);
        }
      }
    }
    if (!byObject.isEmpty()) {
      messages.notice(
          "replayed "
              + entries.size()
              + " changes of "
              + byObject.size()
              + " objects from the log of "
              + directory.path());
    }
  }

  private void redo(ObjectId object, Path path, DiskFile file, List<Entry> entries)
      throws IOException {
    Trailer trailer;
    try {
      trailer = ObjectFile.readTrailer(object, file);
    } catch (BadFormat bad) {
      messages.alert(
          path
              + " is damaged ("
              + bad.what()
              + "): the last changes of object "
              + object
              + ", which are in the log, are given up with it");
      return;
    }
    List<Entry> own =
        entries.stream().filter(entry -> entry.incarnation() == trailer.incarnation()).toList();
    if (own.isEmpty()) {
      return;
    }
    int[] last = lastOfEachBlock(trailer.table().length, own);
    Order order = load(own.getFirst()).previous();
    for (int i = 0; i < own.size(); i++) {
      LogRecord record = load(own.get(i));
      if (redo(own.get(i), record, i, last, new Target(object, path, file, trailer))) {
        order = record.order();
      }
    }
    file.write(
        new Trailer(trailer.incarnation(), order, trailer.table()).encode(object),
        Trailer.position(object));
    file.sync();
  }

  private record Target(ObjectId object, Path path, DiskFile file, Trailer trailer) {
    long seed() {
      return Checksum.seed(object, trailer.incarnation());
    }
  }

  /// For each block the number of the record that decides about it, -1 where none does.
  private int[] lastOfEachBlock(int blocks, List<Entry> entries) throws IOException {
    int[] last = new int[blocks];
    Arrays.fill(last, -1);
    for (int i = 0; i < entries.size(); i++) {
      for (int block : load(entries.get(i)).blocks()) {
        last[block] = i;
      }
    }
    return last;
  }

  /// @return whether everything of the change that was not overwritten later is there
  private boolean redo(Entry entry, LogRecord record, int number, int[] last, Target target)
      throws IOException {
    boolean complete = true;
    for (int i = 0; i < record.blocks().length; i++) {
      if (last[record.blocks()[i]] == number) {
        complete &=
            switch (record.kind()) {
              case DATA -> writeAgain(entry, record, i, target);
              case INTENT -> sumAgain(record, i, target);
            };
      }
    }
    return complete;
  }

  private boolean writeAgain(Entry entry, LogRecord record, int i, Target target)
      throws IOException {
    int block = record.blocks()[i];
    ByteBuffer bytes = ByteBuffer.allocate(Blocks.SIZE);
    LogScan.readBlock(entry, record, i, bytes);
    bytes.clear();
    if (Checksum.of(target.seed(), block, bytes) != record.sums()[i]) {
      lose(target, block, "the log of " + directory.path() + " is damaged");
      return false;
    }
    target.file().write(bytes, Blocks.start(block));
    target.trailer().table()[block] = record.sums()[i];
    return true;
  }

  private boolean sumAgain(LogRecord record, int i, Target target) throws IOException {
    int block = record.blocks()[i];
    ByteBuffer bytes = ByteBuffer.allocate(Blocks.SIZE);
    try {
      target.file().read(bytes, Blocks.start(block));
    } catch (IOException failure) {
      lose(target, block, target.path() + " cannot be read there: " + failure);
      return false;
    }
    int sum = Checksum.of(target.seed(), block, bytes.clear());
    target.trailer().table()[block] = sum;
    return sum == record.sums()[i];
  }

  private void lose(Target target, int block, String why) {
    messages.alert(
        "an acknowledged change of object "
            + target.object()
            + " at byte "
            + Blocks.start(block)
            + " is lost: "
            + why
            + "; reads of it fail until these 4096 bytes are written whole");
    target.trailer().table()[block] = Checksum.LOST;
  }

  private LogRecord load(Entry entry) throws IOException {
    return LogScan.load(entry, id);
  }
}

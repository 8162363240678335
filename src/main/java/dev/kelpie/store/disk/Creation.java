package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Extent;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/// Writes the file of a new object under a temporary name and gives it its name when it is whole
/// and durable (docs/disk-format.md §4).
final class Creation {
  /// How many blocks of a parent are copied in one piece.
  private static final int PIECE_BLOCKS = 64;

  private final OneDisk disk;
  private final Slot slot;
  private final Path path;
  private final Path unfinished;
  private final ObjectFile.View parent;
  private final Trailer trailer;
  private final long seed;

  /// @param parent what the object holds where no extent says otherwise
  Creation(OneDisk disk, Slot slot, long incarnation, Order order, ObjectFile.View parent) {
    ObjectId object = slot.object();
    this.disk = disk;
    this.slot = slot;
    this.path = disk.pathOf(object);
    this.unfinished = path.resolveSibling(object + DiskDirectory.UNFINISHED);
    this.parent = parent;
    this.trailer = Trailer.ofHoles(object, incarnation, order);
    this.seed = Checksum.seed(object, incarnation);
  }

  /// A parent of holes.
  static final ObjectFile.View ZEROS =
      new ObjectFile.View() {
        @Override
        public boolean hole(int block) {
          return true;
        }

        @Override
        public void read(int block, ByteBuffer into) {
          into.put(ByteBuffer.allocate(into.remaining()));
        }
      };

  /// Writes the object's file under its temporary name, durably. Where that fails, nothing was
  /// changed.
  ///
  /// @throws dev.kelpie.platform.Disk.NoSpace where the disk is full
  Written write(List<Extent> extents) throws IOException {
    DiskFile file = begin();
    boolean done = false;
    try {
      fill(file, Image.of(slot.object(), extents, parent::read));
      done = true;
      return new Written(file);
    } finally {
      if (!done) {
        giveUp(file);
      }
    }
  }

  /// A file that is whole and has no name yet.
  final class Written {
    private final DiskFile file;

    private Written(DiskFile file) {
      this.file = file;
    }

    /// Gives the object its name, which is not durable yet. Where that fails, what was there before
    /// is there still.
    ObjectFile name() throws IOException {
      boolean done = false;
      try {
        disk.health()
            .runOrFail("rename " + unfinished, () -> disk.files().rename(unfinished, path));
        done = true;
        return new ObjectFile(disk, slot, file, trailer);
      } finally {
        if (!done) {
          giveUp(file);
        }
      }
    }
  }

  private DiskFile begin() throws IOException {
    DiskFile[] file = new DiskFile[1];
    disk.health()
        .run(
            "create " + unfinished,
            () -> {
              if (disk.files().exists(unfinished)) {
                disk.files().delete(unfinished);
              }
              file[0] = disk.files().create(unfinished);
            });
    return file[0];
  }

  private void fill(DiskFile file, Image image) throws IOException {
    int[] sums = image.sums(seed);
    for (int i = 0; i < sums.length; i++) {
      trailer.table()[image.blocks()[i]] = sums[i];
    }
    for (Image.Part part : image.parts()) {
      write(file, part.bytes().duplicate(), Blocks.start(part.first()));
    }
    copyRest(file);
    write(file, trailer.encode(slot.object()), Trailer.position(slot.object()));
    disk.health().run("sync " + unfinished, file::sync);
  }

  /// Copies the parent's blocks that no extent touched.
  private void copyRest(DiskFile file) throws IOException {
    int[] table = trailer.table();
    int block = 0;
    while (block < table.length) {
      int first = block;
      while (block < table.length
          && block - first < PIECE_BLOCKS
          && table[block] == Checksum.HOLE
          && !parent.hole(block)) {
        block++;
      }
      if (block > first) {
        copy(file, first, block - first);
      } else {
        block++;
      }
    }
  }

  private void copy(DiskFile file, int first, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Blocks.start(count));
    parent.read(first, bytes);
    for (int i = 0; i < count; i++) {
      trailer.table()[first + i] =
          Checksum.of(seed, first + i, bytes.slice(Blocks.start(i), Blocks.SIZE));
    }
    write(file, bytes.clear(), Blocks.start(first));
  }

  private void write(DiskFile file, ByteBuffer bytes, int at) throws IOException {
    disk.health().run("write " + unfinished, () -> file.write(bytes, at));
  }

  private void giveUp(DiskFile file) {
    disk.closeQuietly(file, unfinished);
    try {
      disk.files().delete(unfinished);
    } catch (IOException _) {
      // It takes space until the next start or the next create of this object deletes it.
    }
  }
}

package dev.kelpie.cache;

import dev.kelpie.log.Log;
import dev.kelpie.model.SheepHash;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.MappedBytes;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// The two files of the cache, opened, and what may be believed of them.
final class CacheFiles implements Closeable {
  /// What a start finds (docs/cache-format.md, "After a crash").
  enum Found {
    /// New files, or files whose content is lost: nothing is in them.
    NOTHING,
    /// The last process was killed; all of its stores are there.
    KILLED,
    /// The last process ended well.
    SEALED
  }

  private static final long SLAB_MAGIC = 0x4241_4C53_504C_454BL; // "KELPSLAB"
  private static final int SLAB_HEADER = 24;

  /// What growing leaves free on the device, for logs and the like: 64 MiB.
  private static final long RESERVE = 64L << 20;

  private final Path directory;
  private final DiskFile index;
  private final DiskFile slab;
  private final MappedBytes mapped;
  private final Found found;
  private IndexHeader header;
  private final int allocated;
  private final Hints hints;

  private CacheFiles(
      Path directory,
      DiskFile index,
      DiskFile slab,
      MappedBytes mapped,
      Found found,
      IndexHeader header,
      int allocated,
      Hints hints) {
    this.directory = directory;
    this.index = index;
    this.slab = slab;
    this.mapped = mapped;
    this.found = found;
    this.header = header;
    this.allocated = allocated;
    this.hints = hints;
  }

  /// Opens the files, or makes new ones, and removes the seal.
  ///
  /// @throws IOException where the directory cannot be used, or its files are of another version
  static CacheFiles open(Platform platform, Log log, CacheConfig config) throws IOException {
    Disk disk = platform.disk();
    Path directory = config.directory().resolve("cache");
    if (!disk.isDirectory(directory)) {
      disk.createDirectory(directory);
      disk.syncDirectory(config.directory());
    }
    DiskFile index = openOrCreate(disk, directory, "index");
    try {
      DiskFile slab = openOrCreate(disk, directory, "slab");
      try {
        return open(platform, log, config, directory, index, slab);
      } catch (IOException | RuntimeException e) {
        slab.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      index.close();
      throw e;
    }
  }

  private static CacheFiles open(
      Platform platform, Log log, CacheConfig config, Path directory, DiskFile index, DiskFile slab)
      throws IOException {
    long boot = SheepHash.hash(platform.disk().bootId().getBytes(StandardCharsets.ISO_8859_1));
    boolean isNew = index.size() == 0 && slab.size() == 0;
    Optional<IndexHeader> known = readHeader(index, directory);
    Optional<long[]> slabId = readSlabId(slab);
    Optional<String> damage = damage(directory, index, slab, known, slabId);
    if (damage.isPresent()) {
      if (!isNew) {
        warnOfLoss(log, damage.get());
      }
      return makeNew(platform, config, directory, index, slab, boot, Hints.NONE);
    }
    IndexHeader old = known.orElseThrow();
    if (!old.sealed() && old.boot() != boot) {
      warnOfLoss(log, directory + ": the machine lost power or was reset");
      return makeNew(platform, config, directory, index, slab, boot, hints(log, index, slab));
    }
    Found found = old.sealed() ? Found.SEALED : Found.KILLED;
    int allocated = allocated(slab);
    int capacity = Math.max(config.chunks(), allocated);
    long size = IndexLayout.indexSize(capacity);
    if (index.size() < size) {
      index.resize(size);
    }
    index.allocate(0, IndexLayout.indexSize(allocated));
    MappedBytes mapped = index.map(0, size);
    IndexHeader header =
        new IndexHeader(old.sequence(), old.idHigh(), old.idLow(), boot, false, config.chunks())
            .write(mapped)
            .write(mapped); // into both slots: no seal comes back when one is damaged
    return new CacheFiles(directory, index, slab, mapped, found, header, allocated, Hints.NONE);
  }

  /// What cannot be read gives no hints, and is no reason not to start.
  private static Hints hints(Log log, DiskFile index, DiskFile slab) throws IOException {
    int allocated = allocated(slab);
    try {
      return Hints.read(index, allocated);
    } catch (IOException e) {
      log.warn("object cache: it is not known what it held: " + e.getMessage());
      return Hints.NONE;
    }
  }

  private static void warnOfLoss(Log log, String why) {
    log.warn(why + "; the object cache starts empty, nothing needs to be done");
  }

  /// What is wrong with the files so that nothing in them says anything, with the name of the file;
  /// empty where they are intact.
  private static Optional<String> damage(
      Path directory,
      DiskFile index,
      DiskFile slab,
      Optional<IndexHeader> known,
      Optional<long[]> slabId)
      throws IOException {
    Path indexFile = directory.resolve("index");
    Path slabFile = directory.resolve("slab");
    if (known.isEmpty()) {
      return Optional.of(indexFile + ": its header is damaged");
    }
    IndexHeader header = known.get();
    if (slabId.isEmpty()) {
      return Optional.of(slabFile + ": its header is damaged");
    }
    if (slabId.get()[0] != header.idHigh() || slabId.get()[1] != header.idLow()) {
      return Optional.of(slabFile + ": it belongs to another cache than " + indexFile);
    }
    long chunks = (slab.size() - IndexLayout.SLAB_START) / IndexLayout.CHUNK_SIZE;
    if (header.chunks() < 0 || chunks > IndexLayout.CHUNKS_MAX) {
      return Optional.of(indexFile + ": its capacity is out of range");
    }
    if (index.size() < IndexLayout.indexSize(Math.max(header.chunks(), (int) chunks))) {
      return Optional.of(
          indexFile + ": it has " + index.size() + " bytes, fewer than its records need");
    }
    return Optional.empty();
  }

  /// How many whole chunks the slab has; what a cut left of another is none.
  private static int allocated(DiskFile slab) throws IOException {
    return (int) Math.max(0, (slab.size() - IndexLayout.SLAB_START) / IndexLayout.CHUNK_SIZE);
  }

  private static CacheFiles makeNew(
      Platform platform,
      CacheConfig config,
      Path directory,
      DiskFile index,
      DiskFile slab,
      long boot,
      Hints hints)
      throws IOException {
    index.resize(0);
    slab.resize(0);
    index.sync();
    long size = IndexLayout.indexSize(config.chunks());
    index.allocate(0, IndexLayout.INDEX_START);
    index.resize(size);
    slab.allocate(0, IndexLayout.SLAB_START);
    long high = platform.chance().nextLong();
    long low = platform.chance().nextLong();
    ByteBuffer id = ByteBuffer.allocate(SLAB_HEADER).order(ByteOrder.LITTLE_ENDIAN);
    slab.write(id.putLong(SLAB_MAGIC).putLong(high).putLong(low).flip(), 0);
    slab.sync();
    MappedBytes mapped = index.map(0, size);
    IndexHeader header = new IndexHeader(0, high, low, boot, false, config.chunks()).write(mapped);
    index.sync();
    platform.disk().syncDirectory(directory);
    return new CacheFiles(directory, index, slab, mapped, Found.NOTHING, header, 0, hints);
  }

  private static Optional<IndexHeader> readHeader(DiskFile index, Path directory)
      throws IOException {
    if (index.size() < IndexLayout.INDEX_START) {
      return Optional.empty();
    }
    try {
      return IndexHeader.read(index.map(0, IndexLayout.INDEX_START));
    } catch (IOException e) {
      throw new IOException(
          directory.resolve("index")
              + ": "
              + e.getMessage()
              + "; shut down cleanly with the release that made it, then remove "
              + directory,
          e);
    }
  }

  private static Optional<long[]> readSlabId(DiskFile slab) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(SLAB_HEADER).order(ByteOrder.LITTLE_ENDIAN);
    if (slab.read(bytes, 0) < SLAB_HEADER || bytes.getLong(0) != SLAB_MAGIC) {
      return Optional.empty();
    }
    return Optional.of(new long[] {bytes.getLong(8), bytes.getLong(16)});
  }

  private static DiskFile openOrCreate(Disk disk, Path directory, String name) throws IOException {
    Path file = directory.resolve(name);
    return disk.exists(file) ? disk.open(file) : disk.create(file);
  }

  Path directory() {
    return directory;
  }

  DiskFile index() {
    return index;
  }

  DiskFile slab() {
    return slab;
  }

  MappedBytes mapped() {
    return mapped;
  }

  Found found() {
    return found;
  }

  /// The id by which the leases know this cache.
  String id() {
    return header.id();
  }

  /// How many chunks are allocated on the device.
  int allocated() {
    return allocated;
  }

  /// How many chunks the index has room for.
  int recorded() {
    return IndexLayout.recorded(mapped.length());
  }

  /// What the cache held before its content was lost; nothing where it was not.
  Hints hints() {
    return hints;
  }

  /// Allocates chunks, after the segment of the index that has their records.
  void allocate(Disk disk, int first, int end) throws IOException {
    long bytes = (long) (end - first) * IndexLayout.CHUNK_SIZE;
    if (disk.space(directory).usable() < bytes + RESERVE) {
      throw new Disk.NoSpace("less than " + (RESERVE >> 20) + " MiB would be left at " + directory);
    }
    int segment = first / IndexLayout.CHUNKS_PER_SEGMENT;
    index.allocate(IndexLayout.segment(segment), IndexLayout.SEGMENT_SIZE);
    new ChunkTable(mapped).clear(first, end);
    slab.allocate(IndexLayout.slabOffset(first), bytes);
  }

  /// Gives back what lies behind so many chunks.
  void shrink(int chunks) throws IOException {
    slab.resize(IndexLayout.slabOffset(chunks));
  }

  /// Makes everything durable and marks the files as complete.
  void seal() throws IOException {
    slab.sync();
    mapped.sync(0, mapped.length());
    header = header.withSeal(true).write(mapped);
    index.sync();
  }

  @Override
  public void close() throws IOException {
    try {
      index.close();
    } finally {
      slab.close();
    }
  }
}

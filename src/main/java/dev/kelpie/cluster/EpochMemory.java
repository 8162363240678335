package dev.kelpie.cluster;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/// The highest epoch of its cluster that a node has seen, in a small file: a map with a lower one
/// was restored from an old backup, and so was another map of the same epoch. Who serves by it
/// forks the data.
///
/// The file is 24 bytes, little-endian: cluster id (8), epoch (4), digest of its map (4), CRC32C of
/// the 16 bytes before (4), 0 (4). It is replaced as a whole, durably, before the epoch is acted
/// upon.
public final class EpochMemory {
  private static final String FILE = "epoch";
  private static final int SIZE = 24;
  private static final int DIGEST_AT = 12;
  private static final int SUM_AT = 16;

  private final Disk disk;
  private final Path directory;
  private long cluster;
  private int highest;
  private int digest;

  /// Reads what is remembered.
  ///
  /// @param directory of the node
  /// @throws IOException where the file is damaged
  public EpochMemory(Disk disk, Path directory) throws IOException {
    this.disk = disk;
    this.directory = directory;
    Path file = directory.resolve(FILE);
    if (disk.exists(file)) {
      read(file);
    }
  }

  /// Notes the epoch of a map, durably, where it is higher than all before or of another cluster.
  ///
  /// @throws OldMap where it is lower, or has another map
  public synchronized void see(Cluster now) throws IOException {
    long id = now.format().createTime();
    int epoch = now.current().number();
    int map = ClusterRecord.digest(now);
    if (id == cluster && (epoch < highest || (epoch == highest && map != digest))) {
      throw new OldMap(epoch, highest);
    }
    if (id != cluster || epoch > highest) {
      write(id, epoch, map);
      cluster = id;
      highest = epoch;
      digest = map;
    }
  }

  /// The highest epoch of this cluster so far; 0 for none.
  public synchronized int highest(long id) {
    return id == cluster ? highest : 0;
  }

  private void read(Path file) throws IOException {
    ByteBuffer bytes = buffer();
    try (DiskFile from = disk.openReadOnly(file)) {
      from.read(bytes, 0);
    }
    if (bytes.hasRemaining() || bytes.getInt(SUM_AT) != sum(bytes)) {
      throw new IOException(
          file
              + " is damaged. It says which epoch of the cluster this node has seen: delete it if the"
              + " other nodes of the cluster are up, else restore it from a backup");
    }
    cluster = bytes.getLong(0);
    highest = bytes.getInt(Long.BYTES);
    digest = bytes.getInt(DIGEST_AT);
  }

  private void write(long id, int epoch, int map) throws IOException {
    ByteBuffer bytes = buffer().putLong(0, id).putInt(Long.BYTES, epoch).putInt(DIGEST_AT, map);
    bytes.putInt(SUM_AT, sum(bytes));
    Path fresh = directory.resolve(FILE + ".new");
    if (disk.exists(fresh)) {
      disk.delete(fresh);
    }
    try (DiskFile to = disk.create(fresh)) {
      to.write(bytes, 0);
      to.sync();
    }
    disk.rename(fresh, directory.resolve(FILE));
    disk.syncDirectory(directory);
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int sum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(0, SUM_AT));
    return (int) crc.getValue();
  }

  /// The map that the cluster has is older than one that this node has seen.
  public static final class OldMap extends IOException {
    private static final long serialVersionUID = 1;

    OldMap(int epoch, int highest) {
      super(
          "the cluster's map is of epoch "
              + epoch
              + ", but this node has seen "
              + (epoch == highest ? "another map of that epoch" : "epoch " + highest)
              + ": the coordination service was restored from an old backup. Nothing is served;"
              + " restore a newer one");
    }
  }
}

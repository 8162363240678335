package dev.kelpie.cluster;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Instant;
import java.util.zip.CRC32C;

/// Which cluster a node's objects belong to: the first one that it joins, until an operator ends
/// that cluster and everything is cleared. In another one they would count as copies of objects
/// that they have nothing to do with.
///
/// Kept in a small file, little-endian: creation time of the cluster (8 bytes), 0 for none; CRC32C
/// of that (4). It is replaced as a whole, durably, before the node takes part in anything.
public final class HomeCluster {
  private static final String FILE = "home";
  private static final int SIZE = 12;

  private final Disk disk;
  private final Path directory;
  private final Holdings holdings;
  private volatile long cluster;

  /// Reads it.
  ///
  /// @param directory of the node
  /// @throws IOException where the file is damaged
  public HomeCluster(Disk disk, Path directory, Holdings holdings) throws IOException {
    this.disk = disk;
    this.directory = directory;
    this.holdings = holdings;
    Path file = directory.resolve(FILE);
    if (disk.exists(file)) {
      read(file);
    }
  }

  /// The creation time of the cluster; 0 for none.
  public long cluster() {
    return cluster;
  }

  /// Takes a cluster for the node's own, durably.
  ///
  /// @throws Foreign where the node has another one
  synchronized void enter(Cluster now) throws IOException {
    long id = now.format().createTime();
    if (cluster != 0 && cluster != id) {
      throw new Foreign(cluster, id);
    }
    if (cluster == 0) {
      write(id);
    }
  }

  /// Removes what the node has of its cluster, if that is the one that was ended. Where it fails it
  /// is to be tried again.
  ///
  /// @return whether there was something to remove
  synchronized boolean clear(Edition now) throws IOException {
    if (now.cluster().isPresent() || cluster == 0 || now.ended() != cluster) {
      return false;
    }
    holdings.clear(now);
    write(0);
    return true;
  }

  private void read(Path file) throws IOException {
    ByteBuffer bytes = buffer();
    try (DiskFile from = disk.openReadOnly(file)) {
      from.read(bytes, 0);
    }
    if (bytes.hasRemaining() || bytes.getInt(Long.BYTES) != sum(bytes)) {
      throw new IOException(
          file
              + " is damaged. It says which cluster the objects of this node belong to: restore it"
              + " from a backup, or delete it if the node has never been in another one");
    }
    cluster = bytes.getLong(0);
  }

  private void write(long id) throws IOException {
    ByteBuffer bytes = buffer().putLong(0, id);
    bytes.putInt(Long.BYTES, sum(bytes));
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
    cluster = id;
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int sum(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(0, Long.BYTES));
    return (int) crc.getValue();
  }

  /// The cluster is not the one that this node's objects belong to.
  public static final class Foreign extends IOException {
    private static final long serialVersionUID = 1;

    Foreign(long own, long other) {
      super(
          "the objects of this node belong to another cluster, formatted at "
              + at(own)
              + ", than this one, formatted at "
              + at(other)
              + ": name the cluster that it belongs to, or an empty base directory and empty disks");
    }

    private static Instant at(long createTime) {
      return Instant.ofEpochSecond(createTime >>> Integer.SIZE);
    }
  }
}

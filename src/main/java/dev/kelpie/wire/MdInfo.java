package dev.kelpie.wire;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The disks of a node (MD_INFO; spec §1.7), at most 64.
public record MdInfo(List<MdDisk> disks) {
  /// Bytes on the wire.
  public static final int SIZE = 263_688;

  /// How many disks it can name.
  public static final int DISKS_MAX = 64;

  private static final int DISK_SIZE = 4120;
  private static final int PATH_SIZE = 4096;
  private static final int COUNT = DISKS_MAX * DISK_SIZE;

  /// One disk, sizes in bytes.
  ///
  /// @param path where objects lie on it, at most 4095 bytes
  public record MdDisk(int index, long free, long used, String path) {}

  public MdInfo {
    disks = List.copyOf(disks);
    if (disks.size() > DISKS_MAX) {
      throw new IllegalArgumentException(disks.size() + " disks");
    }
  }

  /// Reads one.
  public static MdInfo decode(ByteBuffer in) throws MalformedPayload {
    Layout from = Layout.read(in, SIZE, "disk list");
    int count = from.i32(COUNT);
    if (count < 0 || count > DISKS_MAX) {
      throw new MalformedPayload("a disk list that names " + count + " disks");
    }
    List<MdDisk> disks = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int at = i * DISK_SIZE;
      disks.add(
          new MdDisk(
              from.i32(at), from.i64(at + 8), from.i64(at + 16), from.text(at + 24, PATH_SIZE)));
    }
    return new MdInfo(disks);
  }

  /// Writes it.
  public void encode(ByteBuffer out) {
    Layout to = Layout.write(out, SIZE);
    for (int i = 0; i < disks.size(); i++) {
      int at = i * DISK_SIZE;
      to.i32(at, disks.get(i).index());
      to.i64(at + 8, disks.get(i).free());
      to.i64(at + 16, disks.get(i).used());
      to.text(at + 24, PATH_SIZE, disks.get(i).path());
    }
    to.i32(COUNT, disks.size());
  }
}

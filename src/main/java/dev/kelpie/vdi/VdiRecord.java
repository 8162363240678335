package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.CacheSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/// What the coordination records know of a VDI: the truth about its existence and standing, which
/// the fields of its inode follow.
///
/// As a value it is, little-endian: format version (1 byte, 1), standing (1; 0 working, 1 snapshot,
/// 2 deleted), copies (1), copy policy (1), snapshot id (4), parent (4), family (4), creation time
/// (8), snapshot time (8), name (the rest). Where something was said of the cache the version is 2,
/// and before the name come: mode (1; 0 write-back, 1 write-through, 2 none), quota (8),
/// reservation (8).
///
/// @param snapId 1 in the first generation of a name; the working VDI has the highest
/// @param parent the id of the VDI it was made from; 0 for none
/// @param family the id of the VDI at the root of its tree. Only VDIs of one family share objects,
///   also where VDIs between them are gone
/// @param createTime coded as in the inode
/// @param snapTime coded as in the inode; 0 in a working VDI
/// @param cache how the disk uses the object cache; the default in what is no working VDI
record VdiRecord(
    VdiId vdi,
    VdiName name,
    Standing standing,
    int copies,
    int copyPolicy,
    int snapId,
    int parent,
    int family,
    long createTime,
    long snapTime,
    CacheSettings cache) {
  private static final int VERSION = 1;
  private static final int VERSION_WITH_CACHE = 2;
  private static final int FIXED_SIZE = 32;
  private static final int CACHE_SIZE = 17;

  /// What may be done with a VDI.
  enum Standing {
    /// It is read and written.
    WORKING(0),
    /// It was frozen and is only read.
    SNAPSHOT(1),
    /// It is not there any more for anybody but the sweeper, which frees its objects.
    DELETED(2);

    private final int code;

    Standing(int code) {
      this.code = code;
    }

    private static Standing of(int code) throws IOException {
      for (Standing standing : values()) {
        if (standing.code == code) {
          return standing;
        }
      }
      throw new IOException("no standing has the code " + code);
    }
  }

  VdiRecord frozen(long time) {
    return with(Standing.SNAPSHOT, copies, time, CacheSettings.DEFAULT);
  }

  VdiRecord deleted() {
    return with(Standing.DELETED, copies, snapTime, CacheSettings.DEFAULT);
  }

  VdiRecord withCopies(int newCopies) {
    return with(standing, newCopies, snapTime, cache);
  }

  /// The same with other settings.
  VdiRecord withCache(CacheSettings settings) {
    return with(standing, copies, snapTime, settings);
  }

  /// The same but for what changes in the life of a VDI.
  private VdiRecord with(
      Standing newStanding, int newCopies, long newSnapTime, CacheSettings newCache) {
    return new VdiRecord(
        vdi,
        name,
        newStanding,
        newCopies,
        copyPolicy,
        snapId,
        parent,
        family,
        createTime,
        newSnapTime,
        newCache);
  }

  boolean isWorking() {
    return standing == Standing.WORKING;
  }

  boolean isSnapshot() {
    return standing == Standing.SNAPSHOT;
  }

  boolean isDeleted() {
    return standing == Standing.DELETED;
  }

  /// As front ends see it.
  VdiDirectory.State state(VdiDirectory.Lock lock, List<VdiDirectory.Locker> lockers) {
    return new VdiDirectory.State(
        vdi, name, isSnapshot(), snapId, copies, copyPolicy, lock, lockers);
  }

  /// As a lookup answers.
  VdiAnswer found() {
    return new VdiAnswer.Found(vdi, copies);
  }

  byte[] encode() {
    byte[] nameBytes = name.bytes();
    boolean plain = cache.equals(CacheSettings.DEFAULT);
    int size = FIXED_SIZE + (plain ? 0 : CACHE_SIZE) + nameBytes.length;
    ByteBuffer to = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    to.put((byte) (plain ? VERSION : VERSION_WITH_CACHE));
    to.put((byte) standing.code).put((byte) copies).put((byte) copyPolicy);
    to.putInt(snapId).putInt(parent).putInt(family).putLong(createTime).putLong(snapTime);
    if (!plain) {
      to.put(code(cache.mode())).putLong(cache.max()).putLong(cache.min());
    }
    return to.put(nameBytes).array();
  }

  /// Decodes the value of a record.
  ///
  /// @throws IOException where this release does not know the format
  static VdiRecord decode(VdiId vdi, byte[] value) throws IOException {
    boolean plain = value.length > FIXED_SIZE && value[0] == VERSION;
    boolean tuned = value.length > FIXED_SIZE + CACHE_SIZE && value[0] == VERSION_WITH_CACHE;
    if (!plain && !tuned) {
      throw new IOException(
          "the record of VDI "
              + vdi
              + " was not written by this release of sheep; use a newer one");
    }
    int nameAt = FIXED_SIZE + (tuned ? CACHE_SIZE : 0);
    byte[] name = Arrays.copyOfRange(value, nameAt, value.length);
    ByteBuffer from = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).position(1);
    return new VdiRecord( // the fields in the order in which they lie there
        vdi,
        new VdiName(VdiName.ofField(name)),
        Standing.of(from.get()),
        Byte.toUnsignedInt(from.get()),
        Byte.toUnsignedInt(from.get()),
        from.getInt(),
        from.getInt(),
        from.getInt(),
        from.getLong(),
        from.getLong(),
        tuned
            ? new CacheSettings(mode(from.get()), from.getLong(), from.getLong())
            : CacheSettings.DEFAULT);
  }

  private static byte code(CacheMode mode) {
    return switch (mode) {
      case WRITEBACK -> 0;
      case WRITETHROUGH -> 1;
      case DIRECT -> 2;
    };
  }

  private static CacheMode mode(byte code) throws IOException {
    return switch (code) {
      case 0 -> CacheMode.WRITEBACK;
      case 1 -> CacheMode.WRITETHROUGH;
      case 2 -> CacheMode.DIRECT;
      default -> throw new IOException("no cache mode has the code " + code);
    };
  }
}

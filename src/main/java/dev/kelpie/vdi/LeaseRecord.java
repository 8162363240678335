package dev.kelpie.vdi;

import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/// Who may cache a VDI, as the coordination records have it.
///
/// As a value it is, big-endian: format version (1 byte, 1), generation (8), unflushed since (8),
/// then owner, cache and loss as strings in modified UTF-8 with a length of 2 bytes each.
///
/// @param owner the node that has the lease; empty where it was given up
/// @param cache the cache with which it has it
/// @param unflushedSince when the cache began to hold writes that the backend does not have, in
///   milliseconds since 1970; 0 where it holds none
/// @param loss what was lost of acknowledged writes, until somebody was told; empty for nothing
record LeaseRecord(
    String owner, String cache, Generation generation, long unflushedSince, String loss) {
  /// Longer texts are cut: they are for people.
  private static final int LOSS_MAX = 1000;

  private static final int VERSION = 1;

  LeaseRecord {
    loss = loss.substring(0, Math.min(loss.length(), LOSS_MAX));
  }

  /// The next lease of a VDI, by this owner with this cache.
  LeaseRecord next(String newOwner, String newCache) {
    return new LeaseRecord(newOwner, newCache, generation.next(), unflushedSince, loss);
  }

  /// The lease when its owner has given it up: nothing of the VDI is cached.
  LeaseRecord givenUp() {
    return new LeaseRecord("", LeaseBook.NO_CACHE, generation, 0, loss);
  }

  LeaseRecord withCache(String newCache) {
    return new LeaseRecord(owner, newCache, generation, unflushedSince, loss);
  }

  LeaseRecord withUnflushedSince(long millis) {
    return new LeaseRecord(owner, cache, generation, millis, loss);
  }

  LeaseRecord withLoss(String text) {
    return new LeaseRecord(owner, cache, generation, unflushedSince, text);
  }

  byte[] encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      to.writeByte(VERSION);
      to.writeLong(generation.value());
      to.writeLong(unflushedSince);
      to.writeUTF(owner);
      to.writeUTF(cache);
      to.writeUTF(loss);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  /// Decodes the value of a record.
  ///
  /// @throws IOException where this release does not know the format
  static LeaseRecord decode(VdiId vdi, byte[] value) throws IOException {
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(value))) {
      if (from.readByte() != VERSION) {
        throw new IOException("unknown format version");
      }
      Generation generation = new Generation(from.readLong());
      long unflushedSince = from.readLong();
      String owner = from.readUTF();
      String cache = from.readUTF();
      return new LeaseRecord(owner, cache, generation, unflushedSince, from.readUTF());
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(
          "the lease of VDI " + vdi + " was not written by this release of sheep; use a newer one",
          e);
    }
  }
}

package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import dev.kelpie.vdi.VdiDirectory.Lock;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How clients have locked a VDI, as the coordination records have it.
///
/// As a value it is, big-endian: format version (1 byte, 1), kind (1; 1 for one client alone, 2 for
/// several nodes), then the names of the nodes as strings in modified UTF-8 with a length of 2
/// bytes each.
///
/// @param lock `NORMAL` or `SHARED`
/// @param nodes that were asked for it, the first one first; one where it is not shared
record LockRecord(Lock lock, List<String> nodes) {
  private static final int VERSION = 1;
  private static final int NORMAL = 1;
  private static final int SHARED = 2;

  LockRecord {
    nodes = List.copyOf(nodes);
  }

  /// The lock with one node more.
  LockRecord with(String node) {
    List<String> more = new ArrayList<>(nodes);
    more.add(node);
    return new LockRecord(lock, more);
  }

  /// The lock without a node; empty where nobody is left.
  Optional<LockRecord> without(String node) {
    List<String> fewer = nodes.stream().filter(other -> !other.equals(node)).toList();
    return fewer.isEmpty() ? Optional.empty() : Optional.of(new LockRecord(lock, fewer));
  }

  byte[] encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      to.writeByte(VERSION);
      to.writeByte(lock == Lock.SHARED ? SHARED : NORMAL);
      for (String node : nodes) {
        to.writeUTF(node);
      }
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  /// Decodes the value of a record.
  ///
  /// @throws IOException where this release does not know the format
  static LockRecord decode(VdiId vdi, byte[] value) throws IOException {
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(value))) {
      if (from.readByte() != VERSION) {
        throw new IOException("unknown format version");
      }
      Lock lock = from.readByte() == SHARED ? Lock.SHARED : Lock.NORMAL;
      List<String> nodes = new ArrayList<>();
      while (from.available() > 0) {
        nodes.add(from.readUTF());
      }
      return new LockRecord(lock, nodes);
    } catch (IOException e) {
      throw new IOException(
          "the lock of VDI " + vdi + " was not written by this release of sheep; use a newer one",
          e);
    }
  }
}

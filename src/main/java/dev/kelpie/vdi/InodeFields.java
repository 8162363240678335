package dev.kelpie.vdi;

import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.Arrays;

/// The fields of an inode in memory: its first [InodeLayout#FIELDS_END] bytes. They change after
/// the store has answered the write of them.
final class InodeFields {
  private final Locks.Mutex writing;
  private byte[] fields;
  private volatile long size;

  /// Whether nobody knows what the store has, since a write of the fields failed.
  private volatile boolean inDoubt;

  InodeFields(Locks locks, byte[] fields) {
    this.writing = locks.mutex();
    this.fields = fields;
    this.size = InodeHeader.decode(fields).size();
  }

  /// Makes new fields from old ones, which it may change.
  interface Edit {
    byte[] of(byte[] fields);
  }

  /// Writes the fields to the store.
  interface Store {
    void write(byte[] fields) throws IOException;
  }

  /// The size of the VDI in bytes.
  long size() {
    return size;
  }

  boolean inDoubt() {
    return inDoubt;
  }

  InodeHeader header() {
    writing.lock();
    try {
      return InodeHeader.decode(fields);
    } finally {
      writing.unlock();
    }
  }

  /// Changes the fields. Has their lock meanwhile, so that `edit` sees the last state and nobody
  /// else writes.
  ///
  /// @param always whether to write them also where they stay the same, and no doubt is left
  void put(Edit edit, boolean always, Store store) throws IOException {
    writing.lock();
    try {
      byte[] edited = edit.of(fields.clone());
      if (always || inDoubt || !Arrays.equals(edited, fields)) {
        inDoubt = true;
        store.write(edited);
        inDoubt = false;
        fields = edited;
        size = InodeHeader.decode(edited).size();
      }
    } finally {
      writing.unlock();
    }
  }
}

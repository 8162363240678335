package dev.kelpie.cluster;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Small, durable, linearizable records. A key is a path of words joined by `/`, such as
/// `vdi/7c2b25`; a value is at most [#VALUE_MAX] bytes.
public interface Coordination extends Closeable {
  /// The most bytes that a value may have.
  int VALUE_MAX = 512 << 10;

  /// The record under this key.
  Optional<Stored> read(String key) throws IOException;

  /// All records whose keys start with `prefix`, in the order of their keys.
  List<Stored> list(String prefix) throws IOException;

  /// Makes all changes or none, durably.
  ///
  /// @return whether every record had the version that its change expects; if not, nothing changed
  /// @throws InDoubt where it is not known whether the changes were made; with any other
  ///   [IOException] they were not
  boolean commit(List<Put> changes) throws IOException;

  /// A record as it is stored.
  ///
  /// @param version grows by one with every change of the record, from 1
  record Stored(String key, byte[] value, long version) {}

  /// A change of one record.
  ///
  /// @param value the new value; empty to delete the record
  /// @param expected the version that the record has; 0 where there must be none
  record Put(String key, Optional<byte[]> value, long expected) {}

  /// Changes were made or not: the records say so when they can be reached again.
  final class InDoubt extends IOException {
    private static final long serialVersionUID = 1;

    /// Names the records and what happened to them.
    public InDoubt(String message, Throwable cause) {
      super(message, cause);
    }
  }
}

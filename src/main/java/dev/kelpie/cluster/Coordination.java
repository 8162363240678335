package dev.kelpie.cluster;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// What the nodes of a cluster agree through: small, durable, linearizable records that change by
/// compare-and-set, records that go with the process that made them, and calls when any of them
/// changes. A key is a path of words joined by `/`, such as `vdi/7c2b25`; a value is at most
/// [#VALUE_MAX] bytes.
///
/// Every implementation keeps the same contract, and the same tests prove it:
///
/// * What [#read] and [#list] give is no older than what was committed, by whomever, before the
///   call. (A list is not a snapshot: records that change meanwhile may be seen before or after.)
/// * A commit is made only where every record that it names has the version that it expects, at one
///   moment: two that change a record and expect the same version of it are not both made, and one
///   that checks a version is not made after that record has changed.
/// * A record of [#announce] goes no earlier than the lease of its maker ends, whatever is paused,
///   cut off or killed; clocks may run at rates that differ by a tenth.
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
  default boolean commit(List<Put> changes) throws IOException {
    return commit(changes, List.of());
  }

  /// Makes all changes or none, durably, and only where other records are what they are expected to
  /// be.
  ///
  /// @param checks of records that the commit does not change; no key comes twice in all
  /// @return whether every record had the version that is expected of it; if not, nothing changed
  /// @throws InDoubt where it is not known whether the changes were made; with any other
  ///   [IOException] they were not
  boolean commit(List<Put> changes, List<Check> checks) throws IOException;

  /// Calls `changed` after every change of a record whose key starts with `prefix`, soon and at
  /// least once; several changes may be told by one call, and one that cannot be ruled out is told
  /// too, such as after a connection was lost. Calls come one after the other, from a task that may
  /// wait; what they throw is logged.
  ///
  /// @return ends the calls; one that is under way may go on
  Watch watch(String prefix, Runnable changed) throws IOException;

  /// Makes a record that is there while this process can show that it lives. Such records are read,
  /// listed and watched as all others; a commit must not name their keys.
  ///
  /// An announcement that failed may have been made; the next one of the same key by this handle
  /// takes its place. Who sees its lease run out and wants to begin anew closes the old record
  /// first: maybe nobody took it for dead, and then its key is taken.
  ///
  /// @param lost called once where the record is gone and its maker did not close it: the process
  ///   was taken for dead. It may announce itself anew
  /// @return empty where the key is taken, also by an earlier life of this process that is not yet
  ///   taken for dead
  Optional<Presence> announce(String key, byte[] value, Runnable lost) throws IOException;

  /// Ends a watch.
  interface Watch extends Closeable {
    @Override
    void close();
  }

  /// A record that goes with its maker.
  interface Presence extends Closeable {
    /// For how many nanoseconds the record is certain to be there yet, not more than others take it
    /// to be; 0 or less where it may be gone. Cheap enough to ask before each answer to a client.
    long lease();

    /// Gives the record another value.
    ///
    /// @throws IOException also where the record is gone
    void update(byte[] value) throws IOException;

    /// Deletes the record.
    @Override
    void close() throws IOException;
  }

  /// A record as it is stored.
  ///
  /// @param version grows by one with every change of the record, from 1
  record Stored(String key, byte[] value, long version) {}

  /// A change of one record.
  ///
  /// @param value the new value; empty to delete the record
  /// @param expected the version that the record has; 0 where there must be none
  record Put(String key, Optional<byte[]> value, long expected) {}

  /// What a commit expects of a record that it leaves as it is.
  ///
  /// @param version that the record has; 0 where there must be none
  record Check(String key, long version) {}

  /// Changes were made or not: the records say so when they can be reached again.
  final class InDoubt extends IOException {
    private static final long serialVersionUID = 1;

    /// Names the records and what happened to them.
    public InDoubt(String message, Throwable cause) {
      super(message, cause);
    }
  }
}

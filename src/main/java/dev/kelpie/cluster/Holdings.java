package dev.kelpie.cluster;

import java.io.IOException;

/// What a node has of a cluster: objects, what is cached of them, and what it knows of disks.
@FunctionalInterface
public interface Holdings {
  /// Of a node that keeps nothing.
  Holdings NONE = _ -> {};

  /// Removes all of it, durably: the cluster was ended by an operator. Called by one task at a
  /// time, and again where it failed.
  ///
  /// @param ended the cluster's record, which says that it was; what the nodes have in common is
  ///   removed only while this is the record
  void clear(Edition ended) throws IOException;
}

package dev.kelpie.vdi;

import java.io.IOException;

/// Whether the node that has a lease may still use it. Whoever wires the node answers, from what
/// the nodes have announced.
@FunctionalInterface
public interface Owners {
  /// Of a node that is alone: nobody else can have a lease and live.
  Owners NONE = _ -> false;

  /// Whether the node may be alive. Where this says no, it is certain that the node does not serve
  /// any more.
  ///
  /// @param node as its [LeaseBook] was told
  /// @throws IOException where that cannot be found out
  boolean mayLive(String node) throws IOException;
}

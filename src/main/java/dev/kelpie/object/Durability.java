package dev.kelpie.object;

/// What the answer to a change promises.
public enum Durability {
  /// The change survives a power cut once [ObjectStore#flush] has returned.
  DEFERRED,
  /// The change survives a power cut.
  DURABLE
}

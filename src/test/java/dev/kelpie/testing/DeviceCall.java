package dev.kelpie.testing;

import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;

/// A call of a block device.
public record DeviceCall(
    Kind kind, long offset, long length, Durability durability, Patience patience) {
  /// The methods of a block device that do something.
  public enum Kind {
    READ,
    WRITE,
    FLUSH,
    TRIM,
    ZERO,
    ZERO_ALLOCATED,
    PREFETCH,
    STATUS,
    CLOSE
  }
}

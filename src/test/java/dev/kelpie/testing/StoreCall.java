package dev.kelpie.testing;

/// What can be asked of an object store, for faults and records.
public enum StoreCall {
  READ,
  WRITE,
  CREATE,
  REMOVE,
  STAT,
  LIST,
  FLUSH,
  PREFETCH
}

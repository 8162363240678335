package dev.kelpie.testing;

/// What can be asked of a disk, for faults. `SYNC` is of a file or of a mapped range.
public enum DiskCall {
  OPEN,
  CREATE,
  STAT,
  READ,
  WRITE,
  SYNC,
  RESIZE,
  ALLOCATE,
  PUNCH,
  CREATE_DIRECTORY,
  LIST,
  RENAME,
  DELETE,
  SYNC_DIRECTORY,
  MAPPED_LOAD,
  MAPPED_STORE
}

package dev.kelpie.frontend.nbd;

import dev.kelpie.platform.Disk;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;

/// The error codes of replies.
enum NbdError {
  EPERM(1),
  EIO(5),
  EINVAL(22),
  ENOSPC(28),
  EOVERFLOW(75),
  ENOTSUP(95),
  ESHUTDOWN(108);

  private final int code;

  NbdError(int code) {
    this.code = code;
  }

  /// Its number in a reply.
  int code() {
    return code;
  }

  /// The code for a failure of the disk.
  static NbdError of(IOException failure) {
    return switch (failure) {
      case BlockDevice.ReadOnly _ -> EPERM;
      case Disk.NoSpace _ -> ENOSPC;
      default -> EIO;
    };
  }
}

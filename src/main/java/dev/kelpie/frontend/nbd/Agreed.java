package dev.kelpie.frontend.nbd;

import dev.kelpie.volume.BlockDevice;

/// The outcome of a handshake.
///
/// @param device open; whoever gets this closes it
/// @param disk the name of the export, for texts
/// @param structured whether the client asked for structured replies
/// @param allocation whether it asked for block status of this export
record Agreed(BlockDevice device, String disk, boolean structured, boolean allocation) {
  Replies replies() {
    return new Replies(structured);
  }
}

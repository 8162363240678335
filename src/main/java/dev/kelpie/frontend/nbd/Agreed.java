package dev.kelpie.frontend.nbd;

import dev.kelpie.volume.BlockDevice;
import java.util.List;

/// The outcome of a handshake.
///
/// @param device open; whoever gets this closes it
/// @param disk the name of the export, for texts
/// @param contexts that the client has chosen for this export, to be closed before the device
record Agreed(BlockDevice device, String disk, Framing framing, List<MetaContext> contexts) {
  Replies replies() {
    return new Replies(framing);
  }
}

package dev.kelpie.object;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.Optional;

/// Which objects make up a disk, as the object cache asks when it brings near what is likely to be
/// read next. Kept by a room above the stores, as [Leases] are; asked in background tasks only, and
/// never for the answer to a client.
public interface DiskMap {
  /// The data object that holds the 4 MiB number `index` of a VDI: its own, or that of a VDI that
  /// it comes from; empty for a hole, beyond the end of any disk, and where there is no such VDI.
  Optional<ObjectId> object(VdiId vdi, int index) throws IOException;

  /// The VDI that this one was cloned from or goes on from; empty for none.
  Optional<VdiId> parent(VdiId vdi);

  /// Whether there is such a VDI, a snapshot included.
  boolean has(VdiId vdi);
}

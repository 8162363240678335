package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheSettings;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// How disks use the object cache. The settings belong to the disk, not to one of its VDIs: they go
/// along with snapshots and rollbacks, and end with its deletion. Snapshots count for the quota of
/// their disk and have no settings of their own.
public interface VdiCacheSettings {
  /// What holds for the disk whose working VDI this is; empty where it is none.
  Optional<Standing> of(VdiId vdi) throws IOException;

  /// Changes the settings of the disk whose working VDI this is. When this returns the change is
  /// durable and in force for clients that are attached: where the mode is not write-back, nothing
  /// that was written before is only in the cache.
  ///
  /// @return `Found`, or `Refused` with `NO_VDI`, or with `INVALID_PARMS` for a snapshot and for
  ///   settings that cannot be kept
  /// @throws IOException where the records failed and nothing was changed, or where dirty data
  ///   could not be pushed: then the new mode is in force all the same
  VdiAnswer change(VdiId vdi, UnaryOperator<CacheSettings> change) throws IOException;

  /// What holds for a disk.
  ///
  /// @param vdis its working VDI and its snapshots
  /// @param reservable bytes that all reservations together may take; 0 without a cache
  /// @param reservedByOthers bytes that other disks have reserved
  record Standing(
      CacheSettings settings, List<VdiId> vdis, long reservable, long reservedByOthers) {}
}

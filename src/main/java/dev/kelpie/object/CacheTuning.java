package dev.kelpie.object;

import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.List;

/// What an object cache is told about the disks in it, by the room above that keeps their settings.
/// [#NONE] where there is no cache.
public interface CacheTuning {
  /// Where there is no cache nothing needs to be told.
  CacheTuning NONE =
      new CacheTuning() {
        @Override
        public long reservable() {
          return 0;
        }

        @Override
        public void tune(List<Disk> disks) {}

        @Override
        public void forget(VdiId vdi) {}

        @Override
        public void letGo(VdiId vdi) {}
      };

  /// How many bytes all reservations together may take; 0 where there is no cache.
  long reservable();

  /// Gives disks their quotas and reservations, in force when this returns. What a disk has beyond
  /// a lower quota goes in the background, dirty data to the backend first.
  void tune(List<Disk> disks);

  /// Forgets everything of a VDI, dirty or not: it was deleted, and nobody uses its objects.
  void forget(VdiId vdi);

  /// Lets a VDI go to another node: what is dirty is pushed and durable, the mark that there was
  /// some is gone, and nothing of the VDI is cached when this returns. Nobody uses it meanwhile,
  /// and its lease is not current.
  ///
  /// @throws IOException where something could not be pushed; it is still cached then
  void letGo(VdiId vdi) throws IOException;

  /// A disk: the VDIs that share one quota and one reservation.
  ///
  /// @param vdis the working VDI, if there is one, and the snapshots of its name
  record Disk(List<VdiId> vdis, CacheSettings settings) {
    public Disk {
      vdis = List.copyOf(vdis);
    }
  }
}

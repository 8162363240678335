package dev.kelpie.status;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What the status pages show. `sheep` implements it. Everything is the state of now, and is cheap
/// to ask for.
public interface NodeStatus {
  /// The node.
  Node node();

  /// Why the node does not serve as it should; empty where it does.
  List<String> troubles();

  /// The disks for objects, also those that are out of service.
  List<Disk> disks();

  /// Requests to the store on these disks.
  List<RequestMeter.Reading> storeRequests();

  /// Clients of NBD.
  Clients nbd();

  /// Clients of the Sheepdog protocol.
  Clients sheepdog();

  /// The object cache; empty where the node runs without.
  Optional<CacheControl.Usage> cache();

  /// What a VDI is called, each `char` a byte; empty for one that is deleted.
  Optional<String> name(VdiId vdi) throws IOException;

  /// The node.
  ///
  /// @param name where clients of the Sheepdog protocol find it
  /// @param started when the daemon began
  record Node(String name, String version, Instant started) {}

  /// A disk, sizes in bytes.
  record Disk(String directory, long size, long free, boolean inService) {}

  /// The clients of one protocol.
  ///
  /// @param connected now
  /// @param connections since the start
  record Clients(int connected, long connections, List<RequestMeter.Reading> requests) {}
}

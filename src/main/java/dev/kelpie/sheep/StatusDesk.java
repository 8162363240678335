package dev.kelpie.sheep;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Member;
import dev.kelpie.config.Version;
import dev.kelpie.frontend.nbd.NbdServer;
import dev.kelpie.frontend.sheepdog.SheepdogServer;
import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.model.VdiId;
import dev.kelpie.status.MeteredStore;
import dev.kelpie.status.NodeStatus;
import dev.kelpie.store.disk.DiskSpace;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.vdi.VdiDirectory;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the node tells on its status pages.
record StatusDesk(
    NodeDesk desk,
    ClusterBook book,
    DiskStore store,
    MeteredStore metered,
    VdiDirectory vdis,
    Optional<CacheControl> control,
    NbdServer nbdServer,
    SheepdogServer sheepdogServer)
    implements NodeStatus {
  @Override
  public Node node() {
    Member self = desk.self();
    String name = self.address().getHostAddress() + ":" + self.port();
    Instant started = ProcessHandle.current().info().startInstant().orElse(Instant.EPOCH);
    return new Node(name, Version.text(), started);
  }

  @Override
  public List<String> troubles() {
    List<String> troubles = new ArrayList<>();
    switch (desk.standing()) {
      case SERVING -> {}
      case JOINING ->
          troubles.add("the node is not in the cluster's map, or cut off from the others");
      case SHUTTING_DOWN, KILLED -> troubles.add("the node stops");
    }
    if (book.cluster().isEmpty()) {
      troubles.add("the cluster is not formatted: run 'dog cluster format -c 1' once");
    }
    for (DiskSpace disk : store.space()) {
      if (!disk.inService()) {
        troubles.add("disk " + disk.directory() + " is out of service: the log says why");
      }
    }
    if (control.isPresent() && !control.get().usage().on()) {
      troubles.add("the object cache turned itself off: the log says why");
    }
    return troubles;
  }

  @Override
  public List<Disk> disks() {
    return store.space().stream()
        .map(disk ->
            new Disk(disk.directory().toString(), disk.total(), disk.free(), disk.inService()))
        .toList();
  }

  @Override
  public List<RequestMeter.Reading> storeRequests() {
    return metered.requests();
  }

  @Override
  public Clients nbd() {
    return new Clients(nbdServer.clients(), nbdServer.connections(), nbdServer.requests());
  }

  @Override
  public Clients sheepdog() {
    return new Clients(
        sheepdogServer.clients(), sheepdogServer.connections(), sheepdogServer.requests());
  }

  @Override
  public Optional<CacheControl.Usage> cache() {
    return control.map(CacheControl::usage);
  }

  @Override
  public Optional<String> name(VdiId vdi) throws IOException {
    return vdis.state(vdi).map(state -> state.name().value());
  }
}

package dev.kelpie.volume;

import dev.kelpie.log.Log;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.vdi.Attachment;
import dev.kelpie.vdi.LeaseBook;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiCatalog;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// The VDIs of a [VdiCatalog] as disks.
public final class VolumeExports implements Exports {
  private final Log log;
  private final VdiCatalog catalog;
  private final LeaseBook leases;
  private final DataObjects objects;
  private final Supplier<Optional<String>> notServing;

  /// @param store the one that the catalog has
  /// @param notServing why no disk can be opened now, with the way out; empty where they can
  public VolumeExports(
      Log log,
      VdiCatalog catalog,
      LeaseBook leases,
      ObjectStore store,
      Supplier<Optional<String>> notServing) {
    this.log = log;
    this.catalog = catalog;
    this.leases = leases;
    this.objects = new DataObjects(store);
    this.notServing = notServing;
  }

  @Override
  public List<String> names() throws IOException {
    return catalog.states().stream()
        .filter(state -> !state.snapshot())
        .map(state -> state.name().value())
        .sorted()
        .toList();
  }

  @Override
  public Answer open(
      VdiName name, Optional<String> snapshot, Optional<CacheMode> mode, Client client)
      throws IOException {
    Optional<String> why = notServing.get();
    if (why.isPresent()) {
      return new Answer.Refused(Reason.NOT_SERVING, why.get());
    }
    String title = "VDI " + name + snapshot.map(s -> ", snapshot " + s).orElse("");
    Family family = new Family(catalog, name);
    return switch (family.attach(snapshot)) {
      case VdiCatalog.Attached.Open(Attachment attachment) ->
          new Answer.Opened(new Volume(attachment, family, leases, objects, mode, client, title));
      case VdiCatalog.Attached.Refused(VdiAnswer.Reason reason) -> unknown(title, reason);
      case VdiCatalog.Attached.Unusable(String reason) -> {
        log.warn(title + " cannot be opened for " + client.peer() + ": " + reason);
        yield new Answer.Refused(Reason.UNUSABLE, title + " cannot be used: " + reason);
      }
    };
  }

  private static Answer unknown(String title, VdiAnswer.Reason reason) {
    return new Answer.Refused(
        Reason.UNKNOWN, "there is no " + title + " (" + reason + "); see 'dog vdi list'");
  }
}

package dev.kelpie.volume;

import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.vdi.Attachment;
import dev.kelpie.vdi.VdiCatalog;
import dev.kelpie.vdi.VdiCatalog.Attached;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What a disk asks about its relatives: the snapshots of its name, and those it comes from.
final class Family {
  private static final int DIGITS_MAX = 9;

  private final VdiCatalog catalog;
  private final VdiName name;

  Family(VdiCatalog catalog, VdiName name) {
    this.catalog = catalog;
    this.name = name;
  }

  /// Attaches a snapshot, or the working VDI.
  ///
  /// @param snapshot its decimal id or its tag
  Attached attach(Optional<String> snapshot) throws IOException {
    if (snapshot.isEmpty()) {
      return catalog.attach(name, "", 0);
    }
    String idOrTag = snapshot.get();
    return isNumber(idOrTag)
        ? catalog.attach(name, "", Integer.parseInt(idOrTag))
        : catalog.attach(name, idOrTag, 0);
  }

  /// Attaches a snapshot for being read.
  ///
  /// @return empty where there is none
  Optional<Attachment> snapshot(String idOrTag) throws IOException {
    if (idOrTag.isEmpty()) {
      return Optional.empty();
    }
    return switch (attach(Optional.of(idOrTag))) {
      case Attached.Open(Attachment attachment) -> Optional.of(attachment);
      case Attached.Refused _ -> Optional.empty();
      case Attached.Unusable(String why) ->
          throw new IOException("snapshot " + idOrTag + " of VDI " + name + ": " + why);
    };
  }

  /// The snapshots, newest first; each with the tag that [#attach] would find it by.
  List<BlockDevice.Snapshot> snapshots() throws IOException {
    List<BlockDevice.Snapshot> found = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (VdiCatalog.Snapshot snapshot : catalog.snapshots(name)) {
      String tag = snapshot.tag();
      boolean leadsHere = !tag.isEmpty() && !isNumber(tag) && taken.add(tag);
      found.add(
          new BlockDevice.Snapshot(snapshot.id(), leadsHere ? Optional.of(tag) : Optional.empty()));
    }
    return found;
  }

  /// Where those stand that a VDI comes from.
  Lineage lineage(VdiId vdi) {
    Map<Integer, Integer> depths = new HashMap<>();
    depths.put(vdi.value(), 1);
    for (int ancestor : catalog.ancestors(vdi)) {
      depths.putIfAbsent(ancestor, depths.size() + 1);
    }
    return new Lineage(depths);
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty()
        && text.length() <= DIGITS_MAX
        && text.chars().allMatch(c -> c >= '0' && c <= '9')
        && Integer.parseInt(text) > 0;
  }

  /// A chain of VDIs: 1 for the newest, and counting.
  record Lineage(Map<Integer, Integer> depths) {
    /// How deep the VDI stands that an entry of the map names: 0 for a hole; for one that is not
    /// known, one more than for the last that is.
    int depth(int entry) {
      return entry == 0 ? 0 : depths.getOrDefault(entry, depths.size() + 1);
    }
  }
}

package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiAnswer.Refused;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Finds VDIs and snapshots by name, tag and snapshot id. Tags stand in the inodes, everything else
/// in the records.
final class VdiLookup {
  private final VdiTable table;
  private final InodeObjects inodeObjects;

  VdiLookup(VdiTable table, InodeObjects inodeObjects) {
    this.table = table;
    this.inodeObjects = inodeObjects;
  }

  /// As [VdiDirectory#lookup].
  VdiAnswer find(VdiName name, String tag, int snapId) throws IOException {
    table.look();
    return findKnown(name, tag, snapId);
  }

  /// The same among what is known.
  VdiAnswer findKnown(VdiName name, String tag, int snapId) throws IOException {
    if (table.free(name).isEmpty()) {
      return new Refused(Reason.FULL_VDI);
    }
    List<VdiRecord> newestFirst = table.newestFirst(name);
    return tag.isEmpty() && snapId == 0
        ? working(newestFirst)
        : snapshotOf(newestFirst, tag, snapId);
  }

  /// The snapshots of a name, newest first: the order in which [#find] meets them.
  List<VdiCatalog.Snapshot> snapshots(VdiName name) throws IOException {
    table.look();
    List<VdiCatalog.Snapshot> found = new ArrayList<>();
    for (VdiRecord record : table.newestFirst(name)) {
      if (record.isSnapshot()) {
        found.add(new VdiCatalog.Snapshot(record.snapId(), tag(record.vdi())));
      }
    }
    return found;
  }

  private static VdiAnswer working(List<VdiRecord> newestFirst) {
    return newestFirst.stream()
        .findFirst()
        .filter(VdiRecord::isWorking)
        .<VdiAnswer>map(VdiRecord::found)
        .orElse(new Refused(Reason.NO_VDI));
  }

  private VdiAnswer snapshotOf(List<VdiRecord> newestFirst, String tag, int snapId)
      throws IOException {
    for (VdiRecord record : newestFirst) {
      if (record.isSnapshot() && (record.snapId() == snapId || hasTag(record.vdi(), tag))) {
        return record.found();
      }
    }
    boolean metWorking = newestFirst.stream().anyMatch(VdiRecord::isWorking);
    return new Refused(metWorking ? Reason.NO_TAG : Reason.NO_VDI);
  }

  private boolean hasTag(VdiId vdi, String tag) throws IOException {
    return !tag.isEmpty() && tag(vdi).equals(tag);
  }

  private String tag(VdiId vdi) throws IOException {
    return InodeHeader.decode(inodeObjects.fields(vdi)).tag();
  }
}

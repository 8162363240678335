package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The VDIs of a cluster snapshot, in the order of their ids.
final class SavedVdis {
  private final TreeMap<Integer, OpenVdi> all = new TreeMap<>();

  /// Reads those of some names, or all of them where no name is given.
  static SavedVdis of(Trunk trunk, List<String> names) throws Failure, MalformedPayload {
    SavedVdis vdis = new SavedVdis();
    for (ObjectId object : trunk.inodes()) {
      ByteBuffer inode = trunk.get(object);
      InodeHeader header = InodeHeader.decode(inode.duplicate().order(ByteOrder.LITTLE_ENDIAN));
      if (names.isEmpty() || names.contains(header.name())) {
        ByteBuffer map = inode.slice(InodeHeader.MAP_OFFSET, ObjectMap.bytes(header.size()));
        vdis.all.put(
            object.vdiBits(),
            new OpenVdi(header, new ObjectMap(map.order(ByteOrder.LITTLE_ENDIAN))));
      }
    }
    return vdis;
  }

  List<InodeHeader> headers() {
    List<InodeHeader> headers = new ArrayList<>();
    for (OpenVdi vdi : all.values()) {
      headers.add(vdi.inode());
    }
    return headers;
  }

  /// The VDI of an id.
  Optional<OpenVdi> of(int vid) {
    return Optional.ofNullable(all.get(vid));
  }

  /// The snapshots of each name, oldest first; names whose first snapshot is a clone come after the
  /// one that it is a clone of.
  List<List<OpenVdi>> chains() {
    TreeMap<String, List<OpenVdi>> byName = new TreeMap<>();
    for (OpenVdi vdi : all.values()) {
      byName.computeIfAbsent(vdi.inode().name(), _ -> new ArrayList<>()).add(vdi);
    }
    List<List<OpenVdi>> chains = new ArrayList<>();
    Set<String> done = new HashSet<>();
    for (List<OpenVdi> chain : byName.values()) {
      chain.sort((a, b) -> Integer.compareUnsigned(a.inode().snapId(), b.inode().snapId()));
    }
    for (String name : byName.keySet()) {
      add(name, byName, done, chains);
    }
    return chains;
  }

  private void add(
      String name,
      Map<String, List<OpenVdi>> byName,
      Set<String> done,
      List<List<OpenVdi>> chains) {
    List<OpenVdi> chain = byName.getOrDefault(name, List.of());
    if (!done.add(name) || chain.isEmpty()) {
      return;
    }
    of(chain.getFirst().inode().parent())
        .ifPresent(parent -> add(parent.inode().name(), byName, done, chains));
    chains.add(chain);
  }
}

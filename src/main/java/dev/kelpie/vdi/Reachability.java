package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Finds out which data objects of deleted VDIs somebody still needs: those that an entry of a
/// living VDI of the same family names.
///
/// The VDIs are looked at one after the other while they are in use. That is right because an
/// object of a deleted VDI never comes (back) into a map except from the map of a living VDI,
/// whole, when a VDI is made: who is made while this runs is looked at too, and has no more than
/// the one it was made from had when that was looked at.
///
/// Of a VDI whose lease is not here the stored map is looked at. It names every object of a deleted
/// VDI that its owner's map names: entries that name others' objects are durable before they are
/// seen, and only while this node cannot delete those others ([InodeDoor]).
final class Reachability {
  private final VdiTable table;
  private final Inodes inodes;
  private final InodeObjects inodeObjects;

  Reachability(VdiTable table, Inodes inodes, InodeObjects inodeObjects) {
    this.table = table;
    this.inodes = inodes;
    this.inodeObjects = inodeObjects;
  }

  /// Takes the objects that are needed out of `candidates`. For the others, that they are not
  /// needed is durable when this returns.
  ///
  /// @param candidates by owner, the indices of objects
  void clearNeeded(int family, Map<Integer, BitSet> candidates) throws IOException {
    Set<VdiId> seen = new HashSet<>();
    boolean more = true;
    while (more) {
      table.look();
      List<VdiRecord> unseen =
          table.records(r -> r.family() == family && !r.isDeleted() && !seen.contains(r.vdi()));
      for (VdiRecord record : unseen) {
        seen.add(record.vdi());
        clearNeededBy(record.vdi(), candidates);
      }
      more = !unseen.isEmpty();
    }
  }

  private void clearNeededBy(VdiId vdi, Map<Integer, BitSet> candidates) throws IOException {
    if (table.live(vdi).isEmpty()) {
      return;
    }
    BitSet pages = new BitSet();
    candidates.values().forEach(c -> c.stream().forEach(i -> pages.set(i / MapPage.ENTRIES)));
    Optional<Inode> here = inodes.acquireHeld(vdi);
    if (here.isPresent()) {
      clearNeededBy(here.get(), pages, candidates);
    } else {
      for (int page = pages.nextSetBit(0); page >= 0; page = pages.nextSetBit(page + 1)) {
        clearNeeded(inodeObjects.page(vdi, page), page * MapPage.ENTRIES, candidates);
      }
      inodeObjects.flush(vdi);
    }
  }

  private void clearNeededBy(Inode inode, BitSet pages, Map<Integer, BitSet> candidates)
      throws IOException {
    try {
      letEntriesUnderWayArrive(inode);
      for (int page = pages.nextSetBit(0); page >= 0; page = pages.nextSetBit(page + 1)) {
        clearNeeded(inode.peek(page), page * MapPage.ENTRIES, candidates);
      }
      if (inode.mayHaveDeferred()) {
        inode.flush();
      }
    } finally {
      inodes.release(inode);
    }
  }

  /// A client may put an object of a living VDI into a map; one who found its owner alive is
  /// through when this returns.
  private static void letEntriesUnderWayArrive(Inode inode) {
    inode.gate().enterAlone();
    inode.gate().leaveAlone();
  }

  private static void clearNeeded(int[] entries, int first, Map<Integer, BitSet> candidates) {
    for (int i = 0; i < entries.length; i++) {
      int index = first + i;
      if (entries[i] == Inode.UNKNOWN) {
        candidates.values().forEach(indices -> indices.clear(index));
      } else if (entries[i] != 0) {
        candidates.getOrDefault(entries[i], new BitSet()).clear(index);
      }
    }
  }
}

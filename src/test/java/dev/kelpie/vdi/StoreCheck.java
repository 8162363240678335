package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// What must hold of the objects of a node at rest.
final class StoreCheck {
  private StoreCheck() {}

  /// There is every object that a map names (I5), and no other (I23).
  static void check(TestNode node, String where) throws IOException {
    node.awaitFreed();
    Set<ObjectId> needed = new TreeSet<>();
    for (VdiDirectory.State state : node.catalog.states()) {
      needed.add(ObjectId.inode(state.vdi()));
      ByteBuffer entries =
          node.inode(
              state.vdi(), InodeLayout.ENTRIES, InodeLayout.ENTRIES_END - InodeLayout.ENTRIES);
      for (int i = 0; i < InodeLayout.ENTRY_COUNT; i++) {
        int entry = entries.getInt(i * InodeLayout.ENTRY_SIZE);
        if (entry != 0) {
          needed.add(ObjectId.data(new VdiId(entry), i));
        }
      }
    }
    assertEquals(List.copyOf(needed), node.store.objects(), where);
  }

  /// Everything that clients can see: each VDI with its header and its bytes.
  static List<String> describe(TestNode node) throws IOException {
    List<String> all = new ArrayList<>();
    for (VdiDirectory.State state : node.catalog.states()) {
      Optional<String> snapshot =
          state.snapshot() ? Optional.of(Integer.toString(state.snapId())) : Optional.empty();
      int content = ByteBuffer.wrap(node.bytes(state.name().value(), snapshot)).hashCode();
      all.add(state + " " + node.header(state.vdi()) + " " + content);
    }
    return all;
  }
}

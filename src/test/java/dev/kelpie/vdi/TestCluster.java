package dev.kelpie.vdi;

import dev.kelpie.log.Log;
import dev.kelpie.model.VdiName;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryCluster;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.RecordedTuning;
import dev.kelpie.testing.TestPlatform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Several nodes without front ends over the same records and the same store.
final class TestCluster implements AutoCloseable {
  final MemoryCluster records = new MemoryCluster();
  final MemoryStore store = new MemoryStore();
  final ManualClock clock = new ManualClock();
  final List<Node> nodes = new ArrayList<>();

  /// So many nodes, named `n0`, `n1` and so on.
  TestCluster(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      start("n" + i);
    }
  }

  /// Starts a node, perhaps one that has run before.
  Node start(String name) throws IOException {
    Node node = new Node(name);
    nodes.add(node);
    return node;
  }

  /// A node.
  final class Node {
    final String name;
    final TestPlatform platform = new TestPlatform(new MemoryDisk(), clock);
    final MemoryCluster.Handle handle = records.handle(platform.platform());
    final RecordedTuning tuning = new RecordedTuning();
    final LeaseBook leases;
    final VdiCatalog catalog;

    private Node(String name) throws IOException {
      this.name = name;
      leases = new LeaseBook(platform.platform(), Log.NONE, handle, name);
      leases.begin(LeaseBook.NO_CACHE, Set.of());
      catalog =
          new VdiCatalog(platform.platform(), Log.NONE, handle, store, leases, () -> 1, tuning);
    }

    VdiAnswer create(String vdi) throws IOException {
      return catalog.create(new VdiName(vdi), TestNode.shape(TestNode.MIB));
    }

    /// What `dog vdi list` shows.
    List<VdiDirectory.State> states() throws IOException {
      return catalog.states();
    }

    private void close() throws IOException {
      catalog.close();
      handle.close();
      platform.assertNoFailures();
    }
  }

  @Override
  public void close() throws IOException {
    for (Node node : nodes) {
      node.close();
    }
    store.close();
  }
}

package dev.kelpie.vdi;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Patience;
import dev.kelpie.testing.ManualClock;
import dev.kelpie.testing.MemoryCluster;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.MemoryStore;
import dev.kelpie.testing.RecordedTuning;
import dev.kelpie.testing.TestPlatform;
import dev.kelpie.volume.BlockDevice;
import dev.kelpie.volume.Exports;
import dev.kelpie.volume.VolumeExports;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// Several nodes without front ends over the same records and the same store.
public final class TestCluster implements AutoCloseable {
  private static final Exports.Client CLIENT = new Exports.Client("test", false);

  final MemoryCluster records = new MemoryCluster();
  final MemoryStore store = new MemoryStore();
  final ManualClock clock = new ManualClock();
  final List<Node> nodes = new CopyOnWriteArrayList<>();
  private final Set<String> takenForDead = ConcurrentHashMap.newKeySet();
  private final Duration silence;

  /// So many nodes, named `n0`, `n1` and so on, which hand leases over at once.
  TestCluster(int count) throws IOException {
    this(count, Duration.ZERO);
  }

  /// @param silence how long clients have to be silent
  TestCluster(int count, Duration silence) throws IOException {
    this.silence = silence;
    for (int i = 0; i < count; i++) {
      start("n" + i);
    }
  }

  /// Starts a node, perhaps one that has run before.
  Node start(String name) throws IOException {
    takenForDead.remove(name);
    Node node = new Node(name);
    nodes.add(node);
    return node;
  }

  /// The others take a node for dead, whatever it does.
  void takeForDead(String name) {
    takenForDead.add(name);
  }

  private boolean mayLive(String name) {
    return !takenForDead.contains(name)
        && nodes.stream().anyMatch(node -> node.name.equals(name) && !node.handle.isDead());
  }

  /// A node.
  public final class Node {
    final String name;
    final List<String> alerts = new CopyOnWriteArrayList<>();
    final TestPlatform platform = new TestPlatform(new MemoryDisk(), clock);
    final MemoryCluster.Handle handle = records.handle(platform.platform());
    final RecordedTuning tuning = new RecordedTuning();
    final LeaseBook leases;
    final VdiCatalog catalog;
    final VolumeExports exports;

    private Node(String name) throws IOException {
      this.name = name;
      Log log =
          (level, message) -> {
            if (level == Level.ALERT) {
              alerts.add(message);
            }
          };
      leases =
          new LeaseBook(platform.platform(), log, handle, name, TestCluster.this::mayLive, silence);
      leases.begin(LeaseBook.NO_CACHE, Set.of());
      catalog =
          new VdiCatalog(platform.platform(), Log.NONE, handle, store, leases, () -> 1, tuning);
      exports = new VolumeExports(Log.NONE, catalog, leases, store, Optional::empty);
    }

    VdiAnswer create(String vdi) throws IOException {
      return catalog.create(new VdiName(vdi), TestNode.shape(TestNode.MIB));
    }

    VdiAnswer snapshot(String vdi) throws IOException {
      VdiName vdiName = new VdiName(vdi);
      return catalog.lookup(vdiName, "", 0) instanceof VdiAnswer.Found(VdiId working, int _)
          ? catalog.snapshot(vdiName, working, TestNode.shape(0))
          : catalog.lookup(vdiName, "", 0);
    }

    VdiAnswer delete(String vdi, int snapId) throws IOException {
      return catalog.delete(new VdiName(vdi), "", snapId);
    }

    /// What `dog vdi list` shows.
    List<VdiDirectory.State> states() throws IOException {
      return catalog.states();
    }

    /// What an NBD client is told.
    Exports.Answer attach(String vdi) throws IOException {
      return exports.open(
          new VdiName(vdi), Optional.empty(), Optional.of(CacheMode.WRITEBACK), CLIENT);
    }

    BlockDevice open(String vdi) throws IOException {
      return assertInstanceOf(Exports.Answer.Opened.class, attach(vdi)).device();
    }

    /// The fields of an inode as tools read them.
    InodeHeader header(VdiId vdi) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(InodeLayout.ENTRIES);
      catalog
          .clientObjects()
          .read(ObjectId.inode(vdi), 0, bytes, CacheMode.WRITEBACK, Patience.WAIT);
      return InodeHeader.decode(bytes.array());
    }

    /// The end of the process, orderly or not.
    void close() throws IOException {
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

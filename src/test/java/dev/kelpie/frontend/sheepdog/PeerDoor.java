package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Format;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.Access;
import dev.kelpie.stream.Takeover;
import dev.kelpie.testing.MemoryClientObjects;
import dev.kelpie.testing.MemoryCoordination;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/// The Sheepdog protocol's server over fakes, by whose port other nodes come, for tests of other
/// rooms.
public final class PeerDoor implements Closeable {
  private final SheepdogServer server;

  /// Opens the door of a node whose cluster is formatted.
  ///
  /// @param listener the door's from now on
  public PeerDoor(
      Platform platform, Log log, Network.Listener listener, Access access, Takeover peers)
      throws IOException {
    ClusterBook book = new ClusterBook(new MemoryCoordination());
    FakeNode node = new FakeNode(book);
    book.format(new Format(1, 1, 0, 0, "plain"), node.members(), FakeNode.FORMATTED);
    MemoryClientObjects objects = new MemoryClientObjects();
    Services services =
        new Services(objects, new FakeVdis(), Optional.empty(), objects.store(), book, node);
    this.server =
        new SheepdogServer(
            platform,
            log,
            services,
            new SheepdogConfig(100, 16L << 20),
            access,
            Optional.of(peers));
    server.serve(listener);
  }

  /// Cuts everybody off.
  @Override
  public void close() {
    server.close();
  }
}

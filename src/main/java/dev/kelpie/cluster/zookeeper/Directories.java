package dev.kelpie.cluster.zookeeper;

import java.io.IOException;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;

/// Creates the znodes that others lie under.
///
/// Those below the root are containers: ZooKeeper deletes them some time after their last child is
/// gone. That may happen right before a record is created in one, so whoever creates a record tries
/// again where its directory is missing.
final class Directories {
  private static final byte[] EMPTY = {};

  private final Ensemble ensemble;

  Directories(Ensemble ensemble) {
    this.ensemble = ensemble;
  }

  /// Creates the directory of a znode, and all above it, where they are missing. Where the answer
  /// is lost, the next try to create the znode finds out whether the directory is there.
  void makeFor(String znode, Client client, Patience patience) throws IOException {
    try {
      make(above(znode), client, patience);
    } catch (Lost _) {
      // Said above.
    }
  }

  /// Creates a directory and all above it, where they are missing. Those above are looked at only
  /// if they are: this process may have no rights there.
  ///
  /// @throws Lost where that is to be tried again
  void make(String directory, Client client, Patience patience) throws IOException {
    while (true) {
      Op create = Op.create(directory, EMPTY, ensemble.settings().acl(), mode(directory));
      Code code = client.multi(List.of(create)).await(patience);
      switch (code) {
        case OK, NODEEXISTS -> {
          return;
        }
        case NONODE -> make(above(directory), client, patience);
        default -> {
          if (Lost.isMeantBy(code)) {
            throw new Lost(code);
          }
          throw ensemble.refused(directory + " cannot be created", code);
        }
      }
    }
  }

  private static String above(String znode) {
    return znode.substring(0, znode.lastIndexOf('/'));
  }

  private CreateMode mode(String directory) {
    Names names = ensemble.names();
    boolean forRecords =
        directory.startsWith(names.root() + "/") && !directory.equals(names.commits());
    return forRecords ? CreateMode.CONTAINER : CreateMode.PERSISTENT;
  }
}

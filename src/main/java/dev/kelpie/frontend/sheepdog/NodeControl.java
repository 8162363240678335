package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.log.Level;
import dev.kelpie.platform.Disk;
import java.io.IOException;
import java.util.List;

/// What operators ask of the node as a whole. `sheep` implements it.
public interface NodeControl {
  /// Whether the node serves. That the cluster is not formatted is not its business: the cluster's
  /// book says so.
  Standing standing();

  /// The members that are present, this node among them.
  List<Member> members();

  /// This node.
  Member self();

  /// The disks of this node that are in service.
  List<DiskUse> disks();

  /// Adds disks to this node.
  ///
  /// @param paths each `char` a byte
  /// @throws IOException where one cannot be added, saying why; those before it are
  void plug(List<String> paths) throws IOException;

  /// Takes disks out of this node when their objects are on the others.
  ///
  /// @param paths each `char` a byte
  /// @throws IOException where one has to stay, saying why; those before it are out
  void unplug(List<String> paths) throws IOException;

  /// Recovery, as far as this node takes part in it; the same object each time.
  RecoveryControl recovery();

  /// The least urgent level that the node's log keeps.
  Level logLevel();

  /// Changes it.
  void logLevel(Level level);

  /// The room for objects on this node.
  Disk.Space space() throws IOException;

  /// Wipes every object, VDI and cached byte of the cluster, and formats it. When it returns, the
  /// cluster's book has the new format. The front end calls it once at a time, and while no request
  /// for an object or a VDI is in progress here.
  ///
  /// @throws IOException where it could not be finished; the cluster is not formatted then, and can
  ///   be formatted again
  void format(Format how) throws IOException;

  /// Stops all nodes in order: nothing that was acknowledged is lost. Returns at once; the request
  /// is answered while the node stops.
  ///
  /// @param client who asked, for the log
  void shutdown(String client);

  /// Stops this node in order; the cluster goes on without it. Returns at once.
  ///
  /// @param client who asked, for the log
  void kill(String client);

  /// One disk, sizes in bytes.
  ///
  /// @param path where objects lie on it, each `char` a byte
  record DiskUse(String path, long used, long free) {}

  /// How a node stands.
  enum Standing {
    SERVING,
    /// The node is not in the cluster's map, or others may take it for dead.
    JOINING,
    /// The cluster stops.
    SHUTTING_DOWN,
    /// An operator stops this node.
    KILLED
  }
}

package dev.kelpie.dog;

/// Which class carries out which command. Only that class is loaded.
final class Commands {
  private Commands() {}

  /// The command of these words, which the [CommandTable] says is supported.
  static Command of(String words) {
    return switch (words) {
      case "vdi create" -> new VdiCreate();
      case "vdi snapshot" -> new VdiSnapshot();
      case "vdi clone" -> new VdiClone();
      case "vdi delete" -> new VdiDelete();
      case "vdi rollback" -> new VdiRollback();
      case "vdi list" -> new VdiList();
      case "vdi tree" -> new VdiTree();
      case "vdi graph" -> new VdiGraph();
      case "vdi object location" -> new ObjectLocation();
      case "vdi object map" -> new ObjectMapShow();
      case "vdi object dump-inode" -> new DumpInode();
      case "vdi resize" -> new VdiResize();
      case "vdi read" -> new VdiRead();
      case "vdi write" -> new VdiWrite();
      case "vdi cache flush" -> new CacheFlush();
      case "vdi cache info" -> new CacheInfo();
      case "node kill" -> new NodeKill();
      case "node list" -> new NodeList();
      case "node info" -> new NodeInfo();
      case "node stat" -> new NodeStat();
      case "cluster info" -> new ClusterStatus();
      case "cluster format" -> new ClusterFormat();
      case "cluster shutdown" -> new ClusterShutdown();
      default -> throw new AssertionError("nothing carries out 'dog " + words + "'");
    };
  }
}

package dev.kelpie.dog;

import dev.kelpie.wire.Opcode;

/// Which class carries out which command. Only that class is loaded.
final class Commands {
  private Commands() {}

  /// The command of these words, which the [CommandTable] has.
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
      case "vdi cache warm" -> new CacheWarm();
      case "vdi cache info" -> new CacheInfo();
      case "node kill" -> new NodeKill();
      case "node list" -> new NodeList();
      case "node info" -> new NodeInfo();
      case "node stat" -> new NodeStat();
      case "cluster info" -> new ClusterStatus();
      case "cluster format" -> new ClusterFormat();
      case "cluster shutdown" -> new ClusterShutdown();
      case "vdi check" -> new VdiCheck();
      case "vdi track" -> new VdiTrack();
      case "vdi setattr" -> new VdiSetattr();
      case "vdi getattr" -> new VdiGetattr();
      case "vdi backup" -> new VdiBackup();
      case "vdi restore" -> new VdiRestore();
      case "vdi cache delete" -> new CacheDelete();
      case "vdi cache purge" -> new CachePurge();
      case "vdi cache list" -> new CacheList();
      case "vdi cache check" -> new CacheChecking();
      case "vdi cache mode" -> new CacheModeCommand();
      case "vdi cache quota" -> new CacheQuota();
      case "vdi alter-copy" -> new VdiAlterCopy();
      case "vdi lock list" -> new LockList();
      case "vdi lock unlock" -> new LockUnlock();
      case "node recovery info" -> new RecoveryInfo();
      case "node recovery set-throttle" -> new ThrottleSet();
      case "node recovery get-throttle" -> new ThrottleGet();
      case "node md info" -> new DiskList();
      case "node md plug" -> DiskChange.plug();
      case "node md unplug" -> DiskChange.unplug();
      case "node log level set" -> new LogLevelSet();
      case "node log level get" -> new LogLevelGet();
      case "node log level list" -> new LogLevelList();
      case "node format" -> new NodeFormat();
      case "cluster snapshot save" -> new SnapshotSave();
      case "cluster snapshot list" -> new SnapshotList();
      case "cluster snapshot load" -> new SnapshotLoad();
      case "cluster snapshot show" -> new SnapshotShow();
      case "cluster recover force" -> new RecoverForce();
      case "cluster recover enable" -> new RecoverSwitch(Opcode.ENABLE_RECOVER, "enable");
      case "cluster recover disable" -> new RecoverSwitch(Opcode.DISABLE_RECOVER, "disable");
      case "cluster reweight" -> new ClusterReweight();
      case "cluster check" -> new ClusterCheck();
      case "cluster alter-copy" -> new ClusterAlterCopy();
      case "upgrade inode-convert" -> new UpgradeFile("inode-convert", ExitStatus.FAILURE);
      case "upgrade epoch-convert" -> new UpgradeFile("epoch-convert", ExitStatus.USAGE);
      case "upgrade config-convert" -> new UpgradeFile("config-convert", ExitStatus.SUCCESS);
      case "upgrade object-location" -> new UpgradeLocation();
      default -> throw new AssertionError("nothing carries out 'dog " + words + "'");
    };
  }
}

package dev.kelpie.sheep;

import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.frontend.sheepdog.NodeControl;
import dev.kelpie.frontend.sheepdog.RecoveryControl;
import dev.kelpie.log.Level;
import dev.kelpie.log.QueuedLog;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Platform;
import dev.kelpie.store.disk.DiskSpace;
import dev.kelpie.store.disk.DiskStore;
import dev.kelpie.vdi.VdiCatalog;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Carries out what operators ask of the node as a whole.
final class NodeDesk implements NodeControl {
  /// What the JVM makes file names of.
  private static final Charset NAMES =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private final Platform platform;
  private final Member self;
  private final Community community;
  private final RecoveryControl recovery;
  private final VdiCatalog vdis;
  private final DiskStore store;
  private final Shutdown shutdown;
  private final QueuedLog log;

  NodeDesk(
      Platform platform,
      Community community,
      RecoveryControl recovery,
      VdiCatalog vdis,
      DiskStore store,
      Shutdown shutdown,
      QueuedLog log) {
    this.platform = platform;
    this.self = community.identity().member();
    this.community = community;
    this.recovery = recovery;
    this.vdis = vdis;
    this.store = store;
    this.shutdown = shutdown;
    this.log = log;
  }

  @Override
  public Standing standing() {
    Standing asked = shutdown.standing();
    return asked == Standing.SERVING && community.isJoining() ? Standing.JOINING : asked;
  }

  @Override
  public List<Member> members() {
    return community.members();
  }

  @Override
  public Member self() {
    return self;
  }

  @Override
  public List<DiskUse> disks() {
    return store.space().stream()
        .filter(DiskSpace::inService)
        .map(disk -> new DiskUse(bytes(disk.directory()), disk.used(), disk.free()))
        .toList();
  }

  /// A path as the protocol has it, a `char` for each byte.
  private static String bytes(Path path) {
    return new String(path.toString().getBytes(NAMES), StandardCharsets.ISO_8859_1);
  }

  @Override
  public void plug(List<String> paths) throws IOException {
    for (String path : paths) {
      store.plug(StoreDirectories.one(platform.disk(), absolute(path)));
    }
  }

  @Override
  public void unplug(List<String> paths) throws IOException {
    for (String path : paths) {
      store.unplug(platform.disk().real(absolute(path)));
    }
  }

  private static Path absolute(String bytes) throws IOException {
    String name = new String(bytes.getBytes(StandardCharsets.ISO_8859_1), NAMES);
    try {
      Path path = Path.of(name);
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException _) {
      // Said below.
    }
    throw new IOException("'" + name + "' is not a path from the root directory");
  }

  @Override
  public RecoveryControl recovery() {
    return recovery;
  }

  @Override
  public Level logLevel() {
    return log.level();
  }

  @Override
  public void logLevel(Level level) {
    log.setLevel(level);
  }

  @Override
  public Disk.Space space() throws IOException {
    return space(platform.disk(), store);
  }

  /// The room on the file systems of a store, each counted once.
  static Disk.Space space(Disk disk, DiskStore store) throws IOException {
    Map<Long, DiskSpace> byDevice = new HashMap<>();
    for (DiskSpace space : store.space()) {
      if (space.inService()) {
        byDevice.put(disk.device(space.directory()), space);
      }
    }
    long total = byDevice.values().stream().mapToLong(DiskSpace::total).sum();
    long free = byDevice.values().stream().mapToLong(DiskSpace::free).sum();
    return new Disk.Space(total, free);
  }

  @Override
  public void format(Format how) throws IOException {
    vdis.checkDetached();
    community.format(how);
  }

  @Override
  public void shutdown(String client) {
    try {
      community.orderStop();
    } catch (IOException e) {
      log.error("the other nodes could not be told to stop: " + e.getMessage());
    }
    shutdown.ask(Standing.SHUTTING_DOWN, "cluster shutdown from " + client);
  }

  @Override
  public void kill(String client) {
    shutdown.ask(Standing.KILLED, "node kill from " + client);
  }
}

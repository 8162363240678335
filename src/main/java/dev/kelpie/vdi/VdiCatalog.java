package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheTuning;
import dev.kelpie.object.DiskMap;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import dev.kelpie.vdi.VdiAnswer.Found;
import dev.kelpie.vdi.VdiAnswer.Reason;
import dev.kelpie.vdi.VdiAnswer.Refused;
import dev.kelpie.vdi.VdiMaker.Birth;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;

/// The VDIs of this node. What exists and who may write is decided by one commit of the
/// coordination records for each change (see the package for the crash argument).
///
/// Order of locks: the name's, a gate, `making`. A gate may be held alone for as long as a flush of
/// its VDI takes; `making` only while one inode is written, so that one VDI's flush keeps nobody
/// else waiting.
public final class VdiCatalog implements VdiDirectory, Closeable {
  /// The most copies that an inode can speak of (spec §1.11).
  private static final int COPIES_MAX = 31;

  private final Log log;
  private final IntSupplier defaultCopies;
  private final VdiTable table;
  private final InodeObjects inodeObjects;
  private final VdiLookup lookup;
  private final Inodes inodes;
  private final Inode.Context context;
  private final NameLocks names;
  private final ClientLocks clientLocks;
  private final Locks.Mutex making;
  private final SweeperTask sweeper;
  private final VdiMaker maker;
  private final Upkeep upkeep;
  private final Succession succession;
  private final ObjectStore objects;
  private final ClientObjects clientObjects;
  private final VdiAttributes attributes;
  private final HandOver handOver;
  private final Deletion deletion;
  private final LeaseBook leases;
  private final CacheSettingsRecords cacheSettings;

  /// Opens the VDIs of a node: rolls forward what a crash interrupted, and goes on freeing what was
  /// deleted.
  ///
  /// @param objects the store, or the object cache in front of it; stays the caller's to close,
  ///   after this
  /// @param leases which have begun
  /// @param defaultCopies for VDIs that do not say; 0 while the cluster is not formatted
  /// @param tuning the object cache; [CacheTuning#NONE] where there is none
  public VdiCatalog(
      Platform platform,
      Log log,
      Coordination coordination,
      ObjectStore objects,
      LeaseBook leases,
      IntSupplier defaultCopies,
      CacheTuning tuning)
      throws IOException {
    this.log = log;
    this.objects = objects;
    this.defaultCopies = defaultCopies;
    this.leases = leases;
    Locks locks = platform.locks();
    PageBudget budget = new PageBudget(locks, PageBudget.PAGES_MAX);
    this.table = new VdiTable(platform, coordination, leases);
    this.inodeObjects = new InodeObjects(objects, leases);
    this.lookup = new VdiLookup(table, inodeObjects);
    this.inodes = new Inodes(locks, budget, leases, this::load);
    this.names = new NameLocks(locks);
    this.clientLocks = new ClientLocks(coordination, table, leases);
    this.making = locks.mutex();
    Reachability reachability = new Reachability(table, inodes, inodeObjects);
    Sweeper sweep = new Sweeper(log, table, names, leases, objects, reachability);
    this.sweeper = new SweeperTask(platform, log, coordination, leases, table, sweep);
    this.context = new Inode.Context(objects, locks, budget, sweeper, leases::losses);
    this.maker =
        new VdiMaker(
            platform, table, inodeObjects, inodes, context, leases, clientLocks, defaultCopies);
    this.upkeep = new Upkeep(log, table, inodes, inodeObjects, leases);
    this.cacheSettings = new CacheSettingsRecords(log, table, names, inodes, making, tuning);
    this.succession =
        new Succession(
            platform.clock(), table, inodes, maker, upkeep, cacheSettings, sweeper, making);
    this.deletion =
        new Deletion(log, table, clientLocks, inodes, leases, cacheSettings, sweeper, making);
    this.clientObjects = new ClientDoor(table, inodes, objects, leases);
    this.attributes = new AttributeObjects(lookup, table, names, objects);
    this.handOver =
        new HandOver(platform, log, coordination, leases, table, inodes, objects, tuning);
    handOver.start();
    clientLocks.begin();
    cacheSettings.tellAll();
    upkeep.rollForward();
    sweeper.start();
  }

  /// The way by which clients reach objects by id.
  public ClientObjects clientObjects() {
    return clientObjects;
  }

  /// Which objects the disks consist of.
  public DiskMap diskMap() {
    return new InodeMap(table, inodes);
  }

  @Override
  public VdiAnswer lookup(VdiName name, String tag, int snapId) throws IOException {
    return lookup.find(name, tag, snapId);
  }

  @Override
  public VdiAnswer create(VdiName name, Shape shape) throws IOException {
    return decide(name, shape, seen -> createFrom(name, shape, Optional.empty(), seen));
  }

  @Override
  public VdiAnswer clone(VdiName name, VdiId snapshot, Shape shape) throws IOException {
    return decide(name, shape, seen -> createFrom(name, shape, Optional.of(snapshot), seen));
  }

  @Override
  public VdiAnswer snapshot(VdiName name, VdiId base, Shape shape) throws IOException {
    return decide(
        name,
        shape,
        seen -> {
          VdiAnswer found = lookup.findKnown(name, "", 0);
          return found instanceof Found(VdiId current, int _)
              ? using(current, inode -> succession.freeze(inode, base, shape, seen))
              : found;
        });
  }

  @Override
  public VdiAnswer rollback(VdiName name, VdiId snapshot, Shape shape) throws IOException {
    return decide(
        name,
        shape,
        seen ->
            lookup.findKnown(name, "", 0) instanceof Found(VdiId current, int _)
                ? using(current, inode -> succession.replace(inode, snapshot, shape, seen))
                : createFrom(name, shape, Optional.of(snapshot), seen));
  }

  @Override
  public VdiAnswer delete(VdiName name, String tag, int snapId) throws IOException {
    names.lock(name);
    try {
      return decideHere(seen -> {
        VdiAnswer found = lookup.findKnown(name, tag, snapId);
        return found instanceof Found(VdiId vdi, int _) ? deletion.of(vdi, found, seen) : found;
      });
    } finally {
      names.unlock(name);
    }
  }

  @Override
  public BitSet inUse() throws IOException {
    table.look();
    return table.used();
  }

  @Override
  public List<State> states() throws IOException {
    table.look();
    Map<VdiId, LockRecord> locks = clientLocks.all();
    return table.records(record -> !record.isDeleted()).stream()
        .map(record -> state(record, Optional.ofNullable(locks.get(record.vdi()))))
        .toList();
  }

  @Override
  public Optional<State> state(VdiId vdi) throws IOException {
    table.look();
    Optional<LockRecord> lock = clientLocks.of(vdi);
    return table.live(vdi).map(record -> state(record, lock));
  }

  private State state(VdiRecord record, Optional<LockRecord> lock) {
    List<Locker> lockers =
        lock.map(LockRecord::nodes).orElse(List.of()).stream()
            .map(node -> new Locker(node, node.equals(leases.node())))
            .toList();
    return record.state(lock.map(LockRecord::lock).orElse(Lock.NONE), lockers);
  }

  @Override
  public VdiAnswer lock(VdiName name, String tag, int snapId, Lock lock) throws IOException {
    names.lock(name);
    try {
      return table.deciding(seen -> {
        VdiAnswer found = lookup.findKnown(name, tag, snapId);
        boolean busy =
            found instanceof Found(VdiId vdi, int _) && !clientLocks.take(vdi, lock, seen);
        return busy ? new Refused(Reason.VDI_LOCKED) : found;
      });
    } finally {
      names.unlock(name);
    }
  }

  @Override
  public void unlock(VdiId vdi) throws IOException {
    clientLocks.release(vdi);
  }

  @Override
  public VdiAnswer alterCopies(VdiId vdi, int copies) throws IOException {
    if (copies < 1 || copies > COPIES_MAX) {
      return new Refused(Reason.INVALID_PARMS);
    }
    return decideHere(seen ->
        table.live(vdi).isEmpty()
            ? new Refused(Reason.NO_VDI)
            : using(vdi, inode -> alterCopies(inode, copies, seen)));
  }

  private VdiAnswer alterCopies(Inode inode, int copies, long seen) throws IOException {
    inode.gate().enterAlone();
    making.lock();
    try {
      VdiRecord altered = table.living(inode.vdi()).withCopies(copies);
      table.commit(new Draft(seen).put(altered).behind(inode.vdi()).underLease(inode.vdi()));
      upkeep.bringInLine(inode);
      return altered.found();
    } finally {
      making.unlock();
      inode.gate().leaveAlone();
    }
  }

  @Override
  public VdiAttributes attributes() {
    return attributes;
  }

  @Override
  public VdiCacheSettings cacheSettings() {
    return cacheSettings;
  }

  /// Attaches a block device to a VDI or snapshot, found as by [#lookup].
  public Attached attach(VdiName name, String tag, int snapId) throws IOException {
    names.lock(name);
    try {
      return switch (lookup(name, tag, snapId)) {
        case Found(VdiId vdi, int _) -> attach(vdi);
        case Refused(Reason reason) -> new Attached.Refused(reason);
      };
    } finally {
      names.unlock(name);
    }
  }

  private Attached attach(VdiId vdi) {
    try {
      Inode inode = inodes.acquire(vdi);
      boolean first = !inodes.isAttached(inode);
      Attached attached = new Attached.Open(inodes.attach(inode));
      if (first) {
        objects.opened(vdi);
      }
      return attached;
    } catch (IOException e) {
      return new Attached.Unusable(String.valueOf(e.getMessage()));
    }
  }

  /// The snapshots of a name, newest first.
  public List<Snapshot> snapshots(VdiName name) throws IOException {
    return lookup.snapshots(name);
  }

  /// The ids of the VDIs that a VDI comes from, nearest first. Where one of them was deleted and is
  /// gone, those behind it are not known.
  public List<Integer> ancestors(VdiId vdi) {
    return table.ancestors(vdi);
  }

  /// A snapshot as [#attach] finds it.
  ///
  /// @param tag empty where it has none
  public record Snapshot(int id, String tag) {}

  /// Refuses while block devices are attached: before what would pull disks away under them.
  public void checkDetached() throws IOException {
    List<VdiId> attached = inodes.attached();
    if (!attached.isEmpty()) {
      throw new IOException("VDIs are attached as block devices, detach them first: " + attached);
    }
  }

  /// Forgets all VDIs and leases, and which ids were used: the cluster is formatted anew. Objects
  /// and cache are the caller's to wipe when this has returned; no client changes any then.
  ///
  /// @param ended the record that says so; it has to stay as it is meanwhile
  /// @throws IOException where a block device is attached, and then nothing was forgotten; or where
  ///   the records failed
  public void wipe(Check ended) throws IOException {
    checkDetached();
    making.lock();
    try {
      table.commitNothing(ended);
    } finally {
      making.unlock();
    }
    inodes.loaded().forEach(this::retire);
  }

  /// Waits for those who are changing something, and lets nobody change anything any more.
  private void retire(Inode inode) {
    inode.gate().enterAlone();
    inode.standing(Inode.Standing.DELETED);
    inode.gate().leaveAlone();
    inodes.drop(inode.vdi());
  }

  /// Waits until the space of everything that was deleted is free. For tests and orderly ends.
  ///
  /// @return whether it is in time
  public boolean awaitFreed(Duration limit) {
    return sweeper.finish(limit);
  }

  /// Ends the freeing of space for now. Everything that was answered is in the store.
  @Override
  public void close() throws IOException {
    handOver.close();
    sweeper.close();
  }

  /// What [#attach] says.
  public sealed interface Attached {
    /// It is attached until the attachment is closed.
    record Open(Attachment attachment) implements Attached {}

    /// There is no such VDI.
    record Refused(Reason reason) implements Attached {}

    /// There is, and it cannot be used.
    ///
    /// @param why a sentence
    record Unusable(String why) implements Attached {}
  }

  // Making and changing VDIs.

  private VdiAnswer decide(VdiName name, Shape shape, VdiTable.Decision<VdiAnswer> decision)
      throws IOException {
    Optional<Reason> wrong = wrong(shape);
    if (wrong.isPresent()) {
      return new Refused(wrong.get());
    }
    names.lock(name);
    try {
      return decideHere(decision);
    } finally {
      names.unlock(name);
    }
  }

  /// Decides something for which this node needs leases.
  private VdiAnswer decideHere(VdiTable.Decision<VdiAnswer> decision) throws IOException {
    try {
      return table.deciding(decision);
    } catch (LeaseElsewhere e) {
      log.info(String.valueOf(e.getMessage()));
      return new Refused(Reason.VDI_LOCKED);
    }
  }

  private Optional<Reason> wrong(Shape shape) {
    if (defaultCopies.getAsInt() == 0) {
      return Optional.of(Reason.WAIT_FOR_FORMAT);
    }
    boolean known =
        shape.size() >= 0
            && shape.size() <= InodeLayout.SIZE_MAX
            && shape.copies() >= 0
            && shape.copies() <= COPIES_MAX
            && shape.copyPolicy() == 0
            && shape.storePolicy() == 0;
    return known ? Optional.empty() : Optional.of(Reason.INVALID_PARMS);
  }

  /// A new VDI where the name has no working one.
  private VdiAnswer createFrom(VdiName name, Shape shape, Optional<VdiId> base, long seen)
      throws IOException {
    VdiAnswer found = lookup.findKnown(name, "", 0);
    if (found instanceof Found) {
      return new Refused(Reason.VDI_EXIST);
    } else if (found instanceof Refused(Reason reason) && reason != Reason.NO_VDI) {
      return found;
    }
    making.lock();
    try {
      Optional<VdiRecord> parent = base.flatMap(table::live);
      Optional<Reason> wrong = Succession.wrongBase(base, parent);
      return wrong.isPresent()
          ? new Refused(wrong.get())
          : maker.make(
              new Birth(name, shape, shape.size(), parent, Optional.empty()),
              Optional.empty(),
              seen);
    } finally {
      making.unlock();
    }
  }

  // Inodes.

  private VdiAnswer using(VdiId vdi, Use use) throws IOException {
    Inode inode = inodes.acquire(vdi);
    try {
      return use.of(inode);
    } finally {
      inodes.release(inode);
    }
  }

  private Inode load(VdiId vdi, Generation generation) throws IOException {
    LossWatch lossWatch = context.watch(vdi);
    byte[] fields = inodeObjects.fields(vdi);
    InodeHeader header = InodeHeader.decode(fields);
    if (header.storePolicy() != 0 || header.blockShift() != InodeLayout.BLOCK_SHIFT_4M) {
      throw new IOException(
          "VDI "
              + vdi
              + " is a hyper volume or has objects of another size than 4 MiB, which this"
              + " release does not support");
    }
    VdiRecord record = table.living(vdi);
    Inode.Standing standing = record.isSnapshot() ? Inode.Standing.FROZEN : Inode.Standing.WORKING;
    Inode inode = new Inode(context, vdi, generation, fields, standing, lossWatch);
    inode.cacheMode(record.cache().mode());
    return inode;
  }

  private interface Use {
    VdiAnswer of(Inode inode) throws IOException;
  }
}

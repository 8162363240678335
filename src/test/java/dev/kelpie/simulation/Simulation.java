package dev.kelpie.simulation;

import dev.kelpie.simulation.History.Loss;
import dev.kelpie.simulation.History.Write;
import dev.kelpie.testing.DiskCall;
import dev.kelpie.testing.Faults;
import dev.kelpie.testing.Keep;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.testing.SimulatedCrash;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Carries a script out on a node, and fails where something is not as the model allows.
///
/// Steps go one after the other, in the script's order. A request whose call to the store is held,
/// or that waits for one that is, stays under way while the next steps run; so which requests meet,
/// and where, is the script's choice and hardly depends on who is scheduled when.
final class Simulation {
  /// Numbers of clients of a disk. The first three are block devices in one mode each.
  static final int CLIENTS = 5;

  private static final int BLOCK_DEVICES = 3;

  /// Who changes the directory.
  private static final int DIRECTOR = CLIENTS;

  private static final Duration HANG = Duration.ofSeconds(60);

  /// How long a request may take while another is held, before it counts as waiting for that.
  private static final long STUCK_NANOS = 30_000_000;

  private static final long LOOK_NANOS = 200_000;
  private static final Path SLAB = Path.of("/cache/cache/slab");
  private static final int SLAB_BLOCK = 4096;
  private static final Path INDEX = Path.of("/cache/cache/index");

  /// The records of the chunks, of which there are 160.
  private static final int RECORDS_START = 4096;

  private static final int RECORDS_LENGTH = 160 * 88;

  private final RandomGenerator chance;
  private final boolean keepPulled;
  private final Duration pushAge;
  private final List<DiskModel> disks = new ArrayList<>();
  private final List<Request> underWay = new ArrayList<>();
  private ServedNode node;
  private Directory directory;
  private Optional<Faults.Ended> cacheFault = Optional.empty();

  /// Whether calls to the store fail, or have failed since all requests ended last.
  private boolean faulty;

  private long crashStep = Long.MAX_VALUE;
  private boolean crashCuts;

  /// Bytes that the nodes that have ended fetched before a client read them.
  private long fetchedAhead;

  /// Whether the cache's index is damaged before the next start.
  private boolean damages;

  /// A request under way.
  private static final class Request {
    final Op op;
    final DiskModel disk;
    final int client;
    final Thread thread;
    volatile @Nullable Throwable failure;
    volatile boolean ended;

    Request(Op op, DiskModel disk, int client, Work work) {
      this.op = op;
      this.disk = disk;
      this.client = client;
      this.thread =
          Thread.ofVirtual()
              .unstarted(() -> {
                try {
                  work.run();
                } catch (IOException | RuntimeException | Error e) {
                  failure = e;
                } finally {
                  ended = true;
                }
              });
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private Simulation(long seed) throws IOException {
    this.chance = new SplittableRandom(seed);
    this.keepPulled = chance.nextInt(4) != 0;
    this.pushAge = chance.nextInt(3) == 0 ? Duration.ofMillis(20) : Duration.ofDays(1);
    MemoryDisk disk = new MemoryDisk();
    disk.writeBackSometimes(new SplittableRandom(chance.nextLong()));
    this.node = new ServedNode(disk, keepPulled, pushAge);
    AtomicLong clock = new AtomicLong();
    this.directory = new Directory(node, disks, clock);
    directory.create("a", false, 2 * Script.OBJECT + 5 * Script.CHUNK + 7);
    directory.create("b", true, Script.OBJECT + 9 * Script.CHUNK);
  }

  /// Runs a script with the settings of its seed.
  ///
  /// @return how many bytes the cache fetched before a client read them
  static long run(long seed, List<Op> script) throws IOException {
    Simulation simulation = new Simulation(seed);
    try {
      for (Op op : script) {
        simulation.step(op);
      }
      simulation.finish();
      return simulation.fetchedAhead;
    } finally {
      simulation.node.gates.openAll();
      simulation.node.disk.afterProcessKill();
      simulation.leave();
    }
  }

  private void step(Op op) throws IOException {
    switch (op.kind()) {
      case HOLD -> node.gates.set(Script.trap(op));
      case FAIL -> {
        faulty = true;
        node.gates.set(Script.trap(op));
      }
      case RELEASE -> settle();
      case KILL -> end(Loss.NOTHING);
      case CUT -> end(Loss.DEFERRED);
      case DAMAGE -> damage();
      case RESTART -> restart();
      case CRASH_SOON -> crashSoon(op);
      case ROT -> rot();
      case CACHE_FAULT -> failCache();
      case CACHE_LOST -> loseCache(op.dice());
      case CHECK -> {
        settle();
        check();
      }
      case SNAPSHOT, DELETE_SNAPSHOT, CLONE, DELETE_CLONE -> direct(op);
      case WRITE, READ, FLUSH, CLEAR, DISCARD, PREFETCH, RESEND, DROP -> request(op);
    }
    if (hasCrashed()) {
      end(crashed());
    }
  }

  private Loss crashed() {
    return crashCuts ? Loss.DEFERRED : Loss.NOTHING;
  }

  private DiskModel disk(Op op) {
    return disks.get(op.disk() % disks.size());
  }

  private void request(Op op) throws IOException {
    DiskModel disk = disk(op);
    if (disk.inDoubt) {
      return;
    }
    boolean trims = op.kind() == Op.Kind.DISCARD && !disk.sheepdogOnly;
    int wanted = trims ? op.client() % BLOCK_DEVICES : op.client();
    int client = freeClient(disk, wanted);
    if (client < 0) {
      settle();
      client = wanted;
    }
    int number = client;
    start(
        new Request(
            op,
            disk,
            client,
            () -> new ClientWork(op, disk, directory.client(disk, number), directory).run()));
  }

  private int freeClient(DiskModel disk, int wanted) {
    for (int i = 0; i < CLIENTS; i++) {
      int client = (wanted + i) % CLIENTS;
      if (underWay.stream().noneMatch(r -> r.disk == disk && r.client == client)) {
        return client;
      }
    }
    return -1;
  }

  private void direct(Op op) throws IOException {
    if (underWay.stream().anyMatch(r -> r.client == DIRECTOR)) {
      settle();
    }
    DiskModel disk = disk(op);
    boolean ends = op.kind() == Op.Kind.DELETE_CLONE;
    if (disk.inDoubt || (ends && disks.indexOf(disk) < 2)) {
      return;
    }
    if (ends) {
      leaveFlushes(disk);
    }
    start(new Request(op, disk, DIRECTOR, () -> directory.change(op, disk)));
  }

  /// Lets nothing be under way on a disk that is to be deleted but flushes by id, which may fail.
  private void leaveFlushes(DiskModel disk) {
    boolean flushesOnly =
        underWay.stream()
            .filter(r -> r.disk == disk)
            .allMatch(r -> r.op.kind() == Op.Kind.FLUSH && isSheepdogs(disk, r.client));
    if (!flushesOnly) {
      settle();
    } else if (!underWay.isEmpty()) {
      faulty = true;
    }
  }

  private static boolean isSheepdogs(DiskModel disk, int client) {
    return disk.sheepdogOnly || client >= BLOCK_DEVICES;
  }

  private void start(Request request) {
    underWay.add(request);
    request.thread.start();
    long stuckSince = 0;
    long deadline = System.nanoTime() + HANG.toNanos();
    while (!request.ended && !hasCrashed()) {
      long now = System.nanoTime();
      if (node.gates.held() == 0) {
        stuckSince = 0;
        failIf(now > deadline, request);
      } else if (stuckSince == 0) {
        stuckSince = now;
      } else if (now - stuckSince > STUCK_NANOS) {
        return;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    collect();
  }

  private static void failIf(boolean hangs, Request request) {
    if (hangs) {
      throw new AssertionError(request.op + " hangs at " + List.of(request.thread.getStackTrace()));
    }
  }

  /// Looks at the requests that have ended.
  private void collect() {
    for (Request request : List.copyOf(underWay)) {
      if (request.ended) {
        underWay.remove(request);
        Throwable failure = request.failure;
        if (failure != null && !isExpected(failure)) {
          throw new AssertionError(request.op + " failed: " + failure.getMessage(), failure);
        }
      }
    }
  }

  private boolean isExpected(Throwable failure) {
    return failure instanceof IOException && (faulty || hasCrashed());
  }

  /// Lets everything go on and waits for all requests; nothing fails any more then.
  private void settle() {
    node.gates.openAll();
    long deadline = System.nanoTime() + HANG.toNanos();
    for (Request request : List.copyOf(underWay)) {
      while (!request.ended && !hasCrashed()) {
        failIf(System.nanoTime() > deadline, request);
        LockSupport.parkNanos(LOOK_NANOS);
      }
    }
    collect();
    faulty = false;
  }

  private boolean hasCrashed() {
    return node.disk.steps() >= crashStep;
  }

  /// The dice of a [Op.Kind#CRASH_SOON] that kills the process some steps later, stores to the
  /// cache's index being steps too.
  static int killAtMappedStore(int steps) {
    return 6 * steps + 3;
  }

  private void crashSoon(Op op) {
    if (crashStep != Long.MAX_VALUE) {
      return;
    }
    if (op.dice() % 3 == 0) {
      node.disk.countMappedStores();
    }
    crashCuts = op.dice() / 3 % 2 == 0;
    crashStep = node.disk.steps() + 1 + op.dice() / 6 % 80;
    node.disk.crashAt(crashStep);
  }

  /// Ends the process and damages the cache's index.
  private void damage() throws IOException {
    damages = true;
    end(Loss.TOLD);
  }

  /// Ends the process, or the power too, at once, and starts again, which may also be cut off.
  ///
  /// @param loss what that may take, if the power holds from now on
  private void end(Loss loss) throws IOException {
    boolean cut = loss == Loss.DEFERRED;
    crashStep = 0;
    MemoryDisk next = after(node.disk, cut);
    leave();
    if (damages) {
      flipRecords(next);
      damages = false;
    }
    Optional<ServedNode> started = Optional.empty();
    while (started.isEmpty()) {
      boolean again = chance.nextInt(4) == 0;
      started = started(next, again ? 1 + chance.nextInt(120) : Long.MAX_VALUE);
      if (started.isEmpty()) {
        boolean thenCut = chance.nextBoolean();
        cut |= thenCut;
        next = after(next, thenCut);
      }
    }
    began(started.get());
    directory.adopt(cut ? Loss.DEFERRED : loss);
  }

  /// Flips some bits in the records of the cache's chunks.
  private void flipRecords(MemoryDisk disk) {
    for (int flips = 1 << chance.nextInt(8); flips > 0; flips--) {
      disk.flip(INDEX, 8L * RECORDS_START + chance.nextInt(8 * RECORDS_LENGTH));
    }
  }

  /// Starts a node whose disk may go off on the way, under the start or a task that it began.
  ///
  /// @param crash the step at which it goes off, unless the start comes first
  /// @return empty where it went off
  private Optional<ServedNode> started(MemoryDisk disk, long crash) throws IOException {
    disk.crashAt(crash);
    try {
      ServedNode next = new ServedNode(disk, keepPulled, pushAge);
      disk.crashAt(Long.MAX_VALUE);
      if (disk.steps() < crash) {
        return Optional.of(next);
      }
      next.abandon();
      return Optional.empty();
    } catch (SimulatedCrash _) {
      return Optional.empty();
    }
  }

  private MemoryDisk after(MemoryDisk disk, boolean cut) {
    MemoryDisk next =
        cut
            ? disk.afterPowerCut(chance, List.of(Keep.values()).get(chance.nextInt(3)))
            : disk.afterProcessKill();
    next.writeBackSometimes(new SplittableRandom(chance.nextLong()));
    return next;
  }

  private void began(ServedNode next) {
    node = next;
    crashStep = Long.MAX_VALUE;
    cacheFault = Optional.empty();
    faulty = false;
    directory = directory.on(next);
  }

  /// Ends what is left of clients and servers of a disk that is off.
  private void leave() throws IOException {
    node.gates.openAll();
    countFetched();
    node.abandon();
    directory.closeClients();
    for (Request request : underWay) {
      try {
        if (!request.thread.join(HANG)) {
          failIf(true, request);
        }
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted", e);
      }
    }
    underWay.clear();
  }

  private void countFetched() {
    fetchedAhead += node.cache.usage().counters().readAheadBytes();
  }

  private void restart() throws IOException {
    settle();
    if (hasCrashed()) {
      return;
    }
    directory.closeClients();
    cacheFault.ifPresent(Faults.Ended::close);
    Optional<ServedNode> next = closed() ? started(node.disk, crashStep) : Optional.empty();
    if (next.isEmpty()) {
      end(crashed());
      return;
    }
    countFetched();
    began(next.get());
    directory.ended();
    directory.adopt(Loss.NOTHING);
  }

  /// Ends the node in good order, unless its disk goes off meanwhile.
  private boolean closed() throws IOException {
    try {
      node.close();
      return true;
    } catch (SimulatedCrash _) {
      return false;
    }
  }

  /// Damages every block of the cache; all are clean, so nothing is lost.
  private void rot() throws IOException {
    settle();
    try {
      directory.flushAll();
    } catch (IOException e) {
      if (!hasCrashed()) {
        throw e;
      }
    }
    if (hasCrashed()
        || node.cache.usage().vdis().stream()
            .anyMatch(v -> v.dirtyBytes() + v.dirtyObjects() > 0)) {
      return;
    }
    long bits = 8L * SLAB_BLOCK;
    long blocks = ServedNode.CACHE_SIZE / SLAB_BLOCK;
    for (long block = 1; block <= blocks; block++) {
      node.disk.flip(SLAB, block * bits + chance.nextInt((int) bits));
    }
  }

  private void failCache() {
    settle();
    if (cacheFault.isEmpty() && !hasCrashed()) {
      cacheFault = Optional.of(node.disk.faults().fail(DiskCall.WRITE, path -> path.equals(SLAB)));
    }
  }

  /// Loses the cache's device, with or without its index, and looks at what that leaves.
  private void loseCache(int dice) throws IOException {
    settle();
    if (cacheFault.isPresent() || crashStep != Long.MAX_VALUE) {
      return;
    }
    directory.closeClients();
    List<Faults.Ended> faults = new ArrayList<>();
    for (DiskCall call : List.of(DiskCall.READ, DiskCall.WRITE)) {
      faults.add(node.disk.faults().fail(call, SLAB::equals));
    }
    if (dice % 2 == 0) {
      for (DiskCall call : List.of(DiskCall.MAPPED_LOAD, DiskCall.MAPPED_STORE)) {
        faults.add(node.disk.faults().fail(call, INDEX::equals));
      }
    }
    cacheFault = Optional.of(() -> faults.forEach(Faults.Ended::close));
    directory.adopt(Loss.TOLD);
  }

  private void check() {
    if (!hasCrashed() && cacheFault.isEmpty()) {
      node.check();
    }
  }

  private void finish() throws IOException {
    settle();
    if (hasCrashed()) {
      end(crashed());
    }
    node.disk.crashAt(Long.MAX_VALUE);
    crashStep = Long.MAX_VALUE;
    check();
    directory.readAll();
    restart();
    directory.deleteAll();
    node.assertEmpty();
    check();
    directory.closeClients();
    node.close();
  }

  /// Waits for nothing more of a write that failed for another reason than the end of the node.
  static void failed(DiskModel disk, Write write, IOException failure) {
    if (failure instanceof DiskClient.Refused) {
      disk.history.failed(write);
    }
  }
}

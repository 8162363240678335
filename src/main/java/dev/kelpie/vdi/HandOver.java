package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import dev.kelpie.log.Log;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheTuning;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import dev.kelpie.platform.Tasks.Task;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Gives leases to the nodes that want them ([LeaseWish]), on a task of its own: one that nobody
/// uses here goes at once, one that clients only use by request when they have been silent for a
/// while, and for one that a block device holds open the answer is no. Before a lease goes,
/// everything of the VDI is durable in the store, and neither cache nor memory has any of it.
final class HandOver implements Closeable, LeaseBook.Listener {
  /// How soon a lease is looked at again that somebody used just when it was wanted.
  private static final Duration SOON = Duration.ofMillis(20);

  /// How soon one is looked at again that could not be given up.
  private static final Duration LATER = Duration.ofSeconds(1);

  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

  private final Platform platform;
  private final Log log;
  private final Coordination coordination;
  private final LeaseBook leases;
  private final LeaseWish wish;
  private final VdiTable table;
  private final Inodes inodes;
  private final ObjectStore objects;
  private final CacheTuning tuning;
  private final Locks.Mutex mutex;
  private final Locks.Signal changed;
  private final List<Watch> watches = new ArrayList<>();
  private Optional<Task> task = Optional.empty();
  private boolean due = true;
  private boolean stopping;

  HandOver(
      Platform platform,
      Log log,
      Coordination coordination,
      LeaseBook leases,
      VdiTable table,
      Inodes inodes,
      ObjectStore objects,
      CacheTuning tuning) {
    this.platform = platform;
    this.log = log;
    this.coordination = coordination;
    this.leases = leases;
    this.wish = leases.wish();
    this.table = table;
    this.inodes = inodes;
    this.objects = objects;
    this.tuning = tuning;
    this.mutex = platform.locks().mutex();
    this.changed = mutex.signal();
  }

  /// Begins to hear of leases.
  void start() throws IOException {
    leases.listen(this);
    watches.add(coordination.watch(Keys.WANTED, this::look));
    watches.add(coordination.watch(Keys.TAKEN + leases.node(), this::verify));
    task = Optional.of(platform.tasks().start("vdi-hand-over", this::run));
  }

  @Override
  public void taken() throws IOException {
    table.look();
  }

  @Override
  public void lost(VdiId vdi) {
    inodes.lose(vdi);
    look();
  }

  private void verify() {
    try {
      leases.verify();
    } catch (IOException e) {
      log.warn("it is not known whether other nodes have taken leases of this one: " + e);
    }
  }

  private void look() {
    mutex.lock();
    try {
      due = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
  }

  private void run() {
    Optional<Duration> next = Optional.empty();
    while (await(next)) {
      // What the cache has of them is old, and who took them has recorded what was lost.
      for (VdiId vdi : leases.lost()) {
        tuning.forget(vdi);
        leases.dropped(vdi);
      }
      try {
        next = giveWanted();
      } catch (IOException e) {
        log.debug("it is not known which leases other nodes want: " + e);
        next = Optional.of(LATER);
      }
    }
  }

  /// @return false where it is to stop
  private boolean await(Optional<Duration> time) {
    mutex.lock();
    try {
      while (!due && !stopping && time.isEmpty()) {
        changed.await();
      }
      if (!due && !stopping) {
        changed.await(time.orElse(LATER));
      }
      due = false;
      return !stopping;
    } finally {
      mutex.unlock();
    }
  }

  /// @return when to look again; empty where nothing is wanted that may be free later
  private Optional<Duration> giveWanted() throws IOException {
    Optional<Duration> next = Optional.empty();
    for (Stored stored : coordination.list(Keys.WANTED)) {
      VdiId vdi = Keys.vdiOf(stored.key());
      if (stored.value()[0] == LeaseWish.ASKED && leases.isOurs(vdi)) {
        Optional<Duration> again = give(vdi, stored);
        if (again.isPresent() && next.stream().noneMatch(n -> n.compareTo(again.get()) < 0)) {
          next = again;
        }
      }
    }
    return next;
  }

  private Optional<Duration> give(VdiId vdi, Stored asked) throws IOException {
    if (inodes.isAttached(vdi)) {
      wish.write(vdi, Optional.of(asked), LeaseWish.IN_USE);
      return Optional.empty();
    }
    long left = leases.silence().toNanos() - leases.silenceOf(vdi);
    if (left > 0) {
      return Optional.of(Duration.ofNanos(left));
    }
    Optional<Lease> closed = leases.close(vdi);
    if (closed.isEmpty()) {
      return Optional.of(SOON);
    }
    boolean empty = false;
    try {
      empty = isEmptied(vdi);
    } catch (IOException e) {
      log.warn("VDI " + vdi + " cannot be given to another node yet: " + e.getMessage());
    } finally {
      if (!empty) {
        closed.get().reopen();
      }
    }
    boolean given = empty && leases.giveUp(closed.get());
    return given ? Optional.empty() : Optional.of(LATER);
  }

  /// Makes everything of a VDI durable that nobody uses, and drops it.
  private boolean isEmptied(VdiId vdi) throws IOException {
    Optional<Inode> unused = inodes.unused(vdi);
    if (unused.isPresent()) {
      unused.get().flush();
    }
    objects.flush(vdi);
    if (!inodes.drop(vdi)) {
      return false;
    }
    tuning.letGo(vdi);
    return true;
  }

  /// Gives no lease any more.
  @Override
  public void close() throws IOException {
    watches.forEach(Watch::close);
    mutex.lock();
    try {
      stopping = true;
      changed.wakeAll();
    } finally {
      mutex.unlock();
    }
    try {
      if (task.isPresent() && !task.get().join(STOP_LIMIT)) {
        log.warn("a VDI is being given to another node, and its store does not answer");
      }
    } catch (InterruptedException e) {
      throw new InterruptedIOException("interrupted while leases were given to other nodes");
    }
  }
}

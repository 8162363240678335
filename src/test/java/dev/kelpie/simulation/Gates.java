package dev.kelpie.simulation;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// The store behind the cache, whose calls can be held, before or after they did something, and can
/// fail, having done something or not.
final class Gates implements ObjectStore {
  private final ObjectStore store;
  private final List<Trap> traps = new ArrayList<>();
  private final AtomicInteger held = new AtomicInteger();
  private CountDownLatch open = new CountDownLatch(1);

  /// A call of the store.
  enum Call {
    READ,
    WRITE,
    CREATE,
    REMOVE,
    FLUSH
  }

  /// Catches the next call that fits, once.
  ///
  /// @param inodes whether those of inodes, otherwise of data objects; a flush is of a VDI
  /// @param after whether when it is done, otherwise before
  /// @param fails whether it fails, otherwise it is held
  record Trap(Call call, boolean inodes, boolean after, boolean fails) {}

  private interface Body {
    Outcome run() throws IOException;
  }

  Gates(ObjectStore store) {
    this.store = store;
  }

  synchronized void set(Trap trap) {
    traps.add(trap);
  }

  /// How many calls are held now.
  int held() {
    return held.get();
  }

  /// Lets all go on, and catches none any more.
  synchronized void openAll() {
    traps.clear();
    open.countDown();
    open = new CountDownLatch(1);
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    return call(Call.READ, isInode(object), () -> store.read(object, offset, into, access));
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    return call(Call.WRITE, isInode(object), () -> store.write(object, extents, change));
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    return call(Call.CREATE, isInode(object), () -> store.create(object, base, extents, change));
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    return call(Call.REMOVE, isInode(object), () -> store.remove(object, change));
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) throws IOException {
    return store.stat(object);
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    store.list(vdi, each);
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    call(
        Call.FLUSH,
        false,
        () -> {
          store.flush(vdi);
          return Outcome.DONE;
        });
  }

  @Override
  public void close() throws IOException {
    store.close();
  }

  private static boolean isInode(ObjectId object) {
    return object.kind() == ObjectId.Kind.INODE;
  }

  private Outcome call(Call call, boolean inode, Body body) throws IOException {
    meet(call, inode, false);
    Outcome outcome = body.run();
    if (outcome == Outcome.DONE) {
      meet(call, inode, true);
    }
    return outcome;
  }

  private void meet(Call call, boolean inode, boolean after) throws IOException {
    Optional<Trap> trap;
    CountDownLatch until;
    synchronized (this) {
      trap = take(call, inode, after);
      until = open;
      if (trap.isPresent() && !trap.get().fails()) {
        held.incrementAndGet();
      }
    }
    if (trap.isEmpty()) {
      return;
    } else if (trap.get().fails()) {
      throw new IOException("injected fault " + trap.get());
    }
    try {
      until.await();
    } catch (InterruptedException interrupted) {
      throw new IOException("interrupted", interrupted);
    } finally {
      held.decrementAndGet();
    }
  }

  private Optional<Trap> take(Call call, boolean inode, boolean after) {
    for (Iterator<Trap> each = traps.iterator(); each.hasNext(); ) {
      Trap trap = each.next();
      if (trap.call() == call && trap.inodes() == inode && trap.after() == after) {
        each.remove();
        return Optional.of(trap);
      }
    }
    return Optional.empty();
  }
}

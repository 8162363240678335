package dev.kelpie.vdi;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// A store whose changing calls are steps of a disk, so that a crash point can lie between any two
/// changes of either.
final class SteppedStore implements ObjectStore {
  private final ObjectStore store;
  private final DiskFile stepper;
  private final AtomicLong steps = new AtomicLong();

  SteppedStore(ObjectStore store, Disk disk, Path file) throws IOException {
    this.store = store;
    this.stepper = disk.create(file);
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    return store.read(object, offset, into, access);
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    step();
    return store.write(object, extents, change);
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    step();
    return store.create(object, base, extents, change);
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    step();
    return store.remove(object, change);
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
    step();
    store.flush(vdi);
  }

  @Override
  public void close() throws IOException {
    store.close();
    stepper.close();
  }

  private void step() throws IOException {
    stepper.resize(steps.incrementAndGet());
  }
}

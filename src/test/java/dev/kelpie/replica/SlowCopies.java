package dev.kelpie.replica;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.CopyStore;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import dev.kelpie.testing.baton.Baton;
import dev.kelpie.testing.baton.Host;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// A machine's store as one process uses it: every call takes a while, and none happens after the
/// process has ended.
final class SlowCopies implements CopyStore {
  private static final long NANOS_MAX = 400_000;

  private final Baton baton;
  private final Host host;
  private final CopyStore store;

  SlowCopies(Baton baton, Host host, CopyStore store) {
    this.baton = baton;
    this.host = host;
    this.store = store;
  }

  private interface Call<T> {
    T run() throws IOException;
  }

  private <T> T slow(Call<T> call) throws IOException {
    pause();
    T result = call.run();
    pause();
    return result;
  }

  private void pause() throws IOException {
    try {
      host.platform().tasks().sleep(Duration.ofNanos(baton.chance().nextLong(NANOS_MAX)));
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    return slow(() -> store.read(object, offset, into, access));
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    return slow(() -> store.write(object, extents, change));
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    return slow(() -> store.create(object, base, extents, change));
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    return slow(() -> store.remove(object, change));
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) throws IOException {
    return slow(() -> store.stat(object));
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    boolean _ =
        slow(() -> {
          store.list(vdi, each);
          return true;
        });
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    boolean _ =
        slow(() -> {
          store.flush(vdi);
          return true;
        });
  }

  @Override
  public void flushAll() throws IOException {
    boolean _ =
        slow(() -> {
          store.flushAll();
          return true;
        });
  }

  @Override
  public void survey(Predicate<ObjectId> meant, Consumer<ObjectStat> each) throws IOException {
    boolean _ =
        slow(() -> {
          store.survey(meant, each);
          return true;
        });
  }

  @Override
  public Outcome replace(
      ObjectId object, List<Extent> extents, Generation generation, long pushNumber)
      throws IOException {
    return slow(() -> store.replace(object, extents, generation, pushNumber));
  }

  @Override
  public void drop(ObjectId object) throws IOException {
    boolean _ =
        slow(() -> {
          store.drop(object);
          return true;
        });
  }

  @Override
  public void close() {}
}

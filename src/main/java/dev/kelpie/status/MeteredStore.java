package dev.kelpie.status;

import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.platform.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// A store whose requests are counted. One that would have to wait is not: it is asked again.
/// Closing it does nothing, the store stays its opener's.
public final class MeteredStore implements ObjectStore {
  /// What is counted.
  private enum Kind {
    READ,
    WRITE,
    CREATE,
    REMOVE,
    FLUSH
  }

  private final ObjectStore store;
  private final Clock clock;
  private final RequestMeter<Kind> meter = new RequestMeter<>(Kind.class);

  /// In front of this store.
  public MeteredStore(ObjectStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /// The requests since the start.
  public List<RequestMeter.Reading> requests() {
    return meter.read();
  }

  /// A request to the store.
  @FunctionalInterface
  private interface Call {
    Outcome run() throws IOException;
  }

  private Outcome count(Kind kind, long bytes, Call call) throws IOException {
    long since = clock.nanos();
    Optional<Outcome> outcome = Optional.empty();
    try {
      outcome = Optional.of(call.run());
      return outcome.get();
    } finally {
      count(kind, bytes, clock.nanos() - since, outcome);
    }
  }

  /// That there is no such object is an answer like any other.
  private void count(Kind kind, long bytes, long nanos, Optional<Outcome> outcome) {
    if (outcome.isEmpty()) {
      meter.failed(kind, nanos);
      return;
    }
    switch (outcome.get()) {
      case DONE -> meter.served(kind, nanos, bytes);
      case NO_OBJECT -> meter.served(kind, nanos, 0);
      case NO_SPACE, STALE -> meter.failed(kind, nanos);
      case WOULD_WAIT -> {}
    }
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    return count(Kind.READ, into.remaining(), () -> store.read(object, offset, into, access));
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    return count(Kind.WRITE, bytes(extents), () -> store.write(object, extents, change));
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    return count(Kind.CREATE, bytes(extents), () -> store.create(object, base, extents, change));
  }

  private static long bytes(List<Extent> extents) {
    return extents.stream().mapToLong(Extent::length).sum();
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    return count(Kind.REMOVE, 0, () -> store.remove(object, change));
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
    Outcome _ =
        count(
            Kind.FLUSH,
            0,
            () -> {
              store.flush(vdi);
              return Outcome.DONE;
            });
  }

  @Override
  public void prefetch(ObjectId object, int offset, int length, Access access) throws IOException {
    store.prefetch(object, offset, length, access);
  }

  @Override
  public void close() {}
}

package dev.kelpie.replica;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.CopyStore;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// A node's store: objects of a few numbers each, that lose what was not made durable in a power
/// cut.
final class SimulatedCopies implements CopyStore {
  /// How far the numbers of an object lie from each other.
  static final int STRIDE = 32 << 10;

  static final int CELLS = 2;

  private final Map<ObjectId, Content> now = new HashMap<>();
  private final Map<ObjectId, Content> durable = new HashMap<>();

  private record Content(Version version, List<Long> cells) {
    Content with(List<Extent> extents, Version next) {
      Long[] changed = cells.toArray(Long[]::new);
      for (Extent extent : extents) {
        for (int at = 0; at < extent.length(); at += Long.BYTES) {
          int offset = extent.offset() + at;
          if (offset % STRIDE == 0) {
            changed[offset / STRIDE] = extent.bytes().getLong(extent.bytes().position() + at);
          }
        }
      }
      return new Content(next, List.of(changed));
    }
  }

  private static final Content ZEROS = new Content(Version.ABSENT, List.of(0L, 0L));

  /// The power is cut: of each object, what was not durable is lost or kept.
  void cutPower(SplittableRandom chance) {
    Map<ObjectId, Content> after = new HashMap<>(durable);
    now.forEach((object, content) -> {
      if (chance.nextBoolean()) {
        after.put(object, content);
      }
    });
    now.clear();
    now.putAll(after);
    durable.clear();
    durable.putAll(after);
  }

  /// What there is of an object, to be compared.
  String content(ObjectId object) {
    return String.valueOf(now.get(object));
  }

  /// Whether a power cut changes nothing in an object.
  boolean isDurable(ObjectId object) {
    return Objects.equals(now.get(object), durable.get(object));
  }

  boolean has(ObjectId object) {
    return now.containsKey(object);
  }

  /// The number that a power cut leaves; 0 where there is none.
  long durably(ObjectId object, int cell) {
    Content content = durable.get(object);
    return content == null ? 0 : content.cells.get(cell);
  }

  private static Version version(Change change) {
    return new Version(change.generation().value(), change.pushNumber());
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access) {
    Content content = now.get(object);
    if (content == null) {
      return Outcome.NO_OBJECT;
    }
    int start = into.position();
    while (into.hasRemaining()) {
      into.put((byte) 0);
    }
    for (int cell = 0; cell < CELLS; cell++) {
      int at = cell * STRIDE - offset;
      if (at >= 0 && at + Long.BYTES <= into.limit() - start) {
        into.putLong(start + at, content.cells.get(cell));
      }
    }
    return Outcome.DONE;
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) {
    Content content = now.get(object);
    if (content == null) {
      return Outcome.NO_OBJECT;
    }
    return put(object, content.with(extents, version(change)), change.durability());
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change) {
    return put(object, ZEROS.with(extents, version(change)), change.durability());
  }

  private Outcome put(ObjectId object, Content content, Durability durability) {
    now.put(object, content);
    if (durability == Durability.DURABLE) {
      durable.put(object, content);
    }
    return Outcome.DONE;
  }

  @Override
  public Outcome remove(ObjectId object, Change change) {
    if (change.durability() == Durability.DURABLE) {
      durable.remove(object);
    }
    return now.remove(object) == null ? Outcome.NO_OBJECT : Outcome.DONE;
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) {
    return Optional.ofNullable(now.get(object)).map(content -> stat(object, content));
  }

  private static ObjectStat stat(ObjectId object, Content content) {
    Version version = content.version;
    return new ObjectStat(object, new Generation(version.ballot()), version.count(), 0);
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) {
    now.keySet().stream().filter(object -> object.vdiBits() == vdi.value()).forEach(each);
  }

  @Override
  public void flush(VdiId vdi) {
    flushAll();
  }

  @Override
  public void flushAll() {
    durable.clear();
    durable.putAll(now);
  }

  @Override
  public void survey(Predicate<ObjectId> meant, Consumer<ObjectStat> each) {
    now.forEach((object, content) -> {
      if (meant.test(object)) {
        each.accept(stat(object, content));
      }
    });
  }

  @Override
  public Outcome replace(
      ObjectId object, List<Extent> extents, Generation generation, long pushNumber) {
    Version version = new Version(generation.value(), pushNumber);
    return put(object, ZEROS.with(extents, version), Durability.DURABLE);
  }

  @Override
  public void drop(ObjectId object) {
    now.remove(object);
    durable.remove(object);
  }

  @Override
  public void close() {}
}

package dev.kelpie.store.disk;

import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.Optional;

/// The place of one object in memory, whether the object is there or not: who changes it takes its
/// lock first.
final class Slot {
  private final ObjectId object;
  private final OpenObjects home;
  private final Locks.Mutex change;
  private volatile Content content = new Content.Unknown();

  /// How many use the slot; guarded by [OpenObjects].
  int users;

  Slot(ObjectId object, OpenObjects home, Locks locks) {
    this.object = object;
    this.home = home;
    this.change = locks.mutex();
  }

  private sealed interface Content {
    record Unknown() implements Content {}

    record Absent() implements Content {}

    record Present(ObjectFile file) implements Content {}
  }

  ObjectId object() {
    return object;
  }

  /// Held while the object is changed.
  Locks.Mutex change() {
    return change;
  }

  /// Changes the object.
  <T> T changing(Life.Call<T> call) throws IOException {
    change.lock();
    try {
      return call.make();
    } finally {
      change.unlock();
    }
  }

  /// The object, opened if need be; empty where it is not there.
  Optional<ObjectFile> file() throws IOException {
    return switch (content) {
      case Content.Present(ObjectFile file) -> Optional.of(file);
      case Content.Absent() -> Optional.empty();
      case Content.Unknown() -> load();
    };
  }

  /// Says that the object is this one now. `change` is held.
  void put(ObjectFile file) {
    Content before = content;
    content = new Content.Present(file);
    dispose(before);
  }

  /// Says that the object is not there. `change` is held.
  void clear() {
    Content before = content;
    content = new Content.Absent();
    dispose(before);
  }

  /// Gives back what is open. Nobody uses the slot any more, or the store is closing.
  void close() {
    Content before = content;
    content = new Content.Unknown();
    dispose(before);
  }

  void pin() {
    home.pin(this);
  }

  void unpin() {
    home.release(this);
  }

  private Optional<ObjectFile> load() throws IOException {
    change.lock();
    try {
      if (content instanceof Content.Unknown) {
        Optional<ObjectFile> opened = home.open(this);
        content = opened.<Content>map(Content.Present::new).orElseGet(Content.Absent::new);
      }
      return content instanceof Content.Present(ObjectFile file)
          ? Optional.of(file)
          : Optional.empty();
    } finally {
      change.unlock();
    }
  }

  private static void dispose(Content content) {
    if (content instanceof Content.Present(ObjectFile file)) {
      file.dispose();
    }
  }
}

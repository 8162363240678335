package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.platform.Locks;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.UUID;

/// Changes the set of disks of a store that is open: adds a disk, or takes one out after its
/// objects have moved to the others (docs/disk-format.md §5.1).
final class Hotplug {
  private final Platform platform;
  private final Log messages;
  private final Startup startup;
  private final Disks disks;
  private final DiskChoice choice;
  private final Locations locations;
  private final OpenObjects objects;
  private final Life life;

  /// Held by who changes the set, from the beginning to the end.
  private final Locks.Mutex changing;

  Hotplug(
      Platform platform,
      Log messages,
      Startup startup,
      Disks disks,
      DiskChoice choice,
      Locations locations,
      OpenObjects objects,
      Life life) {
    this.platform = platform;
    this.messages = messages;
    this.startup = startup;
    this.disks = disks;
    this.choice = choice;
    this.locations = locations;
    this.objects = objects;
    this.life = life;
    this.changing = platform.locks().mutex();
  }

  /// As [DiskStore#plug].
  void plug(Path directory) throws IOException {
    changing.lock();
    try {
      if (disks.in(directory).isPresent()) {
        throw new IOException(directory + " is a disk of this store already");
      }
      SequencedCollection<OneDisk> before = disks.all();
      UUID store = before.getFirst().directory().identity().store();
      int count = before.size() + 1;
      OneDisk disk =
          startup.openOne(DiskDirectory.add(platform, messages, directory, store, count));
      begin(disk, count);
    } finally {
      changing.unlock();
    }
  }

  /// The others know that there is one more before anything lies on it: a start without it must not
  /// succeed then.
  private void begin(OneDisk disk, int count) throws IOException {
    boolean done = false;
    try {
      writeCount(disks.all(), count);
      life.alone(() -> disks.add(disk));
      done = true;
    } finally {
      if (!done) {
        close(disk);
      }
    }
  }

  /// As [DiskStore#unplug].
  void unplug(Path directory) throws IOException {
    changing.lock();
    try {
      OneDisk disk =
          disks
              .in(directory)
              .orElseThrow(() -> new IOException(directory + " is not a disk of this store"));
      if (disks.all().size() == 1) {
        throw new IOException(
            directory + " is the only disk of the store: plug another one in before");
      }
      boolean done = false;
      try {
        // Alone, so that every object that goes there by an earlier choice is seen below.
        life.alone(() -> disk.leaving(true));
        moveAll(disk);
        life.alone(() -> takeOut(disk));
        done = true;
      } finally {
        if (!done) {
          disk.leaving(false);
        }
      }
      forget(disk);
    } finally {
      changing.unlock();
    }
  }

  private List<ObjectId> objectsOn(OneDisk disk) {
    int number = disks.numberOf(disk);
    List<ObjectId> found = new ArrayList<>();
    locations.forEach(_ -> true, found::add);
    found.removeIf(object -> locations.find(object) != number);
    return found;
  }

  private void moveAll(OneDisk from) throws IOException {
    List<ObjectId> all = objectsOn(from);
    if (!all.isEmpty()) {
      from.health().check();
    }
    Path directory = from.directory().path();
    messages.notice("moving " + all.size() + " objects from disk " + directory + " to the others");
    int damaged = 0;
    for (ObjectId object : all) {
      try {
        life.sharing(() -> objects.with(object, slot -> slot.changing(() -> move(slot, from))));
      } catch (ObjectDamaged _) {
        damaged++; // its report is in the log
      }
    }
    if (damaged > 0) {
      throw new IOException(
          directory
              + " keeps "
              + damaged
              + " objects that are damaged (see above) and cannot be moved: overwrite their blocks or"
              + " delete the VDIs, then unplug it again");
    }
  }

  /// @return whether the object was still there
  private boolean move(Slot slot, OneDisk from) throws IOException {
    Optional<ObjectFile> file = slot.file();
    if (file.isEmpty() || file.get().disk() != from) {
      return false;
    }
    DiskChoice.place(choice.inOrder(), disk -> write(slot, file.get(), disk))
        .orElseThrow(() ->
            new IOException(
                "the other disks cannot take what is on "
                    + from.directory().path()
                    + ": they are full"))
        .take(slot, disks, locations);
    Path old = from.pathOf(slot.object());
    from.health().runOrFail("delete " + old, () -> platform.disk().delete(old));
    from.nameChanged();
    return true;
  }

  /// The copy has the same order pair: where a crash leaves both, either will do, since each later
  /// change raises the pair.
  private Creation.Written write(Slot slot, ObjectFile file, OneDisk to) throws IOException {
    // Asked inside of the view, it would wait for who waits for the view.
    Order order = file.order();
    List<Creation.Written> written = new ArrayList<>(1);
    boolean there =
        file.view(view ->
            written.add(
                new Creation(to, slot, platform.chance().nextLong(), order, view)
                    .write(List.of())));
    if (!there) {
      throw new IllegalStateException("object " + slot.object() + " went while it had its lock");
    }
    return written.getFirst();
  }

  /// Nothing lies on it any more, and a start without it is to succeed from now on. That it is
  /// empty is durable before, lest what it had comes back with it one day.
  private void takeOut(OneDisk disk) throws IOException {
    if (!objectsOn(disk).isEmpty()) {
      throw new IOException(
          disk.directory().path() + " still holds objects of a disk that failed in between");
    }
    if (disk.health().good()) {
      disk.syncNames();
    }
    List<OneDisk> others = new ArrayList<>(disks.all());
    others.remove(disk);
    writeCount(others, others.size());
    disks.remove(disk);
  }

  private void writeCount(Collection<OneDisk> of, int count) throws IOException {
    for (OneDisk disk : of) {
      disk.health()
          .runOrFail(
              "write its identity",
              () -> disk.directory().withDisks(count).writeIdentity(platform.disk()));
    }
  }

  private void forget(OneDisk disk) {
    close(disk);
    Path directory = disk.directory().path();
    try {
      disk.directory().forget(platform.disk());
      messages.notice(
          "disk "
              + directory
              + " is no longer one of this store; do not name it at the next start");
    } catch (IOException failure) {
      messages.warn(
          "disk "
              + directory
              + " is no longer one of this store, but still says so ("
              + failure.getMessage()
              + "): empty the directory before it is used again");
    }
  }

  private void close(OneDisk disk) {
    try {
      disk.close();
    } catch (IOException failure) {
      messages.warn("closing disk " + disk.directory().path() + ": " + failure.getMessage());
    }
  }
}

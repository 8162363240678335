package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.Base;
import dev.kelpie.object.Change;
import dev.kelpie.object.CopyStore;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectDamaged;
import dev.kelpie.object.ObjectStat;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/// Keeps objects on the disks of this node. What is on disk and why a crash does no harm:
/// `docs/disk-format.md`.
///
/// Every method may throw an [IOException] that names the disk, where the object's disk is out of
/// service. Reads with [Patience#NOW] answer `WOULD_WAIT` for every object that is there, and so do
/// changes: the store cannot know what the kernel has in memory.
public final class DiskStore implements CopyStore {
  private final Log messages;
  private final Disk files;
  private final RandomGenerator chance;
  private final Disks disks;
  private final DiskChoice choice;
  private final Locations locations;
  private final Tombstones tombstones;
  private final OpenObjects objects;

  private final Life life;
  private final Hotplug hotplug;

  private DiskStore(
      Platform platform,
      Log messages,
      DiskStoreConfig config,
      Startup startup,
      Disks disks,
      Locations locations) {
    this.messages = messages;
    this.files = platform.disk();
    this.chance = platform.chance();
    this.disks = disks;
    this.locations = locations;
    this.choice = new DiskChoice(disks, chance);
    this.tombstones = new Tombstones(platform.locks());
    this.objects = new OpenObjects(platform.locks(), config.openObjectsMax(), this::open);
    this.life = new Life(platform.locks());
    this.hotplug =
        new Hotplug(platform, messages, startup, disks, choice, locations, objects, life);
  }

  /// The id of the store that directories belong to; empty where none of them is a disk of one.
  /// Changes nothing.
  ///
  /// @throws IOException where they belong to several stores, or one of them is damaged
  public static Optional<UUID> storeOf(Platform platform, List<Path> directories)
      throws IOException {
    return DiskDirectory.storeOf(platform.disk(), directories);
  }

  /// Makes the disks of one store out of existing directories. Those that are disks of it already
  /// stay as they are; so this may be called before every [#open].
  ///
  /// @throws IOException where a directory cannot be used, saying why; nothing was changed
  public static void prepare(Platform platform, Log log, List<Path> directories)
      throws IOException {
    DiskDirectory.prepare(platform, log, directories);
  }

  /// Opens a store whose directories were prepared, and repairs what a crash left.
  ///
  /// @throws IOException where one of them is missing, in use, damaged, or from another format,
  ///   naming it and the way out
  public static DiskStore open(
      Platform platform, Log log, List<Path> directories, DiskStoreConfig config)
      throws IOException {
    Startup startup = new Startup(platform, log, config);
    Disks disks = new Disks(startup.open(directories));
    Locations locations = new Locations(platform.locks());
    startup.locate(locations);
    return new DiskStore(platform, log, config, startup, disks, locations);
  }

  @Override
  public Outcome read(ObjectId object, int offset, ByteBuffer into, Access access)
      throws IOException {
    checkRange(object, offset, into.remaining());
    return life.sharing(() -> {
      if (locations.find(object) < 0) {
        return Outcome.NO_OBJECT;
      } else if (access.patience() == Patience.NOW) {
        return Outcome.WOULD_WAIT;
      }
      return objects.with(object, slot -> readFrom(slot, offset, into));
    });
  }

  @Override
  public Outcome write(ObjectId object, List<Extent> extents, Change change) throws IOException {
    Image.check(object, extents);
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    return life.sharing(() -> objects.with(object, slot -> overwrite(slot, extents, change)));
  }

  @Override
  public Outcome create(ObjectId object, Base base, List<Extent> extents, Change change)
      throws IOException {
    Image.check(object, extents);
    checkBase(object, base);
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    return life.sharing(() ->
        objects.with(object, slot -> slot.changing(() -> create(slot, base, extents, change))));
  }

  @Override
  public Outcome remove(ObjectId object, Change change) throws IOException {
    if (change.patience() == Patience.NOW) {
      return Outcome.WOULD_WAIT;
    }
    return life.sharing(
        () -> objects.with(object, slot -> slot.changing(() -> remove(slot, change)).finish()));
  }

  @Override
  public Optional<ObjectStat> stat(ObjectId object) throws IOException {
    return life.sharing(() ->
        locations.find(object) < 0 ? Optional.empty() : objects.with(object, DiskStore::statOf));
  }

  @Override
  public void list(VdiId vdi, Consumer<ObjectId> each) throws IOException {
    List<ObjectId> found =
        life.sharing(() -> {
          List<ObjectId> names = new ArrayList<>();
          locations.forEach(object -> object.vdiBits() == vdi.value(), names::add);
          return names;
        });
    found.forEach(each);
  }

  @Override
  public void survey(Predicate<ObjectId> meant, Consumer<ObjectStat> each) throws IOException {
    List<ObjectId> names = new ArrayList<>();
    locations.forEach(meant, names::add);
    for (ObjectId object : names) {
      stat(object).ifPresent(each);
    }
  }

  @Override
  public Outcome replace(
      ObjectId object, List<Extent> extents, Generation generation, long pushNumber)
      throws IOException {
    Image.check(object, extents);
    Order order = new Order(generation.value(), pushNumber);
    return life.sharing(() ->
        objects.with(
            object,
            slot ->
                slot.changing(() -> create(slot, diskOf(slot), order, Creation.ZEROS, extents))));
  }

  @Override
  public void drop(ObjectId object) throws IOException {
    life.sharing(() ->
        objects.with(
            object,
            slot ->
                slot.changing(() -> {
                  Optional<OneDisk> home = diskOf(slot);
                  if (home.isPresent()) {
                    home.get().syncNames(delete(slot, home.get()));
                  }
                  tombstones.remove(object);
                  return Outcome.DONE;
                })));
  }

  @Override
  public void flush(VdiId vdi) throws IOException {
    life.sharing(() -> {
      disks.onEach(disk -> disk.deferred().flush(vdi));
      return Outcome.DONE;
    });
  }

  @Override
  public void flushAll() throws IOException {
    life.sharing(() -> {
      disks.onEach(disk -> disk.deferred().flushAll());
      return Outcome.DONE;
    });
  }

  /// Removes all objects, durably. Their order pairs are forgotten.
  public void format() throws IOException {
    life.alone(() -> {
      objects.closeAll();
      for (OneDisk disk : disks.all()) {
        wipe(disk);
      }
      locations.clear();
      tombstones.clear();
    });
  }

  /// Adds a disk, on which new objects may lie from now on. Every later start has to name it.
  ///
  /// @param directory that exists, without links in its path, in which no objects are
  /// @throws IOException where it cannot be used, saying why
  public void plug(Path directory) throws IOException {
    hotplug.plug(directory);
  }

  /// Moves everything from a disk to the others and lets the disk go. Takes as long as copying
  /// takes; other calls go on meanwhile.
  ///
  /// @throws IOException where the disk has to stay, saying why; what was moved is on the others,
  ///   and nothing is lost
  public void unplug(Path directory) throws IOException {
    hotplug.unplug(directory);
  }

  /// Room on each disk.
  public List<DiskSpace> space() {
    return disks.all().stream().map(OneDisk::space).toList();
  }

  /// Reads every object and compares it with its checksums. Other calls go on meanwhile.
  public StoreCheck.Result check() throws IOException {
    List<ObjectId> names = new ArrayList<>();
    locations.forEach(_ -> true, names::add);
    StoreCheck check = new StoreCheck();
    for (ObjectId object : names) {
      life.sharing(() -> objects.with(object, slot -> check.add(slot)));
    }
    return check.result();
  }

  @Override
  public void close() throws IOException {
    life.end(() -> {
      disks.all().forEach(OneDisk::stop);
      try {
        disks.onEach(OneDisk::close);
      } finally {
        objects.closeAll();
      }
    });
  }

  private Optional<ObjectFile> open(Slot slot) throws IOException {
    int disk = locations.find(slot.object());
    if (disk < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(ObjectFile.open(disks.get(disk), slot));
    } catch (NoSuchFileException gone) {
      throw new IOException("object " + slot.object() + " is gone from its disk: " + gone, gone);
    }
  }

  private static Outcome readFrom(Slot slot, int offset, ByteBuffer into) throws IOException {
    Optional<ObjectFile> file = slot.file();
    while (file.isPresent()) {
      if (file.get().read(offset, into)) {
        return Outcome.DONE;
      }
      file = slot.file();
    }
    return Outcome.NO_OBJECT;
  }

  private Outcome overwrite(Slot slot, List<Extent> extents, Change change) throws IOException {
    try {
      return slot.changing(() -> beginOverwrite(slot, extents, change)).finish();
    } catch (Disk.NoSpace full) {
      diskOf(slot).ifPresent(disk -> disk.noteFull(full));
      return Outcome.NO_SPACE;
    }
  }

  private static Overwrite.Pending beginOverwrite(Slot slot, List<Extent> extents, Change change)
      throws IOException {
    Optional<ObjectFile> file = slot.file();
    if (file.isEmpty()) {
      return () -> Outcome.NO_OBJECT;
    }
    file.get().disk().relieve();
    return Overwrite.begin(file.get(), extents, change);
  }

  private Outcome create(Slot slot, Base base, List<Extent> extents, Change change)
      throws IOException {
    Optional<OneDisk> home = diskOf(slot);
    Optional<Order> order = orderOf(slot, home).after(change);
    if (order.isEmpty()) {
      return Outcome.STALE;
    }
    return switch (base) {
      case Base.Zeros() -> create(slot, home, order.get(), Creation.ZEROS, extents);
      case Base.CopyOf(ObjectId parent) ->
          objects.with(parent, from -> copy(from, slot, home, order.get(), extents));
    };
  }

  private Outcome copy(
      Slot parent, Slot slot, Optional<OneDisk> home, Order order, List<Extent> extents)
      throws IOException {
    Optional<ObjectFile> file = parent.file();
    Outcome[] outcome = {Outcome.NO_OBJECT};
    while (file.isPresent()
        && !file.get().view(view -> outcome[0] = create(slot, home, order, view, extents))) {
      file = parent.file();
    }
    return outcome[0];
  }

  private Outcome create(
      Slot slot, Optional<OneDisk> home, Order order, ObjectFile.View parent, List<Extent> extents)
      throws IOException {
    Optional<Placed> placed =
        DiskChoice.place(
            home.isPresent() ? List.of(home.get()) : choice.inOrder(),
            disk -> {
              disk.health().check();
              syncRemovalsElsewhere(disk);
              return new Creation(disk, slot, chance.nextLong(), order, parent).write(extents);
            });
    if (placed.isEmpty()) {
      return Outcome.NO_SPACE;
    }
    placed.get().take(slot, disks, locations);
    tombstones.remove(slot.object());
    return Outcome.DONE;
  }

  /// An object that was removed from another disk must not come back beside the new one.
  private void syncRemovalsElsewhere(OneDisk disk) throws IOException {
    for (OneDisk other : disks.all()) {
      if (other != disk && other.health().good()) {
        other.syncNames();
      }
    }
  }

  private Overwrite.Pending remove(Slot slot, Change change) throws IOException {
    Optional<OneDisk> home = diskOf(slot);
    if (home.isEmpty()) {
      return () -> Outcome.NO_OBJECT;
    }
    Optional<Order> order = orderOf(slot, home).after(change);
    if (order.isEmpty()) {
      return () -> Outcome.STALE;
    }
    OneDisk disk = home.get();
    long number = delete(slot, disk);
    tombstones.put(slot.object(), order.get());
    return () -> {
      if (change.durability() == Durability.DURABLE) {
        disk.syncNames(number);
      } else {
        disk.deferred().named(change.vdi(), number);
      }
      return Outcome.DONE;
    };
  }

  /// @return the change of names that makes it durable
  private long delete(Slot slot, OneDisk disk) throws IOException {
    disk.health().runOrFail("delete", () -> files.delete(disk.pathOf(slot.object())));
    long number = disk.nameChanged();
    slot.clear();
    locations.remove(slot.object());
    disk.spaceFreed();
    return number;
  }

  private static Optional<ObjectStat> statOf(Slot slot) throws IOException {
    Optional<ObjectFile> file = slot.file();
    while (file.isPresent()) {
      Optional<ObjectStat> stat = file.get().stat();
      if (stat.isPresent()) {
        return stat;
      }
      file = slot.file(); // it was replaced, or moved to another disk
    }
    return Optional.empty();
  }

  /// The disk of an object that is there.
  private Optional<OneDisk> diskOf(Slot slot) throws IOException {
    int disk = locations.find(slot.object());
    if (disk < 0) {
      return Optional.empty();
    }
    disks.get(disk).health().check();
    return Optional.of(disks.get(disk));
  }

  /// The pair that a change must exceed. An object whose header is damaged has none: it may be
  /// replaced or removed by anybody.
  private Order orderOf(Slot slot, Optional<OneDisk> home) throws IOException {
    if (home.isEmpty()) {
      return tombstones.of(slot.object());
    }
    try {
      return slot.file().map(ObjectFile::order).orElse(Order.NONE);
    } catch (ObjectDamaged damaged) {
      messages.notice(slot.object() + " is replaced or removed: " + damaged.getMessage());
      return Order.NONE;
    }
  }

  private void wipe(OneDisk disk) throws IOException {
    disk.health().check();
    disk.log().empty();
    Path directory = disk.directory().objects();
    for (String name : files.list(directory)) {
      disk.health().runOrFail("delete " + name, () -> files.delete(directory.resolve(name)));
    }
    disk.syncNames(disk.nameChanged());
    disk.spaceFreed();
  }

  private static void checkRange(ObjectId object, int offset, int length) {
    if (offset < 0 || length > object.size() - offset) {
      throw new IllegalArgumentException(
          length + " bytes at " + offset + " are outside of object " + object);
    }
  }

  private static void checkBase(ObjectId object, Base base) {
    if (base instanceof Base.CopyOf(ObjectId parent) && parent.size() != object.size()) {
      throw new IllegalArgumentException(
          "object " + object + " cannot be a copy of " + parent + ", which has another size");
    }
  }
}

package dev.kelpie.testing;

import dev.kelpie.testing.MemoryNode.Directory;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/// The names of a [MemoryDisk], live and durable apart, and the changes between them in order.
///
/// A change that becomes durable takes along every earlier one of the same name or the same file:
/// no file system undoes a name's past and keeps its present.
///
/// Guarded by the disk's lock.
final class MemoryTree {
  private final Directory root;
  private final List<NameChange> pending = new ArrayList<>();

  MemoryTree() {
    this(new Directory());
  }

  private MemoryTree(Directory root) {
    this.root = root;
  }

  /// A name comes to stand for a node, or stops to; a rename does both at once.
  private record NameChange(MemoryNode node, Optional<Name> gone, Optional<Name> come) {
    boolean touches(Directory directory) {
      return gone.filter(n -> n.in == directory).isPresent()
          || come.filter(n -> n.in == directory).isPresent();
    }

    void apply() {
      gone.ifPresent(name -> name.in.durable.remove(name.name));
      come.ifPresent(name -> name.in.durable.put(name.name, node));
    }
  }

  private record Name(Directory in, String name) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Name that && that.in == in && that.name.equals(name);
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(in) * 31 + name.hashCode();
    }
  }

  Optional<MemoryNode> find(Path path) {
    MemoryNode node = root;
    for (Path part : path) {
      if (!(node instanceof Directory directory)) {
        return Optional.empty();
      }
      Optional<MemoryNode> next = Optional.ofNullable(directory.live.get(part.toString()));
      if (next.isEmpty()) {
        return Optional.empty();
      }
      node = next.get();
    }
    return Optional.of(node);
  }

  Directory directory(Path path) throws NoSuchFileException, NotDirectoryException {
    return switch (find(path).orElseThrow(() -> new NoSuchFileException(path.toString()))) {
      case Directory directory -> directory;
      case MemoryNode.File _ -> throw new NotDirectoryException(path.toString());
    };
  }

  void add(Path path, MemoryNode node)
      throws FileAlreadyExistsException, NoSuchFileException, NotDirectoryException {
    Name name = name(path);
    if (name.in.live.putIfAbsent(name.name, node) != null) {
      throw new FileAlreadyExistsException(path.toString());
    }
    pending.add(new NameChange(node, Optional.empty(), Optional.of(name)));
  }

  /// Changes a name and returns what the new name stood for before.
  Optional<MemoryNode> rename(Path from, Path to)
      throws NoSuchFileException, NotDirectoryException {
    MemoryNode node = find(from).orElseThrow(() -> new NoSuchFileException(from.toString()));
    Name oldName = name(from);
    Name newName = name(to);
    oldName.in.live.remove(oldName.name);
    Optional<MemoryNode> replaced = Optional.ofNullable(newName.in.live.put(newName.name, node));
    pending.add(new NameChange(node, Optional.of(oldName), Optional.of(newName)));
    return replaced.filter(other -> other != node);
  }

  void remove(Path path, MemoryNode node) throws NoSuchFileException, NotDirectoryException {
    Name name = name(path);
    name.in.live.remove(name.name);
    pending.add(new NameChange(node, Optional.of(name), Optional.empty()));
  }

  void sync(Directory directory) {
    makeDurable(change -> change.touches(directory));
  }

  void syncAll() {
    makeDurable(_ -> true);
  }

  /// The file system commits some changes by itself, as it may at any time.
  void writeBackSome(RandomGenerator chance) {
    makeDurable(_ -> chance.nextInt(4) == 0);
  }

  /// The power went: the live names become the durable ones and what is kept of the rest.
  void powerCut(Keep keep, RandomGenerator chance) {
    switch (keep) {
      case NOTHING -> {}
      case EVERYTHING -> syncAll();
      case RANDOM -> makeDurable(_ -> chance.nextBoolean());
    }
    pending.clear();
    forEach(
        root,
        directory -> {
          directory.live.clear();
          directory.live.putAll(directory.durable);
        });
  }

  /// All files that live names stand for.
  List<MemoryNode.File> files() {
    List<MemoryNode.File> files = new ArrayList<>();
    forEach(
        root,
        directory ->
            directory.live.values().stream()
                .filter(MemoryNode.File.class::isInstance)
                .map(MemoryNode.File.class::cast)
                .forEach(files::add));
    return files;
  }

  /// A copy that shares nothing.
  ///
  /// @param mounts gives the copy's mount for the original's
  MemoryTree copy(UnaryOperator<MemoryMount> mounts) {
    Copier copier = new Copier(mounts, new HashMap<>());
    MemoryTree copy = new MemoryTree(copier.directory(root));
    pending.forEach(change -> copy.pending.add(copier.change(change)));
    return copy;
  }

  /// Copies each node once, however many names it has.
  private record Copier(UnaryOperator<MemoryMount> mounts, Map<MemoryNode, MemoryNode> done) {
    NameChange change(NameChange change) {
      return new NameChange(
          node(change.node), change.gone.map(this::name), change.come.map(this::name));
    }

    Name name(Name name) {
      return new Name(directory(name.in), name.name);
    }

    Directory directory(Directory directory) {
      return (Directory) node(directory);
    }

    MemoryNode node(MemoryNode node) {
      MemoryNode known = done.get(node);
      if (known != null) {
        return known;
      }
      return switch (node) {
        case MemoryNode.File file -> newFile(file);
        case Directory directory -> newDirectory(directory);
      };
    }

    private MemoryNode newFile(MemoryNode.File file) {
      MemoryMount mount = mounts.apply(file.content.mount());
      MemoryNode.File copy = new MemoryNode.File(file.path, file.content.copy(mount));
      copy.deleted = file.deleted;
      done.put(file, copy);
      return copy;
    }

    private MemoryNode newDirectory(Directory directory) {
      Directory copy = new Directory();
      done.put(directory, copy);
      copy.owner = directory.owner;
      copy.mode = directory.mode;
      directory.live.forEach((name, node) -> copy.live.put(name, node(node)));
      directory.durable.forEach((name, node) -> copy.durable.put(name, node(node)));
      return copy;
    }
  }

  private void makeDurable(Predicate<NameChange> chosen) {
    Set<MemoryNode> touched = new HashSet<>();
    Set<Name> names = new HashSet<>();
    List<NameChange> durable = new ArrayList<>();
    for (NameChange change : pending.reversed()) {
      boolean needed =
          touched.contains(change.node)
              || change.gone.filter(names::contains).isPresent()
              || change.come.filter(names::contains).isPresent();
      if (needed || chosen.test(change)) {
        durable.add(change);
        touched.add(change.node);
        change.gone.ifPresent(names::add);
        change.come.ifPresent(names::add);
      }
    }
    durable.reversed().forEach(NameChange::apply);
    Set<NameChange> done = Collections.newSetFromMap(new IdentityHashMap<>());
    done.addAll(durable);
    pending.removeIf(done::contains);
  }

  private static void forEach(Directory directory, Consumer<Directory> each) {
    each.accept(directory);
    directory.live.values().stream()
        .filter(Directory.class::isInstance)
        .forEach(child -> forEach((Directory) child, each));
  }

  private Name name(Path path) throws NoSuchFileException, NotDirectoryException {
    Path parent = path.getParent();
    Path last = path.getFileName();
    if (parent == null || last == null) {
      throw new NoSuchFileException(path.toString());
    }
    return new Name(directory(parent), last.toString());
  }
}

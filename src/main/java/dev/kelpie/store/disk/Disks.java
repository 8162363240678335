package dev.kelpie.store.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.TreeMap;

/// The disks of a store, each with a number for as long as it belongs to the store. Which they are
/// changes only while no call is in progress ([Life#alone]), so that a call may look twice.
final class Disks {
  /// Replaced as a whole.
  private volatile SequencedMap<Integer, OneDisk> byNumber;

  /// Numbers them in the order given, from 0.
  Disks(List<OneDisk> disks) {
    SequencedMap<Integer, OneDisk> numbered = new TreeMap<>();
    for (OneDisk disk : disks) {
      numbered.put(numbered.size(), disk);
    }
    this.byNumber = numbered;
  }

  /// Does something with a disk.
  @FunctionalInterface
  interface Action {
    void on(OneDisk disk) throws IOException;
  }

  /// All of them, the lowest number first.
  SequencedCollection<OneDisk> all() {
    return Collections.unmodifiableSequencedCollection(byNumber.sequencedValues());
  }

  /// @throws IllegalArgumentException where no disk has the number
  OneDisk get(int number) {
    OneDisk disk = byNumber.get(number);
    if (disk == null) {
      throw new IllegalArgumentException("no disk has the number " + number);
    }
    return disk;
  }

  /// The number of a disk of the store.
  int numberOf(OneDisk disk) {
    return byNumber.entrySet().stream()
        .filter(entry -> entry.getValue() == disk)
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  /// The disk in a directory.
  Optional<OneDisk> in(Path directory) {
    return byNumber.values().stream()
        .filter(disk -> disk.directory().path().equals(directory))
        .findFirst();
  }

  /// Gives a disk the lowest number that is free.
  void add(OneDisk disk) {
    SequencedMap<Integer, OneDisk> more = new TreeMap<>(byNumber);
    int number = 0;
    while (more.containsKey(number)) {
      number++;
    }
    more.put(number, disk);
    byNumber = more;
  }

  /// Takes a disk out, on which no object is left.
  void remove(OneDisk disk) {
    SequencedMap<Integer, OneDisk> fewer = new TreeMap<>(byNumber);
    fewer.values().remove(disk);
    byNumber = fewer;
  }

  /// Does something with every disk, also where it failed with one of them.
  void onEach(Action action) throws IOException {
    Optional<IOException> failure = Optional.empty();
    for (OneDisk disk : all()) {
      try {
        action.on(disk);
      } catch (IOException cause) {
        failure.ifPresent(cause::addSuppressed);
        failure = Optional.of(cause);
      }
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
  }
}

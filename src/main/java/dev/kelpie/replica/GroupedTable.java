package dev.kelpie.replica;

import dev.kelpie.platform.Locks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A [SlotBook] whose commits are made together: while one is on its way, others gather, and all of
/// them are the next one. When many slots are recovered that takes a small part of the time.
public final class GroupedTable implements SlotTable {
  private final SlotBook book;
  private final Locks.Mutex mutex;
  private final Locks.Signal made;

  // Guarded by the mutex.
  private List<Waiting> gathered = new ArrayList<>();
  private boolean committing;

  /// Somebody who waits for a commit.
  private static final class Waiting {
    final SlotChange change;
    boolean over;
    boolean done;
    Optional<IOException> failure = Optional.empty();

    Waiting(SlotChange change) {
      this.change = change;
    }
  }

  public GroupedTable(SlotBook book, Locks locks) {
    this.book = book;
    this.mutex = locks.mutex();
    this.made = mutex.signal();
  }

  @Override
  public boolean commit(int slot, SlotConfig before, SlotConfig after, Optional<Proven> proven)
      throws IOException {
    Waiting mine = new Waiting(new SlotChange(slot, before, after, proven));
    List<Waiting> together = gather(mine);
    if (!together.isEmpty()) {
      make(together);
    }
    if (mine.failure.isPresent()) {
      throw mine.failure.get();
    }
    return mine.done;
  }

  /// @return those whose commit is to be made now; empty where somebody else has made it
  private List<Waiting> gather(Waiting mine) {
    mutex.lock();
    try {
      gathered.add(mine);
      while (committing && !mine.over) {
        made.await();
      }
      if (mine.over) {
        return List.of();
      }
      committing = true;
      List<Waiting> all = gathered;
      gathered = new ArrayList<>();
      return all;
    } finally {
      mutex.unlock();
    }
  }

  /// One slot is changed once in a commit; who wants to change it again is too late.
  private void make(List<Waiting> together) {
    Map<Integer, Waiting> bySlot = new HashMap<>();
    together.forEach(one -> bySlot.putIfAbsent(one.change.slot(), one));
    try {
      List<SlotChange> done = book.commit(bySlot.values().stream().map(one -> one.change).toList());
      bySlot.values().forEach(one -> one.done = done.contains(one.change));
    } catch (IOException e) {
      together.forEach(one -> one.failure = Optional.of(e));
    } finally {
      mutex.lock();
      try {
        together.forEach(one -> one.over = true);
        committing = false;
        made.wakeAll();
      } finally {
        mutex.unlock();
      }
    }
  }

  @Override
  public Optional<SlotConfig> of(int slot) {
    return book.of(slot);
  }

  @Override
  public Optional<SlotConfig> look(int slot) throws IOException {
    return book.look(slot);
  }

  @Override
  public List<String> holders(int slot) {
    return book.holders(slot);
  }

  @Override
  public SlotRules rules() {
    return book.rules();
  }

  @Override
  public OptionalLong life(String node) {
    return book.life(node);
  }

  @Override
  public SlotRules.Nodes nodes() {
    return book.nodes();
  }

  @Override
  public boolean isIn() {
    return book.isIn();
  }

  @Override
  public boolean mayServe() {
    return book.mayServe();
  }
}

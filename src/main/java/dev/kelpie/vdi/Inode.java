package dev.kelpie.vdi;

import dev.kelpie.model.Generation;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Access;
import dev.kelpie.object.CacheMode;
import dev.kelpie.object.Change;
import dev.kelpie.object.Durability;
import dev.kelpie.object.Extent;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.Outcome;
import dev.kelpie.object.Patience;
import dev.kelpie.platform.Locks;
import dev.kelpie.vdi.ClientObjects.ReadOnlyVdi;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// A VDI's metadata in memory, shared by everybody on this node who uses the VDI; there is one for
/// each id ([Inodes]). The fields are here whole, the object map in pages that are loaded when they
/// are needed. Memory follows the store: a change is written first and seen after the answer.
///
/// What a writer does:
///
/// * It enters the [#gate] shared and asks [#checkWritable] inside; a snapshot has the gate alone,
///   and afterwards the VDI is frozen.
/// * To change an entry, or whether the object that it names exists, it holds [#lockEntries] from
///   before it looks at the entry until after it has written it.
///
/// Order of locks: gate, entries, then those inside this class.
public final class Inode {
  /// What [#entryAtHand] says where the entry is not in memory.
  public static final int UNKNOWN = -1;

  /// How many entries [#putEntries] takes at most: one run inside a page.
  public static final int RUN_MAX = MapPage.ENTRIES;

  private static final int PAGES = InodeLayout.ENTRY_COUNT / MapPage.ENTRIES;

  private final VdiId vdi;
  private final ObjectId object;
  private final Generation generation;
  private final Access access;
  private final ObjectStore objects;
  private final PageBudget budget;
  private final Drops drops;
  private final Locks.Gate gate;
  private final IndexLocks indexLocks;
  private final Locks.Mutex loading;
  private final InodeFields fields;
  private final LossWatch lossWatch;
  private final AtomicReferenceArray<MapPage> pages = new AtomicReferenceArray<>(PAGES);
  private final NavigableSet<Integer> doubtful = new ConcurrentSkipListSet<>();
  private final AtomicLong tickets = new AtomicLong();
  private final AtomicLong durableTicket = new AtomicLong();

  /// Whether what an earlier process has left in the object cache is durable, which nobody knows
  /// before the first flush.
  private volatile boolean inheritedIsDurable;

  private volatile Standing standing;
  private volatile CacheMode cacheMode = CacheMode.WRITEBACK;

  /// What writers may do.
  enum Standing {
    WORKING,
    FROZEN,
    DELETED,
    /// Another node has taken the lease: what is known here does not count any more.
    LOST,
    /// Nobody knows whether the VDI was just frozen or deleted, so nothing can be promised about a
    /// write until the records have been read again.
    IN_DOUBT
  }

  /// Told of each entry that named an object of another VDI and does not any more.
  interface Drops {
    void dropped(int owner, int index);
  }

  /// What inodes are made with, the same for all of a node.
  ///
  /// @param losses how often acknowledged writes of a VDI were lost so far
  record Context(
      ObjectStore objects,
      Locks locks,
      PageBudget budget,
      Drops drops,
      ToIntFunction<VdiId> losses) {
    /// Watches a VDI from now on, which is before its inode's fields are read.
    LossWatch watch(VdiId vdi) {
      return new LossWatch(locks, () -> losses.applyAsInt(vdi));
    }
  }

  /// @param fields the first [InodeLayout#FIELDS_END] bytes of the inode
  /// @param lossWatch begun before the fields were read
  Inode(
      Context context,
      VdiId vdi,
      Generation generation,
      byte[] fields,
      Standing standing,
      LossWatch lossWatch) {
    this.vdi = vdi;
    this.object = ObjectId.inode(vdi);
    this.generation = generation;
    this.access = new Access(vdi, generation, CacheMode.WRITEBACK, Patience.WAIT);
    this.objects = context.objects();
    this.budget = context.budget();
    this.drops = context.drops();
    this.gate = context.locks().gate();
    this.indexLocks = new IndexLocks(context.locks());
    this.loading = context.locks().mutex();
    this.fields = new InodeFields(context.locks(), fields);
    this.lossWatch = lossWatch;
    this.standing = standing;
  }

  public VdiId vdi() {
    return vdi;
  }

  /// The generation of this node's lease, for every request on behalf of the VDI.
  public Generation generation() {
    return generation;
  }

  /// The size of the VDI in bytes.
  public long size() {
    return fields.size();
  }

  /// The mode of clients that choose none. Changed with the gate had alone, so that it holds still
  /// inside the gate.
  public CacheMode cacheMode() {
    return cacheMode;
  }

  void cacheMode(CacheMode mode) {
    cacheMode = mode;
  }

  /// Whether the VDI was frozen by a snapshot.
  public boolean frozen() {
    return standing == Standing.FROZEN;
  }

  /// Entered shared by each writer, and alone by who freezes or deletes the VDI.
  public Locks.Gate gate() {
    return gate;
  }

  /// Refuses a write to a VDI that must not change, and brings back what of the inode was lost with
  /// the object cache, on which the write relies. Asked inside the gate, and with no entry locked.
  public void checkWritable() throws IOException {
    switch (standing) {
      case WORKING -> lossWatch.settle(this::restore);
      case FROZEN -> throw new ReadOnlyVdi(vdi);
      case DELETED -> throw new IOException("VDI " + vdi + " was deleted");
      case LOST -> throw leaseLost();
      case IN_DOUBT ->
          throw new IOException(
              "it is not known whether VDI "
                  + vdi
                  + " was frozen or deleted when the records failed; restart sheep");
    }
  }

  /// Waits until nobody else changes these entries, and keeps others from it.
  public void lockEntries(int first, int count) {
    indexLocks.lock(first, count);
  }

  public void unlockEntries(int first, int count) {
    indexLocks.unlock(first, count);
  }

  /// The id of the VDI that owns data object `index`, 0 for a hole.
  public int entry(int index) throws IOException {
    int entry = page(index / MapPage.ENTRIES).entry(index % MapPage.ENTRIES);
    return entry != UNKNOWN ? entry : storedEntry(index);
  }

  /// The entry if that needs no wait, otherwise [#UNKNOWN].
  public int entryAtHand(int index) {
    MapPage page = pages.get(index / MapPage.ENTRIES);
    return page == null ? UNKNOWN : page.entry(index % MapPage.ENTRIES);
  }

  /// The entry, for a task that holds its lock and is about to write. After a write of the entry
  /// failed, nobody knows which value a crash would leave; so the one that is there is written
  /// again first.
  public int entryToChange(int index) throws IOException {
    int entry = page(index / MapPage.ENTRIES).entry(index % MapPage.ENTRIES);
    if (entry != UNKNOWN) {
      return entry;
    }
    int stored = storedEntry(index);
    putEntries(index, new int[] {stored}, CacheMode.WRITETHROUGH, Durability.DURABLE);
    return stored;
  }

  /// The id of the data object that a non-zero entry names.
  public ObjectId object(int index, int entry) {
    MapPage page = pages.get(index / MapPage.ENTRIES);
    return page == null
        ? ObjectId.data(new VdiId(entry), index)
        : page.object(index % MapPage.ENTRIES, index, entry);
  }

  /// Writes entries of one page, in one write to the store. The caller holds their locks, and every
  /// object that they name exists.
  public void putEntries(int first, int[] values, CacheMode mode, Durability durability)
      throws IOException {
    int slot = first % MapPage.ENTRIES;
    MapPage page = pinned(first / MapPage.ENTRIES);
    try {
      int[] before = new int[values.length];
      Arrays.setAll(before, i -> page.entry(slot + i));
      writeEntries(page, first, values, Change.of(vdi, generation, mode, durability));
      noteDurability(page, slot, values.length, durability);
      for (int i = 0; i < values.length; i++) {
        page.set(slot + i, values[i]);
        doubtful.remove(first + i);
      }
      tellDrops(first, before, values);
    } finally {
      page.unpin();
    }
  }

  /// Makes an entry durable that is not, in a given mode: its object is.
  public void makeEntryDurable(int index, CacheMode mode) throws IOException {
    if (!inheritedIsDurable) {
      flushInGate();
    }
    if (!isDeferred(index)) {
      return;
    }
    lockEntries(index, 1);
    try {
      if (isDeferred(index)) {
        putEntries(index, new int[] {entryToChange(index)}, mode, Durability.DURABLE);
      }
    } finally {
      unlockEntries(index, 1);
    }
  }

  /// Makes everything durable that was answered before the call. Called outside the gate and with
  /// no entry locked.
  public void flush() throws IOException {
    flush(this::settleLoss);
  }

  /// The same, for who is inside the gate.
  public void flushInGate() throws IOException {
    flush(this::settleLossInGate);
  }

  private void flush(LossWatch.Restoration settlement) throws IOException {
    long given = tickets.get();
    objects.flush(vdi);
    settlement.run();
    inheritedIsDurable = true;
    durableTicket.accumulateAndGet(given, Math::max);
  }

  /// Writes again what of the inode was lost with the object cache: memory still has it, and what
  /// is written to the disk relies on that. The pages in memory are compared with the store's, so
  /// that only what differs is written.
  private void restore() throws IOException {
    for (int number = 0; number < PAGES; number++) {
      MapPage page = loaded(number);
      if (page == null) {
        continue;
      }
      MapPage stored = storedPage(number);
      for (int slot = 0; slot < MapPage.ENTRIES; slot++) {
        if (page.entry(slot) != stored.entry(slot)) {
          restoreEntry(number * MapPage.ENTRIES + slot);
        }
      }
    }
    putFields(known -> known, CacheMode.WRITETHROUGH, Durability.DURABLE);
  }

  /// A page if it is in memory. One that is being loaded may be made of what was there before a
  /// loss, so that this waits for it.
  private @Nullable MapPage loaded(int number) {
    loading.lock();
    try {
      return pages.get(number);
    } finally {
      loading.unlock();
    }
  }

  /// An entry whose object was lost as well goes back to what the store has.
  private void restoreEntry(int index) throws IOException {
    lockEntries(index, 1);
    try {
      int known = entryToChange(index);
      int stored = storedEntry(index);
      if (known != stored) {
        boolean kept = known == 0 || objects.stat(object(index, known)).isPresent();
        int[] entry = {kept ? known : stored};
        putEntries(index, entry, CacheMode.WRITETHROUGH, Durability.DURABLE);
      }
    } finally {
      unlockEntries(index, 1);
    }
  }

  /// Brings back what of the inode was lost with the object cache, if anything was and the VDI is
  /// still the working one. Called outside the gate and with no entry locked.
  public void settleLoss() throws IOException {
    if (isBehindLoss()) {
      gate.enterShared();
      try {
        settleLossInGate();
      } finally {
        gate.leaveShared();
      }
    }
  }

  /// The same, for who is inside the gate.
  public void settleLossInGate() throws IOException {
    if (standing == Standing.WORKING) {
      lossWatch.settle(this::restore);
    }
  }

  /// Whether something of the inode was lost and is to be brought back, for who must not wait.
  public boolean isBehindLoss() {
    return standing == Standing.WORKING && lossWatch.isBehind();
  }

  // For this room.

  ObjectId id() {
    return object;
  }

  /// Another node has taken the lease.
  void lose() {
    standing = Standing.LOST;
    for (int number = 0; number < PAGES; number++) {
      pages.set(number, null);
    }
  }

  private IOException leaseLost() {
    return new IOException(
        "another node has taken VDI " + vdi + " over, for which this one was dead; detach it here");
  }

  /// Whether nobody needs the inode any more once it is not in use.
  boolean isOver() {
    return standing == Standing.DELETED || standing == Standing.LOST;
  }

  InodeHeader header() {
    return fields.header();
  }

  Standing standing() {
    return standing;
  }

  void standing(Standing now) {
    standing = now;
  }

  /// Changes the fields, one change after the other. The size and the tag are durable in the store
  /// before they are seen, whatever the mode: nodes without the lease read them there.
  ///
  /// @param edit makes the new fields from the old ones
  void putFields(InodeFields.Edit edit, CacheMode mode, Durability durability) throws IOException {
    Change asked = Change.of(vdi, generation, mode, durability);
    Change through = Change.of(vdi, generation, CacheMode.WRITETHROUGH, Durability.DURABLE);
    InodeHeader before = fields.header();
    fields.put(
        edit,
        durability == Durability.DURABLE,
        edited -> {
          InodeHeader after = InodeHeader.decode(edited);
          boolean shown = after.size() != before.size() || !after.tag().equals(before.tag());
          write(new Extent(0, ByteBuffer.wrap(edited)), shown ? through : asked);
        });
  }

  /// Writes bytes that have no meaning here: the unused part of the header and the references.
  void putOther(int offset, ByteBuffer from, CacheMode mode, Durability durability)
      throws IOException {
    write(new Extent(offset, from), Change.of(vdi, generation, mode, durability));
  }

  /// Whether something was written that [#flush] has not made durable.
  boolean hasDeferred() {
    return tickets.get() > durableTicket.get();
  }

  /// The same, or by a process that ended before.
  boolean mayHaveDeferred() {
    return hasDeferred() || !inheritedIsDurable;
  }

  /// Whether memory knows what the store cannot tell, so that the inode must not leave it.
  boolean mustStay() {
    return hasDeferred()
        || !doubtful.isEmpty()
        || fields.inDoubt()
        || standing == Standing.IN_DOUBT;
  }

  private boolean isDeferred(int index) {
    MapPage page = pages.get(index / MapPage.ENTRIES);
    return page != null && page.isDeferred(index % MapPage.ENTRIES, durableTicket.get());
  }

  /// Writes again all entries of which nobody knows what a crash would leave.
  void settle() throws IOException {
    for (int index : doubtful) {
      lockEntries(index, 1);
      try {
        entryToChange(index);
      } finally {
        unlockEntries(index, 1);
      }
    }
  }

  /// The entries of a page as readers see them, without keeping the page in memory. In doubt are
  /// [#UNKNOWN].
  int[] peek(int number) throws IOException {
    loading.lock();
    try {
      MapPage page = pages.get(number);
      MapPage seen = page != null ? page : storedPage(number);
      int[] entries = new int[MapPage.ENTRIES];
      Arrays.setAll(entries, seen::entry);
      return entries;
    } finally {
      loading.unlock();
    }
  }

  /// Lets a page go, if it may. Called by the budget.
  boolean evict(int number, MapPage page) {
    if (!page.evict(durableTicket.get())) {
      return false;
    }
    pages.compareAndSet(number, page, null);
    return true;
  }

  private MapPage pinned(int number) throws IOException {
    MapPage page = page(number);
    while (!page.pin()) {
      page = page(number);
    }
    return page;
  }

  private MapPage page(int number) throws IOException {
    MapPage page = pages.get(number);
    return page != null ? page : load(number);
  }

  /// Loads go one at a time, so that no page is made of bytes that were read before another one of
  /// the same number was there, changed and gone.
  private MapPage load(int number) throws IOException {
    loading.lock();
    try {
      MapPage page = pages.get(number);
      if (page == null) {
        page = storedPage(number);
        pages.set(number, page);
        budget.loaded(this, number, page);
      }
      if (standing == Standing.LOST) {
        pages.set(number, null);
        throw leaseLost();
      }
      return page;
    } finally {
      loading.unlock();
    }
  }

  /// A page as it is stored. What is in doubt stays so, however often its page leaves memory: the
  /// store has an answer, but may have another one after a power cut.
  private MapPage storedPage(int number) throws IOException {
    byte[] bytes = new byte[MapPage.SIZE];
    int first = number * MapPage.ENTRIES;
    read(InodeLayout.entry(first), ByteBuffer.wrap(bytes));
    MapPage page = new MapPage(bytes);
    for (int index : doubtful.subSet(first, first + MapPage.ENTRIES)) {
      page.set(index - first, UNKNOWN);
    }
    return page;
  }

  private int storedEntry(int index) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(InodeLayout.ENTRY_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    read(InodeLayout.entry(index), bytes);
    return bytes.getInt(0);
  }

  private void read(int offset, ByteBuffer into) throws IOException {
    Outcome outcome = objects.read(object, offset, into, access);
    if (outcome != Outcome.DONE) {
      throw new IOException("the inode of VDI " + vdi + " cannot be read: " + outcome);
    }
  }

  private void writeEntries(MapPage page, int first, int[] values, Change change)
      throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * InodeLayout.ENTRY_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    boolean written = false;
    try {
      write(new Extent(InodeLayout.entry(first), bytes.flip()), change);
      written = true;
    } finally {
      if (!written) {
        doubt(page, first, values.length);
      }
    }
  }

  private void doubt(MapPage page, int first, int count) {
    for (int i = 0; i < count; i++) {
      doubtful.add(first + i);
      page.set((first + i) % MapPage.ENTRIES, UNKNOWN);
    }
  }

  private void write(Extent extent, Change change) throws IOException {
    Outcome outcome = objects.write(object, List.of(extent), change);
    if (outcome != Outcome.DONE) {
      throw new IOException("the inode of VDI " + vdi + " cannot be written: " + outcome);
    }
  }

  /// Goes before the entries are seen: who finds one must also find that it is not durable.
  private void noteDurability(MapPage page, int slot, int count, Durability durability) {
    page.flushed(durableTicket.get());
    switch (durability) {
      case DEFERRED -> page.deferred(slot, count, tickets.incrementAndGet());
      case DURABLE -> page.durable(slot, count);
    }
  }

  private void tellDrops(int first, int[] before, int[] after) {
    for (int i = 0; i < before.length; i++) {
      if (before[i] != after[i] && before[i] > 0 && before[i] != vdi.value()) {
        drops.dropped(before[i], first + i);
      }
    }
  }
}

package dev.kelpie.testing;

import dev.kelpie.object.Durability;
import dev.kelpie.object.Patience;
import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntUnaryOperator;

/// A disk in memory that many handles share, in pages of 64 KiB that are allocated by writing. A
/// [Hook] sees every call and may hold it up or let it fail. As on a real disk, calls that overlap
/// mix their bytes.
public final class MemoryVdi {
  /// The grain of allocation.
  public static final int PAGE = 64 << 10;

  private static final byte[] ZEROS = new byte[PAGE];

  private final String description;
  private final AtomicReferenceArray<byte[]> pages;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private final List<DeviceCall> calls = new CopyOnWriteArrayList<>();
  private volatile long size;
  private volatile boolean readOnly;
  private volatile boolean zeroIsFast = true;
  private volatile boolean recording;
  private volatile Hook hook = _ -> true;
  private volatile IntUnaryOperator depths = _ -> 1;
  private final List<Taken> snapshots = new CopyOnWriteArrayList<>();
  private final AtomicInteger comparing = new AtomicInteger();

  /// What the disk was like.
  private record Taken(BlockDevice.Snapshot names, List<byte[]> pages) {}

  /// Sees a call before it happens.
  @FunctionalInterface
  public interface Hook {
    /// May wait, or throw what the device is to throw.
    ///
    /// @return false for "would have to wait"; only looked at where the call is impatient
    boolean before(DeviceCall call) throws IOException;
  }

  /// A disk of zeros with room to grow to four times its size.
  public MemoryVdi(String description, long size) {
    this.description = description;
    this.size = size;
    this.pages = new AtomicReferenceArray<>(Math.toIntExact(Math.ceilDiv(4 * size, PAGE) + 1));
  }

  /// From now on the calls are recorded.
  public MemoryVdi recording() {
    recording = true;
    return this;
  }

  /// Forgets the calls so far, and how many handles were closed.
  public void forget() {
    calls.clear();
    closed.set(0);
  }

  /// The recorded calls, in the order in which they began.
  public List<DeviceCall> calls() {
    return List.copyOf(calls);
  }

  public void hook(Hook hook) {
    this.hook = hook;
  }

  public void readOnly(boolean readOnly) {
    this.readOnly = readOnly;
  }

  public void zeroIsFast(boolean fast) {
    this.zeroIsFast = fast;
  }

  public void resize(long size) {
    this.size = size;
  }

  /// Sets how deep the allocated pages are, by number.
  public void depths(IntUnaryOperator depths) {
    this.depths = depths;
  }

  /// Keeps the present content for comparisons.
  public void snapshot(int id, Optional<String> tag) {
    List<byte[]> kept = new ArrayList<>();
    for (int i = 0; i < pages.length(); i++) {
      byte[] page = pages.get(i);
      kept.add(page == null ? ZEROS : page.clone());
    }
    snapshots.addFirst(new Taken(new BlockDevice.Snapshot(id, tag), kept));
  }

  /// Forgets a snapshot.
  public void deleteSnapshot(int id) {
    snapshots.removeIf(taken -> taken.names().id() == id);
  }

  /// How many comparisons with snapshots are open.
  public int comparing() {
    return comparing.get();
  }

  /// How many handles are open.
  public int open() {
    return open.get();
  }

  /// How many handles were closed.
  public int closed() {
    return closed.get();
  }

  /// The bytes of a range, past every hook.
  public byte[] bytes(long offset, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    get(offset, bytes);
    return bytes.array();
  }

  /// Sets bytes, past every hook.
  public void put(long offset, byte[] bytes) {
    set(offset, ByteBuffer.wrap(bytes));
  }

  /// A new handle.
  public BlockDevice device() {
    open.incrementAndGet();
    return new MemoryDevice();
  }

  private void get(long offset, ByteBuffer into) {
    for (long at = offset; into.hasRemaining(); ) {
      int inPage = (int) (at % PAGE);
      int length = Math.min(into.remaining(), PAGE - inPage);
      byte[] page = pages.get((int) (at / PAGE));
      into.put(page == null ? ZEROS : page, inPage, length);
      at += length;
    }
  }

  private void set(long offset, ByteBuffer from) {
    for (long at = offset; from.hasRemaining(); ) {
      int inPage = (int) (at % PAGE);
      int length = Math.min(from.remaining(), PAGE - inPage);
      from.get(page(at), inPage, length);
      at += length;
    }
  }

  private byte[] page(long at) {
    int number = (int) (at / PAGE);
    byte[] page = pages.get(number);
    if (page == null) {
      pages.compareAndSet(number, null, new byte[PAGE]);
      page = pages.get(number);
    }
    return page == null ? page(at) : page;
  }

  private void clear(long offset, long length, boolean allocate) {
    for (long at = offset; at < offset + length; ) {
      int inPage = (int) (at % PAGE);
      int now = (int) Math.min(offset + length - at, PAGE - inPage);
      if (now == PAGE && !allocate) {
        pages.set((int) (at / PAGE), null);
      } else if (allocate || pages.get((int) (at / PAGE)) != null) {
        Arrays.fill(page(at), inPage, inPage + now, (byte) 0);
      }
      at += now;
    }
  }

  /// One use of the disk.
  private final class MemoryDevice implements BlockDevice {
    private final AtomicInteger closes = new AtomicInteger();

    @Override
    public long size() {
      return size;
    }

    @Override
    public boolean readOnly() {
      return readOnly;
    }

    @Override
    public String description() {
      return description;
    }

    @Override
    public boolean read(long offset, ByteBuffer into, Patience patience) throws IOException {
      int length = into.remaining();
      if (!begin(DeviceCall.Kind.READ, offset, length, Durability.DEFERRED, patience)) {
        return false;
      }
      get(offset, into);
      return true;
    }

    @Override
    public boolean write(long offset, ByteBuffer from, Durability durability, Patience patience)
        throws IOException {
      requireWritable();
      int length = from.remaining();
      if (!begin(DeviceCall.Kind.WRITE, offset, length, durability, patience)) {
        return false;
      }
      set(offset, from);
      return true;
    }

    @Override
    public void flush() throws IOException {
      begin(DeviceCall.Kind.FLUSH, 0, 0, Durability.DURABLE, Patience.WAIT);
    }

    @Override
    public void trim(long offset, long length, Durability durability) throws IOException {
      requireWritable();
      begin(DeviceCall.Kind.TRIM, offset, length, durability, Patience.WAIT);
      clear(offset, length, false);
    }

    @Override
    public void zero(long offset, long length, boolean allocate, Durability durability)
        throws IOException {
      requireWritable();
      DeviceCall.Kind kind = allocate ? DeviceCall.Kind.ZERO_ALLOCATED : DeviceCall.Kind.ZERO;
      begin(kind, offset, length, durability, Patience.WAIT);
      clear(offset, length, allocate);
    }

    @Override
    public boolean zeroIsFast(long offset, long length) {
      return zeroIsFast;
    }

    @Override
    public void prefetch(long offset, long length) throws IOException {
      begin(DeviceCall.Kind.PREFETCH, offset, length, Durability.DEFERRED, Patience.WAIT);
    }

    @Override
    public void status(long offset, long length, StatusSink sink) throws IOException {
      begin(DeviceCall.Kind.STATUS, offset, length, Durability.DEFERRED, Patience.WAIT);
      boolean more = true;
      for (long at = offset; more && at < offset + length; ) {
        long now = Math.min(offset + length - at, PAGE - at % PAGE);
        more = sink.run(now, pages.get((int) (at / PAGE)) != null);
        at += now;
      }
    }

    @Override
    public void depth(long offset, long length, RunSink sink) throws IOException {
      begin(DeviceCall.Kind.STATUS, offset, length, Durability.DEFERRED, Patience.WAIT);
      eachPage(offset, length, page -> pages.get(page) == null ? 0 : depths.applyAsInt(page), sink);
    }

    @Override
    public List<Snapshot> snapshots() {
      return snapshots.stream().map(Taken::names).toList();
    }

    @Override
    public Optional<Changes> changesSince(String snapshot) throws IOException {
      begin(DeviceCall.Kind.STATUS, 0, 0, Durability.DEFERRED, Patience.WAIT);
      return snapshots.stream()
          .filter(taken ->
              ("" + taken.names().id()).equals(snapshot)
                  || taken.names().tag().equals(Optional.of(snapshot)))
          .findFirst()
          .map(taken -> changes(taken.pages()));
    }

    private Changes changes(List<byte[]> before) {
      comparing.incrementAndGet();
      return new Changes() {
        @Override
        public void runs(long offset, long length, RunSink sink) throws IOException {
          begin(DeviceCall.Kind.STATUS, offset, length, Durability.DEFERRED, Patience.WAIT);
          eachPage(
              offset,
              length,
              page -> {
                byte[] now = pages.get(page);
                return Arrays.equals(now == null ? ZEROS : now, before.get(page)) ? 0 : 1;
              },
              sink);
        }

        @Override
        public void close() {
          comparing.decrementAndGet();
        }
      };
    }

    private static void eachPage(long offset, long length, IntUnaryOperator value, RunSink sink) {
      boolean more = true;
      for (long at = offset; more && at < offset + length; ) {
        long now = Math.min(offset + length - at, PAGE - at % PAGE);
        more = sink.run(now, value.applyAsInt((int) (at / PAGE)));
        at += now;
      }
    }

    @Override
    public void close() throws IOException {
      if (closes.getAndIncrement() > 0) {
        throw new IllegalStateException(description + " was closed twice");
      }
      open.decrementAndGet();
      closed.incrementAndGet();
      begin(DeviceCall.Kind.CLOSE, 0, 0, Durability.DURABLE, Patience.WAIT);
    }

    private void requireWritable() throws ReadOnly {
      if (readOnly) {
        throw new ReadOnly(description);
      }
    }

    private boolean begin(
        DeviceCall.Kind kind, long offset, long length, Durability durability, Patience patience)
        throws IOException {
      if (kind != DeviceCall.Kind.CLOSE && closes.get() > 0) {
        throw new IllegalStateException(description + " is used after it was closed");
      }
      if (offset < 0 || length < 0 || offset + length > size) {
        throw new IllegalArgumentException(kind + " of " + length + " bytes at " + offset);
      }
      DeviceCall call = new DeviceCall(kind, offset, length, durability, patience);
      if (recording) {
        calls.add(call);
      }
      return hook.before(call) || patience == Patience.WAIT;
    }
  }
}

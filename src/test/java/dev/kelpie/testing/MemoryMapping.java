package dev.kelpie.testing;

import dev.kelpie.platform.MappedBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// A mapped range of a [MemoryDiskFile]. All accesses take the disk's lock, so they are as ordered
/// as can be. A store into a hole of a full disk is a fault.
final class MemoryMapping implements MappedBytes {
  private final MemoryDiskFile file;
  private final long start;
  private final long length;

  MemoryMapping(MemoryDiskFile file, long start, long length) {
    this.file = file;
    this.start = start;
    this.length = length;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public int getInt(long offset) {
    return load(offset, Integer.BYTES).getInt();
  }

  @Override
  public void putInt(long offset, int value) {
    check(offset, Integer.BYTES, Integer.BYTES);
    store(offset, buffer(Integer.BYTES).putInt(value).flip());
  }

  @Override
  public long getLong(long offset) {
    return load(offset, Long.BYTES).getLong();
  }

  @Override
  public void putLong(long offset, long value) {
    check(offset, Long.BYTES, Long.BYTES);
    store(offset, buffer(Long.BYTES).putLong(value).flip());
  }

  @Override
  public long getLongAcquire(long offset) {
    return getLong(offset);
  }

  @Override
  public void putLongRelease(long offset, long value) {
    putLong(offset, value);
  }

  @Override
  public boolean compareAndSetLong(long offset, long expected, long value) {
    check(offset, Long.BYTES, Long.BYTES);
    boolean[] swapped = new boolean[1];
    change(() -> {
      ByteBuffer now = buffer(Long.BYTES);
      file.content().read(now, start + offset);
      if (now.getLong(0) == expected) {
        ByteBuffer then = buffer(Long.BYTES).putLong(value).flip();
        file.content().write(then, start + offset, file.path());
        swapped[0] = true;
      }
    });
    return swapped[0];
  }

  @Override
  public void clear(long offset, long size) {
    check(offset, size, 1);
    store(offset, ByteBuffer.allocate(Math.toIntExact(size)));
  }

  @Override
  public void sync(long offset, long size) throws IOException {
    check(offset, size, 1);
    file.sync(start + offset, size);
  }

  private ByteBuffer load(long offset, int size) {
    check(offset, size, size);
    try {
      return file.call(
          DiskCall.MAPPED_LOAD,
          () -> {
            ByteBuffer bytes = buffer(size);
            file.content().read(bytes, start + offset);
            return bytes.flip();
          });
    } catch (IOException fault) {
      throw new MappingFault(fault);
    }
  }

  private void store(long offset, ByteBuffer bytes) {
    change(() -> file.content().write(bytes, start + offset, file.path()));
  }

  private void change(MemoryDiskFile.Change body) {
    try {
      file.change(DiskCall.MAPPED_STORE, body);
    } catch (IOException fault) {
      throw new MappingFault(fault);
    }
  }

  private void check(long offset, long size, long alignment) {
    if (offset < 0 || size < 0 || offset + size > length || offset % alignment != 0) {
      throw new IllegalArgumentException(
          file.path() + ": " + size + " bytes at " + offset + " of a mapping of " + length);
    }
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}

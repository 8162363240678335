package dev.kelpie.platform.jvm;

import dev.kelpie.platform.MappedBytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// A mapped segment. The JVM turns a fault of the device into an [InternalError] at the access, or
/// in compiled code a little after it; where it comes out of a call here, it becomes a
/// [MappingFault]. (Loads inlined into a hot loop were seen to report it only after their `try`.)
final class JvmMappedBytes implements MappedBytes {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS = LONG.varHandle();

  private final MemorySegment bytes;

  JvmMappedBytes(MemorySegment bytes) {
    this.bytes = bytes;
  }

  @Override
  public long length() {
    return bytes.byteSize();
  }

  @Override
  public int getInt(long offset) {
    try {
      return bytes.get(INT, offset);
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }

  @Override
  public void putInt(long offset, int value) {
    try {
      bytes.set(INT, offset, value);
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }

  @Override
  public long getLong(long offset) {
    try {
      return bytes.get(LONG, offset);
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }

  @Override
  public void putLong(long offset, long value) {
    try {
      bytes.set(LONG, offset, value);
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }

  @Override
  public long getLongAcquire(long offset) {
    try {
      return (long) LONGS.getAcquire(bytes, offset);
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }

  @Override
  public void putLongRelease(long offset, long value) {
    try {
      LONGS.setRelease(bytes, offset, value);
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }

  @Override
  public boolean compareAndSetLong(long offset, long expected, long value) {
    try {
      return LONGS.compareAndSet(bytes, offset, expected, value);
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }

  @Override
  public void clear(long offset, long length) {
    try {
      bytes.asSlice(offset, length).fill((byte) 0);
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }

  @Override
  public void sync(long offset, long length) throws IOException {
    try {
      bytes.asSlice(offset, length).force();
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    } catch (InternalError fault) {
      throw new MappingFault(fault);
    }
  }
}

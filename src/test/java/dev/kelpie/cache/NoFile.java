package dev.kelpie.cache;

import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.MappedBytes;
import java.nio.ByteBuffer;

/// The slab of a test that is about the index alone.
final class NoFile implements DiskFile {
  @Override
  public int read(ByteBuffer into, long position) {
    throw unused();
  }

  @Override
  public void write(ByteBuffer from, long position) {
    throw unused();
  }

  @Override
  public long size() {
    throw unused();
  }

  @Override
  public void resize(long size) {
    throw unused();
  }

  @Override
  public void sync() {
    throw unused();
  }

  @Override
  public void allocate(long position, long length) {
    throw unused();
  }

  @Override
  public void punch(long position, long length) {
    throw unused();
  }

  @Override
  public long allocatedBytes() {
    throw unused();
  }

  @Override
  public MappedBytes map(long position, long length) {
    throw unused();
  }

  @Override
  public void close() {}

  private static IllegalStateException unused() {
    return new IllegalStateException("no test needs it");
  }
}

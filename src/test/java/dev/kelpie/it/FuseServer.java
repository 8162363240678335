package dev.kelpie.it;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.testing.SimulatedCrash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;

/// Serves a [Disk] as a FUSE file system, with the kernel's page cache and shared mappings as on
/// any file system (protocol 7.31, `linux/fuse.h`). One thread, one request at a time.
final class FuseServer implements Runnable {
  private static final int LOOKUP = 1;
  private static final int FORGET = 2;
  private static final int GETATTR = 3;
  private static final int SETATTR = 4;
  private static final int MKNOD = 8;
  private static final int MKDIR = 9;
  private static final int UNLINK = 10;
  private static final int RMDIR = 11;
  private static final int RENAME = 12;
  private static final int OPEN = 14;
  private static final int READ = 15;
  private static final int WRITE = 16;
  private static final int STATFS = 17;
  private static final int RELEASE = 18;
  private static final int FSYNC = 20;
  private static final int FLUSH = 25;
  private static final int INIT = 26;
  private static final int OPENDIR = 27;
  private static final int READDIR = 28;
  private static final int RELEASEDIR = 29;
  private static final int FSYNCDIR = 30;
  private static final int CREATE = 35;
  private static final int INTERRUPT = 36;
  private static final int DESTROY = 38;
  private static final int BATCH_FORGET = 42;
  private static final int FALLOCATE = 43;
  private static final int RENAME2 = 45;

  private static final int IN_HEADER = 40;
  private static final int OUT_HEADER = 16;
  private static final int VERSION_MAJOR = 7;
  private static final int VERSION_MINOR = 31;
  private static final int BIG_WRITES = 32;
  private static final int WRITE_MAX = 128 << 10;
  private static final int SETATTR_SIZE = 8;
  private static final int FALLOC_PUNCH_HOLE = 2;

  private static final int ENOENT = 2;
  private static final int EIO = 5;
  private static final int EEXIST = 17;
  private static final int ENOSPC = 28;
  private static final int ENOSYS = 38;
  private static final int ENOTEMPTY = 39;

  private final FuseDevice device;
  private final FuseNodes nodes;
  private final Disk disk;
  private final ByteBuffer out =
      ByteBuffer.allocateDirect(OUT_HEADER + WRITE_MAX + 4096).order(ByteOrder.LITTLE_ENDIAN);

  FuseServer(FuseDevice device, Disk disk) {
    this.device = device;
    this.disk = disk;
    this.nodes = new FuseNodes(disk);
  }

  /// Serves until the file system is unmounted.
  @Override
  public void run() {
    try {
      for (ByteBuffer in = device.receive(); in.hasRemaining(); in = device.receive()) {
        int operation = in.getInt(4);
        if (operation != FORGET && operation != BATCH_FORGET && operation != INTERRUPT) {
          answer(in, operation);
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void answer(ByteBuffer in, int operation) throws IOException {
    long unique = in.getLong(8);
    long node = in.getLong(16);
    in.position(IN_HEADER);
    out.clear().position(OUT_HEADER);
    int error;
    try {
      error = serve(operation, node, in);
    } catch (NoSuchFileException _) {
      error = ENOENT;
    } catch (FileAlreadyExistsException _) {
      error = EEXIST;
    } catch (DirectoryNotEmptyException _) {
      error = ENOTEMPTY;
    } catch (Disk.NoSpace _) {
      error = ENOSPC;
    } catch (IOException | RuntimeException | SimulatedCrash _) {
      error = EIO; // the power is off, above all
    }
    if (error != 0) {
      out.position(OUT_HEADER);
    }
    out.flip();
    out.putInt(0, out.limit()).putInt(4, -error).putLong(8, unique);
    device.send(out);
  }

  private int serve(int operation, long node, ByteBuffer in) throws IOException {
    switch (operation) {
      case INIT -> init();
      case LOOKUP -> nodes.entry(nodes.child(node, name(in)), out);
      case GETATTR -> nodes.attributes(node, out);
      case SETATTR -> {
        if ((in.getInt(IN_HEADER) & SETATTR_SIZE) != 0) {
          nodes.file(node).resize(in.getLong(IN_HEADER + 16));
        }
        nodes.attributes(node, out);
      }
      case MKNOD -> {
        in.position(IN_HEADER + 16);
        nodes.entry(nodes.makeSocket(node, name(in)), out);
      }
      case MKDIR -> {
        in.position(IN_HEADER + 8);
        nodes.entry(nodes.makeDirectory(node, name(in)), out);
      }
      case CREATE -> {
        in.position(IN_HEADER + 16);
        long created = nodes.create(node, name(in));
        nodes.entry(created, out);
        out.putLong(created).putLong(0);
      }
      case UNLINK, RMDIR -> nodes.remove(node, name(in));
      case RENAME, RENAME2 -> {
        long target = in.getLong();
        in.position(IN_HEADER + (operation == RENAME ? 8 : 16));
        String from = name(in);
        nodes.rename(node, from, target, name(in));
      }
      case OPEN, OPENDIR -> out.putLong(node).putLong(0);
      case READ -> {
        int size = in.getInt(IN_HEADER + 16);
        out.limit(OUT_HEADER + size);
        nodes.file(node).read(out, in.getLong(IN_HEADER + 8));
      }
      case WRITE -> {
        int size = in.getInt(IN_HEADER + 16);
        long at = in.getLong(IN_HEADER + 8);
        in.position(IN_HEADER + 40).limit(IN_HEADER + 40 + size);
        nodes.file(node).write(in, at);
        out.putInt(size).putInt(0);
      }
      case FSYNC -> nodes.file(node).sync();
      case FSYNCDIR -> disk.syncDirectory(nodes.path(node));
      case FALLOCATE -> fallocate(nodes.file(node), in);
      case STATFS -> statfs();
      case READDIR -> readDirectory(node, in);
      case RELEASE, RELEASEDIR, FLUSH, DESTROY -> {}
      default -> {
        return ENOSYS;
      }
    }
    return 0;
  }

  private void init() {
    out.putInt(VERSION_MAJOR).putInt(VERSION_MINOR).putInt(WRITE_MAX).putInt(BIG_WRITES);
    out.putShort((short) 16).putShort((short) 12).putInt(WRITE_MAX).putInt(1);
    out.put(new byte[64 - 28]);
  }

  private static void fallocate(DiskFile file, ByteBuffer in) throws IOException {
    long at = in.getLong(IN_HEADER + 8);
    long length = in.getLong(IN_HEADER + 16);
    if ((in.getInt(IN_HEADER + 24) & FALLOC_PUNCH_HOLE) != 0) {
      file.punch(at, length);
    } else {
      file.allocate(at, length);
    }
  }

  private void statfs() {
    long blocks = 1 << 22;
    out.putLong(blocks).putLong(blocks / 2).putLong(blocks / 2).putLong(blocks).putLong(blocks);
    out.putInt(4096).putInt(255).putInt(4096).put(new byte[28]);
  }

  private void readDirectory(long node, ByteBuffer in) throws IOException {
    long from = in.getLong(IN_HEADER + 8);
    int size = in.getInt(IN_HEADER + 16);
    List<String> names = new ArrayList<>(disk.list(nodes.path(node)));
    for (int i = (int) from; i < names.size(); i++) {
      byte[] name = names.get(i).getBytes(StandardCharsets.UTF_8);
      int length = (24 + name.length + 7) & ~7;
      if (out.position() - OUT_HEADER + length > size) {
        return;
      }
      int start = out.position();
      out.putLong(i + 2).putLong(i + 1).putInt(name.length).putInt(0).put(name);
      out.put(new byte[start + length - out.position()]);
    }
  }

  private static String name(ByteBuffer in) {
    int start = in.position();
    while (in.get() != 0) {
      // up to the end of the name
    }
    byte[] bytes = new byte[in.position() - 1 - start];
    in.get(start, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}

package dev.kelpie.it;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The files and directories of a [Disk] by the numbers that the kernel knows them by. A file stays
/// open from its first use, so that it is there for who has it open when its name is gone.
final class FuseNodes {
  private static final long ROOT = 1;
  private static final int DIRECTORY = 0040755;
  private static final int FILE = 0100644;
  private static final int SOCKET = 0140755;

  private final Disk disk;
  private final Map<Long, Node> nodes = new HashMap<>();
  private long last = ROOT;

  FuseNodes(Disk disk) {
    this.disk = disk;
    nodes.put(ROOT, new Node(ROOT, null, "/", DIRECTORY, null));
  }

  /// A file where it has one open, else a directory, or a socket, which no disk knows of.
  private static final class Node {
    final long number;
    final int mode;
    final @Nullable DiskFile file;
    final Map<String, Node> children = new HashMap<>();
    @Nullable Node parent;
    String name;

    Node(long number, @Nullable Node parent, String name, int mode, @Nullable DiskFile file) {
      this.number = number;
      this.parent = parent;
      this.name = name;
      this.mode = mode;
      this.file = file;
    }

    Path path() {
      Node above = parent;
      return above == null ? Path.of("/") : above.path().resolve(name);
    }
  }

  Path path(long number) throws IOException {
    return node(number).path();
  }

  DiskFile file(long number) throws IOException {
    Node node = node(number);
    if (node.file == null) {
      throw new FileSystemException(node.name + " is a directory");
    }
    return node.file;
  }

  long child(long parent, String name) throws IOException {
    Node above = node(parent);
    Node known = above.children.get(name);
    if (known != null) {
      return known.number;
    }
    Path path = above.path().resolve(name);
    if (!disk.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    return add(above, name, disk.isDirectory(path) ? null : disk.open(path));
  }

  long create(long parent, String name) throws IOException {
    Node above = node(parent);
    return add(above, name, disk.create(above.path().resolve(name)));
  }

  long makeDirectory(long parent, String name) throws IOException {
    Node above = node(parent);
    disk.createDirectory(above.path().resolve(name));
    return add(above, name, null);
  }

  long makeSocket(long parent, String name) throws IOException {
    return add(node(parent), name, SOCKET, null);
  }

  void remove(long parent, String name) throws IOException {
    Node above = node(parent);
    if (node(child(parent, name)).mode != SOCKET) {
      disk.delete(above.path().resolve(name));
    }
    above.children.remove(name);
  }

  void rename(long from, String name, long to, String newName) throws IOException {
    Node node = node(child(from, name));
    Node target = node(to);
    disk.rename(node.path(), target.path().resolve(newName));
    node(from).children.remove(name);
    node.parent = target;
    node.name = newName;
    target.children.put(newName, node);
  }

  /// Writes a `fuse_entry_out`: what the kernel may keep of it, it may not keep long.
  void entry(long number, ByteBuffer out) throws IOException {
    out.putLong(number).putLong(0).putLong(0).putLong(0).putLong(0);
    putAttributes(node(number), out);
  }

  /// Writes a `fuse_attr_out`.
  void attributes(long number, ByteBuffer out) throws IOException {
    out.putLong(0).putLong(0);
    putAttributes(node(number), out);
  }

  private static void putAttributes(Node node, ByteBuffer out) throws IOException {
    long size = node.file == null ? 4096 : node.file.size();
    long allocated = node.file == null ? 4096 : node.file.allocatedBytes();
    out.putLong(node.number).putLong(size).putLong(allocated / 512);
    out.putLong(0).putLong(0).putLong(0).putInt(0).putInt(0).putInt(0);
    out.putInt(node.mode).putInt(1);
    out.putInt(0).putInt(0).putInt(0).putInt(4096).putInt(0);
  }

  private long add(Node parent, String name, @Nullable DiskFile file) {
    return add(parent, name, file == null ? DIRECTORY : FILE, file);
  }

  private long add(Node parent, String name, int mode, @Nullable DiskFile file) {
    Node node = new Node(++last, parent, name, mode, file);
    nodes.put(node.number, node);
    parent.children.put(name, node);
    return node.number;
  }

  private Node node(long number) throws IOException {
    Node node = nodes.get(number);
    if (node == null) {
      throw new NoSuchFileException("node " + number);
    }
    return node;
  }
}

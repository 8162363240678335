package dev.kelpie.testing;

import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/// What a name stands for.
sealed interface MemoryNode {
  /// A directory: which names it has, and which it would have after a power cut.
  final class Directory implements MemoryNode {
    final SortedMap<String, MemoryNode> live = new TreeMap<>();
    final SortedMap<String, MemoryNode> durable = new TreeMap<>();
    long owner = MemoryDisk.USER;
    int mode = 0755;
  }

  /// A file. Its content is a [MemoryContent]; the node is what several names, before and after a
  /// crash, agree on.
  final class File implements MemoryNode {
    final MemoryContent content;
    Path path;
    int opened;
    boolean deleted;

    File(Path path, MemoryContent content) {
      this.path = path;
      this.content = content;
    }

    /// Gives the space back once nobody can reach the file any more.
    void freeIfUnreachable() {
      if (deleted && opened == 0) {
        content.free();
      }
    }
  }
}

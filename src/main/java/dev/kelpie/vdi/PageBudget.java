package dev.kelpie.vdi;

import dev.kelpie.platform.Locks;
import java.util.ArrayDeque;
import java.util.Deque;

/// Bounds the pages of object maps in memory, over all VDIs, by giving each page a second chance
/// and then letting it go.
final class PageBudget {
  /// 4 TiB of disks at hand. A page takes 4 KiB, and up to 28 KiB more for the ids of its objects.
  static final int PAGES_MAX = 1024;

  private final Locks.Mutex mutex;
  private final int pagesMax;
  private final Deque<Loaded> loaded = new ArrayDeque<>();

  PageBudget(Locks locks, int pagesMax) {
    this.mutex = locks.mutex();
    this.pagesMax = pagesMax;
  }

  /// Counts a page that was loaded, and lets others go for it. Pages that may not go are passed
  /// over, so the bound is exceeded where all of them are in use.
  void loaded(Inode inode, int number, MapPage page) {
    mutex.lock();
    try {
      loaded.add(new Loaded(inode, number, page));
      for (int tries = 2 * loaded.size(); loaded.size() > pagesMax && tries > 0; tries--) {
        Loaded oldest = loaded.remove();
        if (!oldest.inode.evict(oldest.number, oldest.page)) {
          loaded.add(oldest);
        }
      }
    } finally {
      mutex.unlock();
    }
  }

  /// Forgets the pages of an inode that leaves memory.
  void dropped(Inode inode) {
    mutex.lock();
    try {
      loaded.removeIf(page -> page.inode == inode);
    } finally {
      mutex.unlock();
    }
  }

  private record Loaded(Inode inode, int number, MapPage page) {}
}

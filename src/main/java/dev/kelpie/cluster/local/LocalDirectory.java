package dev.kelpie.cluster.local;

import dev.kelpie.platform.Disk;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;

/// The directory in which the processes of one machine meet. It is made where it is missing, for
/// its user alone, and refused where others could change it: who may write there decides what the
/// cluster agrees on.
public final class LocalDirectory {
  /// The records are the truth about VDIs whose data survives reboots and logins, so the default is
  /// no directory that is cleared at either; and it depends on nothing but the user, so that a
  /// sheep that the system starts meets one that was started by hand.
  private static final Path PARENT_OF_DEFAULT = Path.of("/var/tmp");

  private static final int OTHERS = 0077;
  private static final int OTHERS_WRITE = 0022;

  private LocalDirectory() {}

  /// The directory for who names none: one per user, which others may not even enter.
  public static Path standard(Disk disk) throws IOException {
    Path path = PARENT_OF_DEFAULT.resolve("kelpie-" + disk.user());
    make(disk, path);
    check(disk, path, OTHERS, "enter it");
    return path;
  }

  /// A directory that somebody named. Others may look into it.
  public static Path named(Disk disk, Path path) throws IOException {
    if (!disk.exists(path)) {
      make(disk, path);
    }
    Path real = disk.real(path);
    check(disk, real, OTHERS_WRITE, "write to it");
    return real;
  }

  private static void make(Disk disk, Path path) throws IOException {
    try {
      disk.createPrivateDirectory(path);
      disk.syncDirectory(path.resolveSibling("."));
    } catch (FileAlreadyExistsException _) {
      // Whoever made it, what it is now is looked at next.
    }
  }

  private static void check(Disk disk, Path path, int forbidden, String what) throws IOException {
    Disk.Access access = disk.access(path);
    if (!access.directory()) {
      throw refusal(path, "it is no directory", "-c local:DIR names another");
    }
    if (access.owner() != disk.user()) {
      throw refusal(path, "it belongs to user " + access.owner(), "-c local:DIR names another");
    }
    if ((access.mode() & forbidden) != 0) {
      throw refusal(path, "others may " + what, "chmod 700 " + path);
    }
  }

  private static IOException refusal(Path path, String why, String wayOut) {
    return new IOException(path + " cannot be a cluster's directory: " + why + "; " + wayOut);
  }
}

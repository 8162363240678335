package dev.kelpie.store.disk;

import dev.kelpie.log.Log;
import dev.kelpie.model.ObjectId;
import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import dev.kelpie.platform.Platform;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Opens the disks of a store (docs/disk-format.md §5).
final class Startup {
  private static final int OID_DIGITS = 16;
  private static final String HEX_DIGITS = "0123456789abcdef";

  private final Platform platform;
  private final Log messages;
  private final DiskStoreConfig config;
  private final List<OneDisk> disks = new ArrayList<>();

  Startup(Platform platform, Log messages, DiskStoreConfig config) {
    this.platform = platform;
    this.messages = messages;
    this.config = config;
  }

  /// Checks, locks and opens every disk, with its log replayed.
  List<OneDisk> open(List<Path> paths) throws IOException {
    boolean done = false;
    try {
      for (DiskDirectory directory : DiskDirectory.ofStore(platform.disk(), paths)) {
        disks.add(openOne(directory));
      }
      done = true;
      return List.copyOf(disks);
    } finally {
      if (!done) {
        closeAll();
      }
    }
  }

  /// Finds out where every object is, and deletes durably what is left of unfinished ones.
  void locate(Locations locations) throws IOException {
    boolean done = false;
    try {
      locateAll(locations);
      done = true;
    } finally {
      if (!done) {
        closeAll();
      }
    }
  }

  private void locateAll(Locations locations) throws IOException {
    for (int i = 0; i < disks.size(); i++) {
      Path objects = disks.get(i).directory().objects();
      for (String name : platform.disk().list(objects)) {
        locate(locations, i, objects.resolve(name), name);
      }
    }
    for (OneDisk disk : disks) {
      platform.disk().syncDirectory(disk.directory().objects());
    }
  }

  private void locate(Locations locations, int disk, Path path, String name) throws IOException {
    if (name.endsWith(DiskDirectory.UNFINISHED)) {
      platform.disk().delete(path);
    } else if (isOid(name)) {
      place(locations, new ObjectId(Long.parseUnsignedLong(name, 16)), disk);
    } else {
      messages.warn(path + " is not an object and is left alone");
    }
  }

  private void place(Locations locations, ObjectId object, int here) throws IOException {
    int there = locations.find(object);
    if (there < 0) {
      locations.put(object, here);
      return;
    }
    boolean hereIsNewer = order(here, object).compareTo(order(there, object)) > 0;
    Path older = disks.get(hereIsNewer ? there : here).pathOf(object);
    messages.warn("object " + object + " is on two disks; the older one is deleted: " + older);
    platform.disk().delete(older);
    locations.put(object, hereIsNewer ? here : there);
  }

  private Order order(int disk, ObjectId object) throws IOException {
    try (DiskFile file = platform.disk().openReadOnly(disks.get(disk).pathOf(object))) {
      return ObjectFile.readTrailer(object, file).order();
    } catch (BadFormat _) {
      return Order.NONE;
    }
  }

  /// First makes durable what a killed process may have left in the kernel only: records, of which
  /// none may go to a file before (rule W), and names, because the lap that still has the records
  /// of a removed file is given up here (rule L).
  OneDisk openOne(DiskDirectory directory) throws IOException {
    Disk disk = platform.disk();
    Closeable lock =
        disk.lock(directory.lock())
            .orElseThrow(() ->
                new IOException(
                    directory.path() + " is in use by another process; nothing was changed"));
    List<Closeable> opened = new ArrayList<>(List.of(lock));
    try {
      if (!disk.exists(directory.log())) {
        messages.alert(
            directory.path()
                + " has no log: a new one is begun, and changes that were in the old one and not"
                + " yet in the object files are missing");
        directory.createLog(disk);
      }
      List<Segment> segments = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Segment segment =
            Segment.open(
                disk, directory.segment(i), directory.identity().disk(), config.segmentBytesMax());
        opened.add(segment);
        segments.add(segment);
        segment.sync();
      }
      disk.syncDirectory(directory.path());
      disk.syncDirectory(directory.objects());
      LogScan.Found found = LogScan.read(segments, directory.identity().disk());
      new Replay(disk, messages, directory).run(found.entries());
      OneDisk one =
          new OneDisk(directory, platform, messages, config, segments, found.newest(), lock);
      opened.clear();
      return one;
    } finally {
      close(opened);
    }
  }

  private void closeAll() {
    close(disks);
  }

  private void close(List<? extends Closeable> opened) {
    for (Closeable one : opened) {
      try {
        one.close();
      } catch (IOException failure) {
        messages.warn("while giving up the start: " + failure);
      }
    }
  }

  private static boolean isOid(String name) {
    return name.length() == OID_DIGITS && name.chars().allMatch(c -> HEX_DIGITS.indexOf(c) >= 0);
  }
}

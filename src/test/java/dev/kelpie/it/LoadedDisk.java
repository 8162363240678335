package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.testing.NbdClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/// A VDI under load: what it may hold, and its snapshots.
final class LoadedDisk {
  private static final int PIECE = 1 << 20;

  private final String name;
  private final Stamps stamps;
  private final List<Snapshot> snapshots = new ArrayList<>();
  private boolean certain;

  /// A disk that is about to be created.
  LoadedDisk(String name, long size) {
    this.name = name;
    this.stamps = new Stamps(name, size);
  }

  /// A snapshot that was asked for.
  static final class Snapshot {
    private final String tag;
    private final Stamps.Moment moment;
    private boolean certain;
    private Optional<Long> sum = Optional.empty();
    private boolean going;

    private Snapshot(String tag, Stamps.Moment moment) {
      this.tag = tag;
      this.moment = moment;
    }

    String tag() {
      return tag;
    }

    /// Its deletion is about to be asked for: from now on it may be there or not, whole or not.
    void goes() {
      going = true;
    }

    boolean going() {
      return going;
    }
  }

  String name() {
    return name;
  }

  Stamps stamps() {
    return stamps;
  }

  /// It was created, for sure.
  void created() {
    certain = true;
  }

  boolean isCertain() {
    return certain;
  }

  List<Snapshot> snapshots() {
    return snapshots;
  }

  /// A snapshot is about to be asked for.
  Snapshot snapshotBegins(String tag) {
    Snapshot snapshot = new Snapshot(tag, stamps.moment());
    snapshots.add(snapshot);
    return snapshot;
  }

  /// It was taken, for sure.
  void snapshotTaken(Snapshot snapshot) {
    snapshot.moment.close();
    snapshot.certain = true;
  }

  /// Compares the snapshots with the tags that a list shows after a kill: one that was acknowledged
  /// is there, one that was in the making may be.
  void settleSnapshots(List<String> tags) {
    for (Snapshot snapshot : List.copyOf(snapshots)) {
      boolean there = tags.contains(snapshot.tag);
      if (!there && snapshot.certain && !snapshot.going) {
        throw new AssertionError("snapshot " + snapshot.tag + " of " + name + " is lost: " + tags);
      }
      if (there) {
        snapshot.certain = true;
      } else {
        snapshots.remove(snapshot);
      }
    }
    List<String> known = snapshots.stream().map(Snapshot::tag).toList();
    assertEquals(List.of(), tags.stream().filter(tag -> !known.contains(tag)).toList(), name);
  }

  /// Reads the disk after a kill and checks each sector.
  void settle(Network network, int nbdPort) throws IOException {
    try (NbdClient client = connect(network, nbdPort, name)) {
      for (int first = 0; first < stamps.sectors(); first += PIECE / Stamps.SECTOR) {
        stamps.settle(first, client.read((long) first * Stamps.SECTOR, PIECE));
      }
    }
  }

  /// Reads a snapshot: at first it must hold one moment of the disk, later the same again.
  void check(Snapshot snapshot, Network network, int nbdPort) throws IOException {
    byte[] data = new byte[stamps.sectors() * Stamps.SECTOR];
    try (NbdClient client = connect(network, nbdPort, name + "@" + snapshot.tag)) {
      for (int at = 0; at < data.length; at += PIECE) {
        System.arraycopy(client.read(at, PIECE), 0, data, at, PIECE);
      }
    }
    CRC32C crc = new CRC32C();
    crc.update(data);
    if (snapshot.sum.isEmpty()) {
      snapshot.moment.checkWhole(data);
      snapshot.sum = Optional.of(crc.getValue());
    }
    assertEquals(snapshot.sum.get(), crc.getValue(), () -> snapshot.tag + " of " + name);
  }

  /// Connects to an export.
  static NbdClient connect(Network network, int nbdPort, String export) {
    try {
      Endpoint at = new Endpoint.Tcp(InetAddress.getLoopbackAddress(), nbdPort);
      NbdClient client = NbdClient.connect(network, at).greet().structured();
      client.go(export);
      return client;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use export " + export, e);
    }
  }
}

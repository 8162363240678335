package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// What the last commits of the directory have changed, newest first: the value of the one record
/// that each of them changes too. So the version of that record counts the commits, who knows it
/// knows whether anything is new, and who is a few commits behind reads only what they changed.
///
/// As a value it is, big-endian: format version (1 byte, 1), then for each commit its token (8),
/// the number of its VDIs (2; -1 for all that there are) and their ids (4 each).
record ChangeLog(List<Entry> entries) {
  static final ChangeLog EMPTY = new ChangeLog(List.of());

  private static final int VERSION = 1;

  /// So many commits are told of; bounds the value to some hundred bytes in ordinary use.
  private static final int ENTRIES_MAX = 32;

  /// A commit with more VDIs says that all may have changed.
  private static final int VDIS_MAX = 64;

  private static final int ALL = -1;

  /// One commit.
  ///
  /// @param token by which its maker finds out whether it was made
  /// @param vdis whose records it changed; empty for all
  record Entry(long token, Optional<Set<VdiId>> vdis) {
    Entry {
      vdis = vdis.filter(few -> few.size() <= VDIS_MAX).map(Set::copyOf);
    }
  }

  /// The log after one more commit.
  ChangeLog with(Entry entry) {
    List<Entry> all = new ArrayList<>(List.of(entry));
    all.addAll(entries.subList(0, Math.min(entries.size(), ENTRIES_MAX - 1)));
    return new ChangeLog(List.copyOf(all));
  }

  /// The VDIs that the last commits have changed; empty where those are not known.
  ///
  /// @param commits how many
  Optional<Set<VdiId>> changed(long commits) {
    if (commits > entries.size()) {
      return Optional.empty();
    }
    Set<VdiId> changed = new TreeSet<>();
    for (Entry entry : entries.subList(0, (int) commits)) {
      if (entry.vdis.isEmpty()) {
        return Optional.empty();
      }
      changed.addAll(entry.vdis.get());
    }
    return Optional.of(changed);
  }

  /// Whether one of the last commits is the one with this token; empty where that is not known any
  /// more.
  ///
  /// @param commits among how many it would be
  Optional<Boolean> holds(long token, long commits) {
    boolean found = entries.stream().anyMatch(entry -> entry.token == token);
    return found || commits <= entries.size() ? Optional.of(found) : Optional.empty();
  }

  byte[] encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      to.writeByte(VERSION);
      for (Entry entry : entries) {
        to.writeLong(entry.token);
        to.writeShort(entry.vdis.map(Collection::size).orElse(ALL));
        for (VdiId vdi : entry.vdis.orElse(Set.of())) {
          to.writeInt(vdi.value());
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  /// Decodes the value of the record.
  ///
  /// @throws IOException where this release does not know the format
  static ChangeLog decode(byte[] value) throws IOException {
    try (DataInputStream from = new DataInputStream(new ByteArrayInputStream(value))) {
      if (from.readByte() != VERSION) {
        throw new IOException("unknown format version");
      }
      List<Entry> entries = new ArrayList<>();
      while (from.available() > 0) {
        entries.add(new Entry(from.readLong(), vdis(from)));
      }
      return new ChangeLog(List.copyOf(entries));
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(
          "the record "
              + Keys.CHANGES
              + " was not written by this release of sheep; use a newer one",
          e);
    }
  }

  private static Optional<Set<VdiId>> vdis(DataInputStream from) throws IOException {
    int count = from.readShort();
    if (count == ALL) {
      return Optional.empty();
    }
    Set<VdiId> vdis = new HashSet<>();
    for (int i = 0; i < count; i++) {
      vdis.add(new VdiId(from.readInt()));
    }
    return Optional.of(vdis);
  }
}

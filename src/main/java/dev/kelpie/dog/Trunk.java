package dev.kelpie.dog;

import dev.kelpie.dog.Farm.Digest;
import dev.kelpie.model.ObjectId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// The objects of one cluster snapshot, by their ids. Each is kept in slices, and its slice list
/// under a SHA-1 of its own.
final class Trunk {
  private static final int ENTRY_SIZE = 32;
  private static final int DIGEST = 12;
  private static final int SLICE_SIZE = 128 << 10;
  private static final int DIGEST_SIZE = 20;

  private final Farm farm;
  private final TreeMap<ObjectId, Saved> objects = new TreeMap<>();

  /// An object.
  private record Saved(int copies, int policy, Digest slices) {}

  /// An empty one.
  Trunk(Farm farm) {
    this.farm = farm;
  }

  /// The one that was saved under a SHA-1.
  static Trunk load(Farm farm, Digest digest) throws Failure {
    Trunk trunk = new Trunk(farm);
    ByteBuffer entries = farm.get(digest);
    for (int at = 0; at + ENTRY_SIZE <= entries.limit(); at += ENTRY_SIZE) {
      Digest slices = Digest.read(entries.duplicate().position(at + DIGEST));
      Saved saved = new Saved(entries.get(at + 8) & 0xff, entries.get(at + 9) & 0xff, slices);
      trunk.objects.put(new ObjectId(entries.getLong(at)), saved);
    }
    return trunk;
  }

  /// Saves the list of objects.
  Digest save() throws Failure {
    ByteBuffer entries = SheepClient.allocate(objects.size() * ENTRY_SIZE);
    int at = 0;
    for (ObjectId object : objects.keySet()) {
      Saved saved = saved(object).orElseThrow();
      entries.putLong(at, object.value());
      entries.put(at + 8, (byte) saved.copies()).put(at + 9, (byte) saved.policy());
      entries.put(at + DIGEST, saved.slices().bytes());
      at += ENTRY_SIZE;
    }
    return farm.put(entries);
  }

  boolean has(ObjectId object) {
    return objects.containsKey(object);
  }

  /// All inodes, in the order of their ids.
  List<ObjectId> inodes() {
    List<ObjectId> inodes = new ArrayList<>();
    for (ObjectId object : objects.keySet()) {
      if (object.kind() == ObjectId.Kind.INODE) {
        inodes.add(object);
      }
    }
    return inodes;
  }

  /// Saves an object.
  void put(ObjectId object, int copies, int policy, ByteBuffer data) throws Failure {
    int count = (data.remaining() + SLICE_SIZE - 1) / SLICE_SIZE;
    ByteBuffer slices = SheepClient.allocate(count * DIGEST_SIZE);
    for (int from = 0; from < data.remaining(); from += SLICE_SIZE) {
      int length = Math.min(SLICE_SIZE, data.remaining() - from);
      slices.put(farm.put(data.slice(from, length)).bytes());
    }
    objects.put(object, new Saved(copies, policy, farm.put(slices.flip())));
  }

  /// The bytes of an object that was saved.
  ByteBuffer get(ObjectId object) throws Failure {
    Saved saved = saved(object).orElseThrow(() -> unread(object));
    try {
      ByteBuffer slices = farm.get(saved.slices());
      ByteBuffer data = SheepClient.allocate(object.size());
      while (slices.remaining() >= DIGEST_SIZE) {
        ByteBuffer slice = farm.get(Digest.read(slices));
        if (slice.remaining() > data.remaining()) {
          throw Farm.broken("object " + object + " has too many slices");
        }
        data.put(slice);
      }
      return data.rewind();
    } catch (Failure e) {
      throw e.and("Fail to load object, oid " + object);
    }
  }

  private Optional<Saved> saved(ObjectId object) {
    return Optional.ofNullable(objects.get(object));
  }

  private static Failure unread(ObjectId object) {
    return Farm.broken("Fail to load object, oid " + object);
  }
}

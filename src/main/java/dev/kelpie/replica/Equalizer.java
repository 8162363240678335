package dev.kelpie.replica;

import dev.kelpie.model.ObjectId;
import dev.kelpie.object.Extent;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/// Makes copies of an object equal. Whoever calls it has the object's turn alone, or the slot's.
final class Equalizer {
  private final String self;
  private final Everywhere everywhere;
  private final AtomicLong objects = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  Equalizer(String self, Everywhere everywhere) {
    this.self = self;
    this.everywhere = everywhere;
  }

  /// Makes the largest version that one of the nodes has the version of all of them.
  ///
  /// @param judges those of the nodes whose versions count
  /// @return that version
  /// @throws IOException where a node did not answer or has no space: they may differ yet
  Version equalize(Led led, ObjectId object, List<String> nodes, List<String> judges)
      throws IOException {
    Map<String, Version> versions =
        everywhere.ask(nodes, copies -> copies.version(led.claim, object));
    requireAll(nodes, versions, object);
    Map<String, Version> counting = new HashMap<>(versions);
    counting.keySet().retainAll(judges);
    Version largest = Collections.max(counting.values());
    List<String> others =
        nodes.stream().filter(node -> !largest.equals(versions.get(node))).toList();
    if (!others.isEmpty()) {
      String source = largest.equals(versions.get(self)) ? self : anyWith(versions, largest);
      copy(led, object, largest, source, others);
    }
    led.unequal.remove(object);
    return largest;
  }

  /// Makes another node's copy like this node's.
  void bring(Led led, ObjectId object, String node) throws IOException {
    Version here = everywhere.at(self).version(led.claim, object);
    if (!here.equals(everywhere.at(node).version(led.claim, object))) {
      copy(led, object, here, self, List.of(node));
    }
  }

  private void copy(Led led, ObjectId object, Version version, String source, List<String> others)
      throws IOException {
    Whole whole = everywhere.at(source).fetch(led.claim, object);
    if (!whole.version().equals(version)) {
      throw new IOException("object " + object + " changed at " + source + " without its turn");
    }
    Map<String, Copies.Result> results =
        everywhere.ask(others, copies -> copies.replace(led.claim, object, whole));
    requireAll(others, results, object);
    for (String node : others) {
      if (results.get(node) == Copies.Result.NO_SPACE) {
        throw new IOException(
            "node " + node + " has no space for its copy of object " + object + "; add a disk");
      }
    }
    objects.addAndGet(others.size());
    bytes.addAndGet(others.size() * size(whole));
  }

  private static long size(Whole whole) {
    return whole.extents().stream().mapToLong(Extent::length).sum();
  }

  /// What was copied so far.
  Copied copied() {
    return new Copied(objects.get(), bytes.get());
  }

  private static void requireAll(List<String> nodes, Map<String, ?> answers, ObjectId object)
      throws IOException {
    for (String node : nodes) {
      if (!answers.containsKey(node)) {
        throw new IOException("node " + node + " does not answer about object " + object);
      }
    }
  }

  private static String anyWith(Map<String, Version> versions, Version wanted) {
    return versions.entrySet().stream()
        .filter(entry -> entry.getValue().equals(wanted))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow();
  }
}

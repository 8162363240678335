package dev.kelpie.cluster.journal;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The records in memory: what the updates applied so far make. Guarded by who has it.
public final class Records {
  private static final int KEY_MAX = 512;
  private static final byte[] NOTHING = {};

  private final NavigableMap<String, Update> all = new TreeMap<>();
  private final Map<String, Set<String>> keysOfSessions = new HashMap<>();
  private long bytes;

  /// Refuses a value that no record may have.
  ///
  /// @throws IllegalArgumentException where the key or the value is too long
  public static void requireValid(String key, byte[] value) {
    int length = key.getBytes(StandardCharsets.UTF_8).length;
    if (length == 0 || length > KEY_MAX) {
      throw new IllegalArgumentException("a key has 1 to " + KEY_MAX + " bytes: " + key);
    }
    if (value.length > Coordination.VALUE_MAX) {
      throw new IllegalArgumentException("the value of " + key + " is too long");
    }
  }

  /// Refuses what no commit may be.
  ///
  /// @throws IllegalArgumentException where a key or a value is too long, or a key comes twice
  public static void requireValid(List<Put> changes, List<Check> checks) {
    Set<String> keys = new HashSet<>();
    for (Put put : changes) {
      requireValid(put.key(), put.value().orElse(NOTHING));
      requireOnce(put.key(), keys);
    }
    for (Check check : checks) {
      requireValid(check.key(), NOTHING);
      requireOnce(check.key(), keys);
    }
  }

  private static void requireOnce(String key, Set<String> keys) {
    if (!keys.add(key)) {
      throw new IllegalArgumentException(key + " comes twice in one commit");
    }
  }

  /// The record under this key; its value is the caller's own.
  public Optional<Stored> read(String key) {
    return Optional.ofNullable(all.get(key)).flatMap(Records::copy);
  }

  /// All records whose keys start with the prefix, in order; their values are the caller's own.
  public List<Stored> list(String prefix) {
    List<Stored> found = new ArrayList<>();
    for (Update made : all.tailMap(prefix, true).values()) {
      if (!made.key().startsWith(prefix)) {
        break;
      }
      copy(made).ifPresent(found::add);
    }
    return found;
  }

  /// What made the record; empty where there is none.
  Optional<Update> made(String key) {
    return Optional.ofNullable(all.get(key));
  }

  /// Refuses a commit that names a record of a session.
  ///
  /// @throws IllegalArgumentException where it does
  public void requireLasting(List<Put> changes, List<Check> checks) {
    Stream.concat(changes.stream().map(Put::key), checks.stream().map(Check::key))
        .filter(key -> session(key).isPresent())
        .findFirst()
        .ifPresent(key -> {
          throw new IllegalArgumentException(key + " goes with its maker");
        });
  }

  /// Whose end is this record's end; empty for a record that stays, and for none.
  public Optional<String> session(String key) {
    return made(key).flatMap(Update::session);
  }

  /// The keys of the records that go with a session.
  public Set<String> keysOf(String session) {
    return Set.copyOf(keysOfSessions.getOrDefault(session, Set.of()));
  }

  /// All sessions that have records.
  public Set<String> sessions() {
    return keysOfSessions.keySet();
  }

  /// Makes a change.
  public void apply(Update update) {
    Update old = all.remove(update.key());
    if (old != null) {
      bytes -= old.size();
      old.session().ifPresent(session -> leave(session, old.key()));
    }
    if (update.value().isPresent()) {
      all.put(update.key(), update);
      bytes += update.size();
      update
          .session()
          .ifPresent(session ->
              keysOfSessions.computeIfAbsent(session, _ -> new HashSet<>()).add(update.key()));
    }
  }

  private void leave(String session, String key) {
    keysOfSessions.computeIfPresent(
        session, (_, keys) -> keys.remove(key) && keys.isEmpty() ? null : keys);
  }

  /// What makes all these records anew.
  public Collection<Update> updates() {
    return List.copyOf(all.values());
  }

  /// The bytes that [#updates] take in frames.
  public long bytes() {
    return bytes;
  }

  /// The keys of all records that are not the same in the other ones.
  public Set<String> differences(Records other) {
    Set<String> keys = new TreeSet<>(all.keySet());
    keys.addAll(other.all.keySet());
    keys.removeIf(key -> same(made(key), other.made(key)));
    return keys;
  }

  private static boolean same(Optional<Update> one, Optional<Update> other) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.isEmpty() && other.isEmpty();
    }
    return one.get().version() == other.get().version()
        && one.get().session().equals(other.get().session())
        && Arrays.equals(one.get().value().orElseThrow(), other.get().value().orElseThrow());
  }

  private static Optional<Stored> copy(Update made) {
    return made.value().map(value -> new Stored(made.key(), value.clone(), made.version()));
  }
}

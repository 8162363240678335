package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// The coordination service of a simulated cluster: records, and sessions that end when nothing was
/// heard of them for their timeout, by the service's own clock. One thread uses it.
final class SimulatedRecords {
  /// Of a session, in nanoseconds of the service's clock.
  static final long TIMEOUT = 10_000_000_000L;

  private TreeMap<String, Stored> records = new TreeMap<>();
  private final Map<String, Long> makers = new HashMap<>();
  private final Map<Long, Long> heard = new HashMap<>();
  private long sessions;
  private long now;

  /// Lets time pass; sessions may end.
  void advance(long nanos) {
    now += nanos;
    List<Long> ended =
        heard.entrySet().stream()
            .filter(session -> now - session.getValue() > TIMEOUT)
            .map(Map.Entry::getKey)
            .toList();
    ended.forEach(this::end);
  }

  long open() {
    heard.put(++sessions, now);
    return sessions;
  }

  /// Something was heard of a session.
  ///
  /// @return whether it still is one
  boolean hear(long session) {
    return heard.computeIfPresent(session, (_, _) -> now) != null;
  }

  void end(long session) {
    heard.remove(session);
    List<String> gone =
        makers.entrySet().stream()
            .filter(made -> made.getValue() == session)
            .map(Map.Entry::getKey)
            .toList();
    for (String key : gone) {
      makers.remove(key);
      records.remove(key);
    }
  }

  Optional<Stored> read(String key) {
    return Optional.ofNullable(records.get(key));
  }

  List<Stored> list(String prefix) {
    return records.values().stream().filter(r -> r.key().startsWith(prefix)).toList();
  }

  boolean commit(List<Put> changes, List<Check> checks) {
    if (!changes.stream().allMatch(put -> version(put.key()) == put.expected())
        || !checks.stream().allMatch(check -> version(check.key()) == check.version())) {
      return false;
    }
    for (Put put : changes) {
      records.remove(put.key());
      put.value()
          .ifPresent(v -> records.put(put.key(), new Stored(put.key(), v, put.expected() + 1)));
    }
    return true;
  }

  private long version(String key) {
    return read(key).map(Stored::version).orElse(0L);
  }

  /// Makes a record that goes with a session.
  ///
  /// @return whether the key was free
  boolean announce(long session, String key, byte[] value) {
    if (records.containsKey(key) && !isMadeBy(key, session)) {
      return false;
    }
    records.put(key, new Stored(key, value, 1));
    makers.put(key, session);
    return true;
  }

  boolean isMadeBy(String key, long session) {
    return Objects.equals(makers.get(key), session);
  }

  void update(String key, byte[] value) {
    records.put(key, new Stored(key, value, version(key) + 1));
  }

  void withdraw(String key) {
    makers.remove(key);
    records.remove(key);
  }

  /// What an operator keeps of the lasting records.
  Map<String, Stored> backup() {
    TreeMap<String, Stored> kept = new TreeMap<>(records);
    kept.keySet().removeAll(makers.keySet());
    return kept;
  }

  /// Puts a backup in the place of the lasting records; all sessions are lost.
  void restore(Map<String, Stored> backup) {
    List.copyOf(heard.keySet()).forEach(this::end);
    records = new TreeMap<>(backup);
  }
}

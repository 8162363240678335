package dev.kelpie.cluster.journal;

import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.Put;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The next frame: changes that are decided one after the other, each seeing those before it.
public final class Draft {
  private final Records records;
  private final Map<String, Update> pending = new HashMap<>();
  private final List<Update> updates = new ArrayList<>();
  private long size;

  /// A draft on top of these records, which must stay as they are meanwhile.
  public Draft(Records records) {
    this.records = records;
  }

  /// What goes in the frame.
  public List<Update> updates() {
    return List.copyOf(updates);
  }

  /// The bytes of all of it.
  public long size() {
    return size;
  }

  /// Takes all changes in, or none.
  ///
  /// @return whether every record has the version that its change or check expects, and stays
  public boolean commit(List<Put> changes, List<Check> checks) {
    if (!changes.stream().allMatch(put -> isExpected(put.key(), put.expected()))
        || !checks.stream().allMatch(check -> isExpected(check.key(), check.version()))) {
      return false;
    }
    for (Put put : changes) {
      add(new Update(put.key(), put.expected() + 1, put.value()));
    }
    return true;
  }

  private boolean isExpected(String key, long version) {
    Optional<Update> now = now(key);
    return now.flatMap(Update::session).isEmpty() && now.map(Update::version).orElse(0L) == version;
  }

  /// Makes a record that goes with a session.
  ///
  /// @return whether the key was free
  public boolean announce(String key, byte[] value, String session) {
    if (now(key).isPresent()) {
      return false;
    }
    add(new Update(key, 1, Optional.of(value), Optional.of(session)));
    return true;
  }

  /// Gives a record of a session another value.
  ///
  /// @return whether the session has this record
  public boolean change(String key, byte[] value, String session) {
    Optional<Update> now = now(key).filter(update -> goesWith(update, session));
    now.ifPresent(update ->
        add(new Update(key, update.version() + 1, Optional.of(value), Optional.of(session))));
    return now.isPresent();
  }

  /// Deletes a record of a session.
  ///
  /// @return whether the session had this record
  public boolean withdraw(String key, String session) {
    boolean has = now(key).filter(update -> goesWith(update, session)).isPresent();
    if (has) {
      add(Update.deletion(key));
    }
    return has;
  }

  /// Deletes all records of a session.
  ///
  /// @return whether it had any
  public boolean bury(String session) {
    boolean any = false;
    for (String key : records.keysOf(session)) {
      any |= withdraw(key, session);
    }
    for (String key : List.copyOf(pending.keySet())) {
      any |= withdraw(key, session);
    }
    return any;
  }

  /// What makes the record as it will be; empty where there is none.
  private Optional<Update> now(String key) {
    Update before = pending.get(key);
    return before == null
        ? records.made(key)
        : Optional.of(before).filter(u -> u.value().isPresent());
  }

  private static boolean goesWith(Update update, String session) {
    return update.session().filter(session::equals).isPresent();
  }

  private void add(Update update) {
    pending.put(update.key(), update);
    updates.add(update);
    size += update.size();
  }
}

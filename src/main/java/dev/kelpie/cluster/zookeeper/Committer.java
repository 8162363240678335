package dev.kelpie.cluster.zookeeper;

import dev.kelpie.cluster.Coordination.Check;
import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.zookeeper.CommitSlots.Slot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;

/// Makes commits: one transaction of ZooKeeper each, which also changes a slot ([CommitSlots]).
final class Committer {
  private static final byte[] EMPTY = {};

  /// What ZooKeeper's servers take in one request, 0xfffff bytes, less some for the slot.
  private static final int SIZE_MAX = 1_040_000;

  /// Besides path and value, a change has its type, its version, lengths and a list of rights.
  private static final int SIZE_OF_CHANGE = 100;

  /// No znode has a higher version.
  private static final long VERSION_MAX = Integer.MAX_VALUE;

  private final Ensemble ensemble;
  private final Sessions sessions;
  private final Directories directories;

  Committer(Ensemble ensemble, Sessions sessions) {
    this.ensemble = ensemble;
    this.sessions = sessions;
    this.directories = new Directories(ensemble);
  }

  /// Makes all changes or none ([Coordination#commit]).
  boolean commit(List<Put> changes, List<Check> checks) throws IOException {
    List<Part> parts = new ArrayList<>();
    changes.forEach(put -> parts.add(new Part(put.key(), put.expected(), Optional.of(put))));
    checks.forEach(check -> parts.add(new Part(check.key(), check.version(), Optional.empty())));
    check(parts);
    if (parts.stream().anyMatch(part -> part.expected < 0 || part.expected > VERSION_MAX)) {
      return false;
    }
    Patience patience = ensemble.patience();
    try {
      while (!patience.isOver()) {
        Optional<Boolean> made = new Attempt(parts, patience).make();
        if (made.isPresent()) {
          return made.get();
        }
      }
      throw new IOException(ensemble.unanswered(patience));
    } catch (InDoubt e) {
      throw e;
    } catch (IOException e) {
      throw new IOException("not committed: " + e.getMessage(), e);
    }
  }

  private void check(List<Part> parts) throws IOException {
    Set<String> keys = new HashSet<>();
    long size = 0;
    for (Part part : parts) {
      Names.check(part.key, part.value());
      if (!keys.add(part.key)) {
        throw new IllegalArgumentException(part.key + " comes twice in one commit");
      }
      if (sessions.hasAnnounced(part.key)) {
        throw new IllegalArgumentException(part.key + " goes with its maker");
      }
      size += ensemble.names().record(part.key).length() + part.value().length + SIZE_OF_CHANGE;
    }
    if (size > SIZE_MAX) {
      throw new IOException(
          "not committed: "
              + parts.size()
              + " changes with "
              + size
              + " bytes are more than ZooKeeper takes at once, which is "
              + SIZE_MAX);
    }
  }

  /// What a commit has to do with one record.
  ///
  /// @param expected the version that the record has; 0 where there must be none
  /// @param put the change; empty where the record is checked only
  private record Part(String key, long expected, Optional<Put> put) {
    byte[] value() {
      return put.flatMap(Put::value).orElse(EMPTY);
    }

    /// Whether there is to be a record afterwards that is this commit's.
    boolean makesValue() {
      return put.flatMap(Put::value).isPresent();
    }
  }

  /// One try of a commit, in one session.
  private final class Attempt {
    private final List<Part> parts;
    private final Patience patience;
    private final List<Op> operations = new ArrayList<>();

    /// For each operation the part that it belongs to; empty for the slot's.
    private final List<Optional<Part>> reasons = new ArrayList<>();

    Attempt(List<Part> parts, Patience patience) {
      this.parts = parts;
      this.patience = patience;
    }

    /// @return whether the commit was made; empty where it was certainly not, and is to be tried
    ///   again
    Optional<Boolean> make() throws IOException {
      Session session = sessions.connected(patience);
      Optional<Client> client = session.client(patience);
      Optional<CommitSlots> slots = session.slots();
      if (client.isEmpty() || slots.isEmpty()) {
        return Optional.empty();
      }
      Slot slot = slots.get().take();
      add(slot.commit(), Optional.empty());
      parts.forEach(this::add);
      Answer<List<OpResult>> answer = client.get().multi(operations);
      Code code = answer.await(patience);
      if (code == Code.OK) {
        slot.step();
        return Optional.of(true);
      } else if (Lost.isMeantBy(code)) {
        return wasMade(session, slot, code) ? Optional.of(true) : Optional.empty();
      }
      return refused(Client.firstRefused(answer.value()), code, slot, client.get());
    }

    private void add(Part part) {
      String znode = ensemble.names().record(part.key);
      if (part.expected > 0) {
        int version = Math.toIntExact(part.expected - 1);
        add(
            part.put.isEmpty()
                ? Op.check(znode, version)
                : part.makesValue()
                    ? Op.setData(znode, part.value(), version)
                    : Op.delete(znode, version),
            Optional.of(part));
        return;
      }
      add(
          Op.create(znode, part.value(), ensemble.settings().acl(), CreateMode.PERSISTENT),
          Optional.of(part));
      if (!part.makesValue()) {
        // That there is no record can be asked in no other way: the two are one transaction, of
        // which nothing stays.
        add(Op.delete(znode, 0), Optional.of(part));
      }
    }

    private void add(Op operation, Optional<Part> part) {
      operations.add(operation);
      reasons.add(part);
    }

    private Optional<Boolean> refused(int which, Code code, Slot slot, Client client)
        throws IOException {
      Optional<Part> part = reasons.get(which);
      if (part.isEmpty()) {
        // Not given back: somebody has meddled with the slot. Or its directory is missing.
        if (code == Code.NONODE) {
          directories.makeFor(slot.znode(), client, patience);
          return Optional.empty();
        } else if (Slot.isOvertaken(code)) {
          return Optional.empty();
        }
        throw ensemble.refused(slot.znode() + " cannot be changed", code);
      }
      slot.leave();
      if (code == Code.NONODE && part.get().expected == 0) {
        directories.makeFor(ensemble.names().record(part.get().key), client, patience);
        return Optional.empty();
      } else if (code == Code.NONODE || Slot.isOvertaken(code)) {
        return Optional.of(false);
      }
      throw ensemble.refused(part.get().key + " cannot be changed", code);
    }

    /// Finds out what became of a commit whose answer was lost.
    private boolean wasMade(Session session, Slot slot, Code why) throws InDoubt {
      while (!patience.isOver()) {
        Client client = reconnected(session, why);
        Code code = client.multi(List.of(slot.withdraw())).await(patience);
        if (code == Code.OK) {
          slot.step();
          return false;
        } else if (Slot.isOvertaken(code)) {
          Answer<Client.Data> value = client.data(slot.znode());
          if (value.await(patience) == Code.OK) {
            slot.step();
            return slot.isCommitted(value.value().value());
          }
        } else if (!Lost.isMeantBy(code)) {
          throw inDoubt(code);
        }
      }
      throw inDoubt(why);
    }

    private Client reconnected(Session session, Code why) throws InDoubt {
      try {
        return session.client(patience).orElseThrow(() -> inDoubt(why));
      } catch (InDoubt e) {
        throw e;
      } catch (IOException e) {
        throw inDoubt(why);
      }
    }

    private InDoubt inDoubt(Code why) {
      String keys = parts.stream().map(Part::key).collect(Collectors.joining(", "));
      return new InDoubt(
          "committed or not: "
              + keys
              + ": the connection to ZooKeeper was lost at the wrong moment ("
              + why
              + "); the records say so when "
              + ensemble.settings().servers()
              + " can be reached again",
          new Lost(why));
    }
  }
}

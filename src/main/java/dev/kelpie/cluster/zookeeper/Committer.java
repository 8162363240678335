package dev.kelpie.cluster.zookeeper;

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
  boolean commit(List<Put> changes) throws IOException {
    check(changes);
    if (changes.stream().anyMatch(put -> put.expected() < 0 || put.expected() > VERSION_MAX)) {
      return false;
    }
    Patience patience = ensemble.patience();
    try {
      while (!patience.isOver()) {
        Optional<Boolean> made = new Attempt(changes, patience).make();
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

  private void check(List<Put> changes) throws IOException {
    Set<String> keys = new HashSet<>();
    long size = 0;
    for (Put put : changes) {
      Names.check(put.key(), put.value().orElse(EMPTY));
      if (!keys.add(put.key())) {
        throw new IllegalArgumentException("two changes of " + put.key() + " in one commit");
      }
      if (sessions.hasAnnounced(put.key())) {
        throw new IllegalArgumentException(put.key() + " goes with its maker");
      }
      size +=
          ensemble.names().record(put.key()).length()
              + put.value().orElse(EMPTY).length
              + SIZE_OF_CHANGE;
    }
    if (size > SIZE_MAX) {
      throw new IOException(
          "not committed: "
              + changes.size()
              + " changes with "
              + size
              + " bytes are more than ZooKeeper takes at once, which is "
              + SIZE_MAX);
    }
  }

  /// One try of a commit, in one session.
  private final class Attempt {
    private final List<Put> changes;
    private final Patience patience;
    private final List<Op> operations = new ArrayList<>();

    /// For each operation the change that it is a part of; empty for the slot's.
    private final List<Optional<Put>> parts = new ArrayList<>();

    Attempt(List<Put> changes, Patience patience) {
      this.changes = changes;
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
      changes.forEach(this::add);
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

    private void add(Put put) {
      String znode = ensemble.names().record(put.key());
      if (put.expected() > 0) {
        int version = Math.toIntExact(put.expected() - 1);
        add(
            put.value()
                .map(value -> Op.setData(znode, value, version))
                .orElseGet(() -> Op.delete(znode, version)),
            Optional.of(put));
        return;
      }
      add(
          Op.create(
              znode, put.value().orElse(EMPTY), ensemble.settings().acl(), CreateMode.PERSISTENT),
          Optional.of(put));
      if (put.value().isEmpty()) {
        // That there is no record can be asked in no other way.
        add(Op.delete(znode, 0), Optional.of(put));
      }
    }

    private void add(Op operation, Optional<Put> part) {
      operations.add(operation);
      parts.add(part);
    }

    private Optional<Boolean> refused(int which, Code code, Slot slot, Client client)
        throws IOException {
      Optional<Put> put = parts.get(which);
      if (put.isEmpty()) {
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
      if (code == Code.NONODE && put.get().expected() == 0) {
        directories.makeFor(ensemble.names().record(put.get().key()), client, patience);
        return Optional.empty();
      } else if (code == Code.NONODE || Slot.isOvertaken(code)) {
        return Optional.of(false);
      }
      throw ensemble.refused(put.get().key() + " cannot be changed", code);
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
      String keys = changes.stream().map(Put::key).collect(Collectors.joining(", "));
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

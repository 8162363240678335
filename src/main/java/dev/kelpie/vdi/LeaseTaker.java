package dev.kelpie.vdi;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.log.Log;
import dev.kelpie.model.Generation;
import dev.kelpie.model.VdiId;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Takes leases for a node, and reports what was lost with a node that had one.
final class LeaseTaker {
  private final Platform platform;
  private final Log log;
  private final Coordination coordination;
  private final String node;
  private final Owners owners;

  LeaseTaker(Platform platform, Log log, Coordination coordination, String node, Owners owners) {
    this.platform = platform;
    this.log = log;
    this.coordination = coordination;
    this.node = node;
    this.owners = owners;
  }

  /// Takes a lease that no living node has, with a new generation. What a dead node's cache held of
  /// acknowledged writes is lost then, and the lease says so (I8).
  ///
  /// @return empty where its record has changed meanwhile
  /// @throws LeaseElsewhere where another node has it that may live
  Optional<Lease> take(VdiId vdi, String cacheId) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lease(vdi));
    LeaseRecord before = new LeaseRecord("", LeaseBook.NO_CACHE, Generation.NONE, 0, "");
    List<Put> puts = new ArrayList<>();
    if (stored.isPresent()) {
      before = LeaseRecord.decode(vdi, stored.get().value());
      if (!before.owner().isEmpty() && !before.owner().equals(node)) {
        requireDead(vdi, before.owner());
        puts.add(taken(before.owner()));
      }
    }
    LeaseRecord record = withoutCached(before).next(node, cacheId);
    long version = stored.map(Stored::version).orElse(0L);
    puts.add(new Put(Keys.lease(vdi), Optional.of(record.encode()), version));
    if (!coordination.commit(puts)) {
      return Optional.empty();
    }
    alertOfLoss(vdi, before);
    return Optional.of(new Lease(vdi, record, version + 1, platform.locks().mutex()));
  }

  private void requireDead(VdiId vdi, String owner) throws IOException {
    if (owners.mayLive(owner)) {
      throw new LeaseElsewhere(title(vdi), owner);
    }
  }

  /// Tells a node that was taken for dead what happened, should it live.
  private Put taken(String owner) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.TAKEN + owner);
    long version = stored.map(Stored::version).orElse(0L);
    return new Put(Keys.TAKEN + owner, Optional.of(new byte[0]), version);
  }

  /// The lease when what its cache held is gone: if that was marked unflushed, writes are lost.
  static LeaseRecord withoutCached(LeaseRecord record) {
    return record.unflushedSince() == 0
        ? record
        : record.withUnflushedSince(0).withLoss(lossOf(record));
  }

  private static String lossOf(LeaseRecord record) {
    return "those made since "
        + Instant.ofEpochMilli(record.unflushedSince())
        + " that no flush covered; the cache that held them is gone or did not survive a power"
        + " failure";
  }

  /// Whether the records say that this node has the lease of a VDI.
  boolean isOurs(VdiId vdi) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lease(vdi));
    return stored.isPresent() && LeaseRecord.decode(vdi, stored.get().value()).owner().equals(node);
  }

  /// Reads the record of a lease again. Called with its lock.
  ///
  /// @return whether it is still this node's, in the same generation
  boolean refresh(Lease lease) throws IOException {
    Optional<Stored> stored = coordination.read(Keys.lease(lease.vdi));
    if (stored.isEmpty()) {
      return false;
    }
    LeaseRecord now = LeaseRecord.decode(lease.vdi, stored.get().value());
    if (!now.owner().equals(node) || !now.generation().equals(lease.generation())) {
      return false;
    }
    lease.record = now;
    lease.version = stored.get().version();
    return true;
  }

  /// Tells the operator, where what this lease covered is lost.
  void alertOfLoss(VdiId vdi, LeaseRecord before) {
    if (before.unflushedSince() != 0) {
      log.alert(title(vdi) + ": acknowledged writes are lost: " + lossOf(before));
    }
  }

  /// Whether another node may be alive.
  boolean mayLive(String other) throws IOException {
    return owners.mayLive(other);
  }

  /// A VDI as people know it.
  String title(VdiId vdi) {
    try {
      Optional<Stored> stored = coordination.read(Keys.vdi(vdi));
      if (stored.isPresent()) {
        return "VDI " + VdiRecord.decode(vdi, stored.get().value()).name() + " (" + vdi + ")";
      }
    } catch (IOException e) {
      log.debug("the name of VDI " + vdi + " cannot be read: " + e);
    }
    return "VDI " + vdi;
  }
}

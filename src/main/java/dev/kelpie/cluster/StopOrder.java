package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Coordination.Watch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// That all nodes stop together, because an operator wants it: a record with the incarnations that
/// are meant, 8 bytes each, big-endian. So a node that is started again is not.
public final class StopOrder {
  private static final String KEY = "stop";

  private final Coordination records;

  public StopOrder(Coordination records) {
    this.records = records;
  }

  /// Gives the order to all who can be seen.
  public void give() throws IOException {
    boolean given = false;
    while (!given) {
      Optional<Stored> before = records.read(KEY);
      List<Announcement> all = Roll.call(records);
      ByteBuffer value = ByteBuffer.allocate(all.size() * Long.BYTES);
      all.forEach(node -> value.putLong(node.incarnation()));
      long version = before.map(Stored::version).orElse(0L);
      given = records.commit(List.of(new Put(KEY, Optional.of(value.array()), version)));
    }
  }

  /// The incarnations that are to stop.
  public List<Long> meant() throws IOException {
    List<Long> meant = new ArrayList<>();
    Optional<Stored> order = records.read(KEY);
    if (order.isPresent()) {
      ByteBuffer value = ByteBuffer.wrap(order.get().value());
      while (value.remaining() >= Long.BYTES) {
        meant.add(value.getLong());
      }
    }
    return meant;
  }

  /// Calls `given` when it was given.
  public Watch watch(Runnable given) throws IOException {
    return records.watch(KEY, given);
  }
}

package dev.kelpie.vdi;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// 1024 entries of an object map in memory. Entries change only after the store has answered the
/// write of them, so readers never see what a client could still be told has failed.
///
/// It also knows which entries were written without being durable, by tickets: a write takes the
/// next ticket of the inode when it is answered, and a flush makes durable all tickets that were
/// given out before it began.
final class MapPage {
  static final int ENTRIES = 1024;
  static final int SIZE = ENTRIES * InodeLayout.ENTRY_SIZE;

  private final AtomicIntegerArray entries = new AtomicIntegerArray(ENTRIES);
  private final ObjectId[] objects = new ObjectId[ENTRIES];
  private final BitSet deferred = new BitSet();
  private volatile long deferredTicket;
  private int pins;
  private boolean evicted;
  private boolean used = true;

  MapPage(byte[] stored) {
    ByteBuffer from = ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < ENTRIES; i++) {
      entries.setPlain(i, from.getInt());
    }
  }

  /// The entry, or [Inode#UNKNOWN].
  int entry(int slot) {
    if (!used) {
      used = true;
    }
    return entries.get(slot);
  }

  /// The object that a non-zero entry names; made once.
  ObjectId object(int slot, int index, int owner) {
    ObjectId object = objects[slot];
    if (object == null || object.vdiBits() != owner) {
      object = ObjectId.data(new VdiId(owner), index);
      objects[slot] = object;
    }
    return object;
  }

  void set(int slot, int value) {
    entries.set(slot, value);
  }

  /// A write of these entries was answered; they are durable when the ticket is.
  synchronized void deferred(int first, int count, long ticket) {
    deferred.set(first, first + count);
    deferredTicket = Math.max(deferredTicket, ticket);
  }

  /// These entries are durable.
  synchronized void durable(int first, int count) {
    deferred.clear(first, first + count);
  }

  /// Whether an entry may be lost by a power cut.
  ///
  /// @param durableTicket all tickets up to this one are durable
  boolean isDeferred(int slot, long durableTicket) {
    if (deferredTicket <= durableTicket) {
      return false;
    }
    synchronized (this) {
      return deferred.get(slot);
    }
  }

  /// Starts over with the knowledge that all tickets up to this one are durable.
  synchronized void flushed(long durableTicket) {
    if (deferredTicket <= durableTicket) {
      deferred.clear();
    }
  }

  /// Keeps the page in memory until [#unpin].
  ///
  /// @return false where it has left memory already
  synchronized boolean pin() {
    if (evicted) {
      return false;
    }
    pins++;
    return true;
  }

  synchronized void unpin() {
    pins--;
  }

  /// Lets the page go if it may: it is not pinned, was not used since the last time it was asked,
  /// and everything that it knows is in the store.
  ///
  /// @return whether it is gone
  synchronized boolean evict(long durableTicket) {
    boolean wasUsed = used;
    used = false;
    evicted = !wasUsed && pins == 0 && deferredTicket <= durableTicket;
    return evicted;
  }
}

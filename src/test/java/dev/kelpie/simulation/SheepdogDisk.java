package dev.kelpie.simulation;

import dev.kelpie.frontend.sheepdog.WireDoor;
import dev.kelpie.frontend.sheepdog.WireDoor.Reply;
import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// A disk over the Sheepdog protocol. Does the bookkeeping that QEMU's driver does: looks an object
/// up in the map, creates it where it is not the VDI's own, then writes the entry, in the mode of
/// the write. Unlike the driver it reads the entry each time, since others change the map too.
/// Between a change and the entry nobody else may create the same object, which would be made anew,
/// or discard it, which the entry would name all the same: the protocol leaves that to clients,
/// which have a VDI each.
final class SheepdogDisk implements DiskClient {
  private static final int TRIES = 50;

  private final WireDoor.Client client;
  private final String name;

  /// 0 for the working VDI.
  private final int snapId;

  private final ReadWriteLock naming;
  private final Lock clearing;

  /// For a client that does not change the map.
  SheepdogDisk(WireDoor.Client client, String name, int snapId) {
    this(client, name, snapId, new ReentrantReadWriteLock(), new ReentrantLock());
  }

  /// @param naming had alone by the client of a disk that creates or discards an object
  /// @param clearing had while an object is changed and named, so that no other client clears it
  SheepdogDisk(
      WireDoor.Client client, String name, int snapId, ReadWriteLock naming, Lock clearing) {
    this.client = client;
    this.name = name;
    this.snapId = snapId;
    this.naming = naming;
    this.clearing = clearing;
  }

  /// The payload that names a VDI.
  static byte[] payload(String name) {
    return VdiName.toField(name, 256);
  }

  /// The id of the VDI now; 0 where there is none.
  int lookup() throws IOException {
    RequestFields fields = RequestFields.Vdi.lookup(snapId);
    byte[] payload = new byte[512];
    System.arraycopy(payload(name), 0, payload, 0, 256);
    Reply reply = client.send(Opcode.GET_VDI_INFO, 0, fields, payload);
    if (reply.result() == ResultCode.NO_VDI.code() || reply.result() == ResultCode.NO_TAG.code()) {
      return 0;
    }
    return good("GET_VDI_INFO", reply).vdi();
  }

  /// Opens the VDI as a client does that starts from what is there.
  void open() throws IOException {
    byte[] payload = new byte[512];
    System.arraycopy(payload(name), 0, payload, 0, 256);
    good("LOCK_VDI", client.send(Opcode.LOCK_VDI, 0, RequestFields.Vdi.lookup(snapId), payload));
  }

  /// The size of the disk in bytes.
  long size() throws IOException {
    Reply reply = readObject(inode(there()), RequestFlags.CACHE, InodeHeader.SIZE_OFFSET, 8);
    return little(good("READ_OBJ", reply).data()).getLong();
  }

  private int there() throws IOException {
    int vid = lookup();
    if (vid == 0) {
      throw new Refused("there is no VDI " + name);
    }
    return vid;
  }

  @Override
  public byte[] read(long offset, int length) throws IOException {
    return read(offset, length, RequestFlags.CACHE);
  }

  /// Reads with these flags.
  byte[] read(long offset, int length, int flags) throws IOException {
    byte[] bytes = new byte[length];
    int done = 0;
    while (done < length) {
      int index = (int) ((offset + done) / ObjectId.DATA_SIZE);
      int within = (int) ((offset + done) % ObjectId.DATA_SIZE);
      int now = Math.min(length - done, ObjectId.DATA_SIZE - within);
      byte[] part = readPart(index, within, now, flags);
      System.arraycopy(part, 0, bytes, done, now);
      done += now;
    }
    return bytes;
  }

  private byte[] readPart(int index, int within, int length, int flags) throws IOException {
    for (int i = 0; i < TRIES; i++) {
      int vid = there();
      int entry = entry(vid, index);
      if (entry == 0) {
        return new byte[length];
      }
      Reply reply = readObject(ObjectId.data(new VdiId(entry), index), flags, within, length);
      if (reply.result() != ResultCode.NO_OBJ.code()) {
        return good("READ_OBJ", reply).data();
      }
    }
    throw new Refused("the map of " + name + " names object " + index + ", which is not there");
  }

  @Override
  public void write(long offset, byte[] bytes, int dice) throws IOException {
    int done = 0;
    while (done < bytes.length) {
      int index = (int) ((offset + done) / ObjectId.DATA_SIZE);
      int within = (int) ((offset + done) % ObjectId.DATA_SIZE);
      int now = Math.min(bytes.length - done, ObjectId.DATA_SIZE - within);
      byte[] part = new byte[now];
      System.arraycopy(bytes, done, part, 0, now);
      writePart(index, within, part, flags(dice));
      done += now;
    }
  }

  private void writePart(int index, int within, byte[] bytes, int flags) throws IOException {
    boolean done = false;
    for (int i = 0; i < TRIES && !done; i++) {
      int vid = there();
      boolean creates = entry(vid, index) != vid;
      if (!creates && flags == RequestFlags.CACHE) {
        done = change(vid, index, within, bytes, flags, false);
        continue;
      }
      Lock lock = creates ? naming.writeLock() : naming.readLock();
      lock.lock();
      clearing.lock();
      try {
        done = change(vid, index, within, bytes, flags, creates);
      } finally {
        clearing.unlock();
        lock.unlock();
      }
    }
    if (!done) {
      throw new Refused("object " + index + " of " + name + " keeps changing");
    }
  }

  /// Writes to an object, or creates it and names it in the map.
  ///
  /// @return false where the client has to look again
  private boolean change(int vid, int index, int within, byte[] bytes, int flags, boolean mayCreate)
      throws IOException {
    int entry = entry(vid, index);
    if (entry != vid && !mayCreate) {
      return false;
    }
    ObjectId object = ObjectId.data(new VdiId(vid), index);
    Reply written =
        entry == vid
            ? client.send(Opcode.WRITE_OBJ, flags, RequestFields.Obj.at(object, within), bytes)
            : create(object, entry, within, bytes, flags);
    if (isLate(written)) {
      return false;
    }
    good("write", written);
    if (entry != vid || flags != RequestFlags.CACHE) {
      Reply named = writeEntry(vid, index, flags);
      if (isLate(named)) {
        return false;
      }
      good("write of an entry", named);
    }
    return true;
  }

  /// Whether the VDI was frozen, or the object discarded, since the client looked.
  private static boolean isLate(Reply reply) {
    return reply.result() == ResultCode.READONLY.code()
        || reply.result() == ResultCode.NO_OBJ.code();
  }

  private Reply create(ObjectId object, int entry, int within, byte[] bytes, int flags)
      throws IOException {
    RequestFields.Obj fields = RequestFields.Obj.at(object, within);
    return entry == 0
        ? client.send(Opcode.CREATE_AND_WRITE_OBJ, flags, fields, bytes)
        : client.send(
            Opcode.CREATE_AND_WRITE_OBJ,
            flags | RequestFlags.COW,
            fields.copying(ObjectId.data(new VdiId(entry), object.index())),
            bytes);
  }

  private Reply writeEntry(int vid, int index, int flags) throws IOException {
    byte[] entry = new byte[4];
    little(entry).putInt(vid);
    return client.send(
        Opcode.WRITE_OBJ,
        flags,
        RequestFields.Obj.at(inode(vid), InodeHeader.MAP_OFFSET + index * 4L),
        entry);
  }

  /// Sends a change of an object that the VDI has, and does not wait for the answer.
  ///
  /// @param creates whether it says CREATE
  /// @return whether there is such an object
  boolean sendOnly(int vid, long offset, byte[] bytes, boolean creates) throws IOException {
    int index = (int) (offset / ObjectId.DATA_SIZE);
    if (vid == 0 || entry(vid, index) != vid) {
      return false;
    }
    client.sendOnly(opcode(creates), 0, range(vid, offset), bytes);
    return true;
  }

  /// Sends the same again.
  ///
  /// @return false where the VDI is frozen since, or the object discarded
  boolean sendAgain(int vid, long offset, byte[] bytes, boolean creates) throws IOException {
    Reply reply = client.send(opcode(creates), 0, range(vid, offset), bytes);
    if (isLate(reply)) {
      return false;
    }
    good("a request that is sent again", reply);
    return true;
  }

  private static Opcode opcode(boolean creates) {
    return creates ? Opcode.CREATE_AND_WRITE_OBJ : Opcode.WRITE_OBJ;
  }

  private static RequestFields range(int vid, long offset) {
    ObjectId object = ObjectId.data(new VdiId(vid), (int) (offset / ObjectId.DATA_SIZE));
    return RequestFields.Obj.at(object, offset % ObjectId.DATA_SIZE);
  }

  @Override
  public boolean isDurable(int dice) {
    return flags(dice) != RequestFlags.CACHE;
  }

  private static int flags(int dice) {
    return switch (dice % 4) {
      case 0 -> RequestFlags.DIRECT;
      case 1 -> 0;
      default -> RequestFlags.CACHE;
    };
  }

  @Override
  public void flush(int dice) throws IOException {
    ObjectId inode = inode(there());
    switch (dice % 3) {
      case 0 ->
          good(
              "WRITE_OBJ of nothing",
              client.send(Opcode.WRITE_OBJ, RequestFlags.CACHE, RequestFields.Obj.at(inode, 0)));
      case 1 -> {
        RequestFields fields = new RequestFields.Vdi(0, inode.vdi().value(), 0, 0, 0, 0, 0, 0);
        good("RELEASE_VDI", client.send(Opcode.RELEASE_VDI, 0, fields, payload(name)));
      }
      default ->
          good("FLUSH_VDI", client.ask(Opcode.FLUSH_VDI, 0, 0, RequestFields.Obj.at(inode, 0)));
    }
  }

  /// Has the cache push and drop the VDI.
  void drop() throws IOException {
    good(
        "DELETE_CACHE",
        client.ask(Opcode.DELETE_CACHE, 0, 0, RequestFields.Obj.at(inode(there()), 0)));
  }

  @Override
  public void clear(long offset, int length, int dice) throws IOException {
    write(offset, new byte[length], dice);
  }

  /// Discards an object.
  ///
  /// @return false where that is refused since a block device is attached
  boolean discard(int index, int dice) throws IOException {
    naming.writeLock().lock();
    try {
      return discardAlone(index, dice);
    } finally {
      naming.writeLock().unlock();
    }
  }

  private boolean discardAlone(int index, int dice) throws IOException {
    Reply reply;
    int tries = 0;
    do { // again where the VDI was frozen since the client looked
      ObjectId object = ObjectId.data(new VdiId(there()), index);
      reply = client.ask(Opcode.DISCARD_OBJ, flags(dice), 0, RequestFields.Obj.at(object, 0));
      tries++;
    } while (reply.result() == ResultCode.READONLY.code() && tries < TRIES);
    if (reply.result() == ResultCode.EIO.code() || isLate(reply)) {
      return false;
    }
    good("DISCARD_OBJ", reply);
    return true;
  }

  @Override
  public boolean isClearDurable(int dice) {
    return isDurable(dice);
  }

  @Override
  public void prefetch(long offset, int length) throws IOException {
    read(offset, length);
  }

  private int entry(int vid, int index) throws IOException {
    Reply reply =
        readObject(inode(vid), RequestFlags.CACHE, InodeHeader.MAP_OFFSET + index * 4L, 4);
    return little(good("READ_OBJ of an entry", reply).data()).getInt();
  }

  private Reply readObject(ObjectId object, int flags, long offset, int length) throws IOException {
    return client.ask(Opcode.READ_OBJ, flags, length, RequestFields.Obj.at(object, offset));
  }

  private static ObjectId inode(int vid) {
    return ObjectId.inode(new VdiId(vid));
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Reply good(String what, Reply reply) throws Refused {
    if (reply.result() != 0) {
      throw new Refused(what + ": " + ResultCode.text(reply.result()));
    }
    return reply;
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}

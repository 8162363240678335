package dev.kelpie.client;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The bytes of one request (spec §1.2).
final class Request {
  static final int SIZE = 48;

  static final int CREATE = 0x01;
  static final int READ = 0x02;
  static final int WRITE = 0x03;
  static final int REMOVE = 0x04;
  static final int DISCARD = 0x05;
  static final int NEW_VDI = 0x11;
  static final int LOCK_VDI = 0x12;
  static final int RELEASE_VDI = 0x13;
  static final int GET_VDI_INFO = 0x14;
  static final int READ_VDIS = 0x15;
  static final int FLUSH_VDI = 0x16;
  static final int DEL_VDI = 0x17;
  static final int GET_CLUSTER_DEFAULT = 0x18;
  static final int GET_VDI_COPIES = 0xab;
  static final int DELETE_CACHE = 0xb0;
  static final int OIDS_EXIST = 0xc6;

  static final int F_WRITE = 0x01;
  static final int F_COW = 0x02;
  static final int F_CACHE = 0x04;
  static final int F_DIRECT = 0x08;
  static final int F_PIGGYBACK = 0x10;
  static final int F_TGT = 0x20;

  static final int BITMAP = 2_097_152;
  static final int OBJECT = 4_194_304;

  /// What QEMU and tgt read of an inode.
  static final int INODE = 4_198_968;

  /// The part of an inode in front of the map.
  static final int HEADER = 4664;

  private final ByteBuffer header = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
  private byte[] payload = new byte[0];

  /// A request without payload.
  ///
  /// @param length the room for the reply's payload
  static Request of(int opcode, int flags, int length) {
    Request request = new Request();
    return request.u8(1, opcode).u16(2, flags).u32(12, length);
  }

  /// A request with payload; flag WRITE is added.
  static Request with(int opcode, int flags, byte[] payload) {
    Request request = of(opcode, flags | F_WRITE, payload.length);
    request.payload = payload.clone();
    return request;
  }

  /// A name, or a name and a tag, as the payload.
  static byte[] text(int size, String name, String tag) {
    byte[] payload = new byte[size];
    put(payload, 0, name);
    if (size > 256) {
      put(payload, 256, tag);
    }
    return payload;
  }

  private static void put(byte[] into, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, into, at, Math.min(256, bytes.length));
  }

  static long inode(int vid) {
    return 1L << 63 | (long) vid << 32;
  }

  static long data(int vid, int index) {
    return (long) vid << 32 | index;
  }

  static long vmState(int vid, int index) {
    return 1L << 62 | data(vid, index);
  }

  /// Where the map has the entry of an object.
  static int entry(int index) {
    return HEADER + 4 * index;
  }

  Request object(long object, long offset) {
    return u64(16, object).u64(40, offset);
  }

  Request copyOf(long object) {
    return u64(24, object);
  }

  Request protocol(int version) {
    return u8(0, version);
  }

  Request id(int id) {
    return u32(8, id);
  }

  Request u8(int at, int value) {
    header.put(at, (byte) value);
    return this;
  }

  Request u16(int at, int value) {
    header.putShort(at, (short) value);
    return this;
  }

  Request u32(int at, int value) {
    header.putInt(at, value);
    return this;
  }

  Request u64(int at, long value) {
    header.putLong(at, value);
    return this;
  }

  int opcode() {
    return header.get(1) & 0xff;
  }

  int id() {
    return header.getInt(8);
  }

  int length() {
    return header.getInt(12);
  }

  boolean writes() {
    return (header.getShort(2) & F_WRITE) != 0;
  }

  /// Whether a payload goes both ways: only OIDS_EXIST has one.
  boolean hasBoth() {
    return opcode() == OIDS_EXIST && (header.getShort(2) & F_PIGGYBACK) != 0;
  }

  /// Header and payload as they go over the wire.
  byte[] bytes() {
    byte[] all = Arrays.copyOf(header.array(), SIZE + payload.length);
    System.arraycopy(payload, 0, all, SIZE, payload.length);
    return all;
  }

  @Override
  public String toString() {
    return String.format(
        "opcode 0x%02x flags 0x%x id %d length %d at %016x",
        opcode(), header.getShort(2), id(), length(), header.getLong(16));
  }
}

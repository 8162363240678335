package dev.kelpie.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;

/// A reply whose header was checked, byte by byte (spec §1.1 rules 2 to 5, §1.3).
///
/// @param header 48 bytes, little-endian
record Reply(Request request, ByteBuffer header, byte[] data) {
  static final int SUCCESS = 0;
  static final int NO_OBJ = 0x02;
  static final int EIO = 0x03;
  static final int VDI_EXIST = 0x04;
  static final int INVALID_PARMS = 0x05;
  static final int NO_VDI = 0x08;
  static final int NO_TAG = 0x0e;
  static final int VER_MISMATCH = 0x14;
  static final int READONLY = 0x1a;

  private static final int RESULT = 16;
  private static final int VDI_ID = 24;
  private static final int COPIES = 32;

  int result() {
    return header.getInt(RESULT);
  }

  int vid() {
    return header.getInt(VDI_ID);
  }

  int copies() {
    return header.get(COPIES) & 0xff;
  }

  Reply is(int result) {
    assertEquals(
        result, result(), () -> "result " + Integer.toHexString(result()) + " to " + request);
    return this;
  }

  /// How many bytes follow a header that answers a request, after a check of all 48.
  static int check(Request request, ByteBuffer header, int epoch) {
    assertEquals(0, header.get(0), () -> "protocol version to " + request);
    assertEquals(request.opcode(), header.get(1) & 0xff, () -> "opcode to " + request);
    assertEquals(0, header.getShort(2), () -> "flags to " + request);
    assertEquals(epoch, header.getInt(4), () -> "epoch to " + request);
    assertEquals(request.id(), header.getInt(8), () -> "id to " + request);
    int result = header.getInt(RESULT);
    assertTrue(
        result >= 0 && result < 0x100,
        () -> "result " + Integer.toHexString(result) + " to " + request);
    boolean open = request.opcode() < 0x80;
    assertTrue(!open || result < 0x80, () -> "a result that no client knows to " + request);
    int length = header.getInt(12);
    if (open) {
      assertEquals(expected(request, result), length, () -> "data length to " + request);
      checkFields(request, header, result);
    } else {
      boolean may = !request.writes() || request.hasBoth();
      assertTrue(length == 0 || may, () -> "data length to " + request);
      boolean fits = Integer.compareUnsigned(length, request.length()) <= 0;
      assertTrue(fits, () -> "more than there is room for to " + request);
    }
    return length;
  }

  private static int expected(Request request, int result) {
    boolean reads = request.opcode() == Request.READ || request.opcode() == Request.READ_VDIS;
    return reads && result == SUCCESS && !request.writes() ? request.length() : 0;
  }

  /// The last 28 bytes: a VDI's id and copies where one was asked for and found, else nothing.
  private static void checkFields(Request request, ByteBuffer header, int result) {
    boolean named =
        switch (request.opcode()) {
          case Request.NEW_VDI, Request.LOCK_VDI, Request.GET_VDI_INFO -> result == SUCCESS;
          default -> false;
        };
    for (int at = RESULT + 4; at < Request.SIZE; at++) {
      boolean mayBe = named && ((at >= VDI_ID && at < VDI_ID + 3) || at == COPIES);
      int place = at;
      assertTrue(
          mayBe || header.get(at) == 0, () -> "byte " + place + " of the reply to " + request);
    }
    if (named) {
      assertTrue(header.getInt(VDI_ID) != 0, () -> "a VDI without an id to " + request);
      assertTrue(header.get(COPIES) > 0, () -> "a VDI without copies to " + request);
    }
  }
}

package dev.kelpie.peer;

import dev.kelpie.stream.Inbox;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// A body that comes in: to be taken in parts, each where it is to lie, and then compared with its
/// checksum. Used by one task.
final class Incoming {
  private final Inbox inbox;
  private final int sum;
  private final CRC32C found = new CRC32C();
  private int left;

  Incoming(Inbox inbox, Frame frame) {
    this.inbox = inbox;
    this.sum = frame.bodySum();
    this.left = frame.length();
  }

  /// How many bytes are to be taken yet.
  int left() {
    return left;
  }

  /// Takes so many bytes, little-endian.
  ByteBuffer take(int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    take(bytes);
    return bytes.flip();
  }

  /// Takes what fills the buffer.
  void take(ByteBuffer into) throws IOException {
    if (into.remaining() > left) {
      throw new DamagedFrame("a body ends before its content, by " + (into.remaining() - left));
    }
    ByteBuffer taken = into.duplicate();
    left -= into.remaining();
    if (!inbox.take(into)) {
      throw new EOFException("the stream ended inside a frame");
    }
    found.update(taken);
  }

  /// Looks whether everything was taken, and came as it was sent.
  void end() throws DamagedFrame {
    if (left != 0) {
      throw new DamagedFrame("a body has " + left + " bytes behind its content");
    }
    if ((int) found.getValue() != sum) {
      throw new DamagedFrame("the body of a frame was damaged on its way");
    }
  }
}

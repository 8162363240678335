package dev.kelpie.simulation;

import static dev.kelpie.testing.NbdNumbers.CACHE;
import static dev.kelpie.testing.NbdNumbers.FLUSH;
import static dev.kelpie.testing.NbdNumbers.FUA;
import static dev.kelpie.testing.NbdNumbers.NO_HOLE;
import static dev.kelpie.testing.NbdNumbers.READ;
import static dev.kelpie.testing.NbdNumbers.TRIM;
import static dev.kelpie.testing.NbdNumbers.WRITE;
import static dev.kelpie.testing.NbdNumbers.WRITE_ZEROES;

import dev.kelpie.testing.NbdClient;
import java.io.IOException;
import java.util.concurrent.locks.Lock;

/// A disk over NBD; its mode is that of the connection.
final class NbdDisk implements DiskClient {
  private final NbdClient client;
  private final boolean writeThrough;
  private final Lock clearing;

  /// @param clearing had while objects may go, so that no Sheepdog client names one then
  NbdDisk(NbdClient client, boolean writeThrough, Lock clearing) {
    this.client = client;
    this.writeThrough = writeThrough;
    this.clearing = clearing;
  }

  @Override
  public byte[] read(long offset, int length) throws IOException {
    return call(READ, 0, offset, length).data();
  }

  @Override
  public void write(long offset, byte[] bytes, int dice) throws IOException {
    call(WRITE, isFua(dice) ? FUA : 0, offset, bytes.length, bytes);
  }

  @Override
  public boolean isDurable(int dice) {
    return writeThrough || isFua(dice);
  }

  private static boolean isFua(int dice) {
    return dice % 5 == 0;
  }

  @Override
  public void flush(int dice) throws IOException {
    call(FLUSH, 0, 0, 0);
  }

  @Override
  public void clear(long offset, int length, int dice) throws IOException {
    int fua = isFua(dice) ? FUA : 0;
    clearing.lock();
    try {
      if (dice / 5 % 2 == 0) {
        call(TRIM, fua, offset, length);
      } else {
        call(WRITE_ZEROES, fua | (dice / 10 % 3 == 0 ? NO_HOLE : 0), offset, length);
      }
    } finally {
      clearing.unlock();
    }
  }

  @Override
  public boolean isClearDurable(int dice) {
    return isFua(dice);
  }

  @Override
  public void prefetch(long offset, int length) throws IOException {
    call(CACHE, 0, offset, length);
  }

  private NbdClient.Reply call(int command, int flags, long offset, long length, byte... payload)
      throws IOException {
    NbdClient.Reply reply = client.call(command, flags, offset, length, payload);
    if (reply.error() != 0) {
      throw new Refused("NBD command " + command + ": error " + reply.error() + " " + reply.text());
    }
    return reply;
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}

package dev.kelpie.simulation;

import dev.kelpie.simulation.History.Write;
import java.io.IOException;

/// One request of a client, and what it means for the model.
final class ClientWork {
  private final Op op;
  private final DiskModel disk;
  private final DiskClient client;
  private final Directory directory;
  private final int first;
  private final int count;

  ClientWork(Op op, DiskModel disk, DiskClient client, Directory directory) {
    this.op = op;
    this.disk = disk;
    this.client = client;
    this.directory = directory;
    this.first = op.first() % disk.history.count();
    this.count = Math.min(op.count(), disk.history.count() - first);
  }

  void run() throws IOException {
    switch (op.kind()) {
      case WRITE -> write(first, count, op.number());
      case READ -> read();
      case FLUSH -> flush();
      case CLEAR -> clear(first, count);
      case DISCARD -> discard();
      case PREFETCH -> client.prefetch(offset(first), count * History.CELL);
      case RESEND -> directory.resend(op, disk, first, Math.min(count, Script.CHUNK));
      case DROP -> drop();
      default -> throw new IllegalArgumentException(op.toString());
    }
  }

  private static long offset(int cell) {
    return (long) cell * History.CELL;
  }

  private void write(int from, int number, long tag) throws IOException {
    byte[] bytes = History.bytes(tag, from, number);
    Write write = disk.history.begin(tag, from, number, client.isDurable(op.dice()));
    finish(write, () -> client.write(offset(from), bytes, op.dice()));
  }

  private void clear(int from, int most) throws IOException {
    int number = client instanceof NbdDisk ? most : Math.min(most, 2 * Script.CHUNK);
    Write write = disk.history.begin(0, from, number, client.isClearDurable(op.dice()));
    finish(write, () -> client.clear(offset(from), number * History.CELL, op.dice()));
  }

  private void discard() throws IOException {
    int index = first / Script.OBJECT;
    int from = index * Script.OBJECT;
    int number = Math.min(Script.OBJECT, disk.history.count() - from);
    if (!(client instanceof SheepdogDisk sheepdog) || !disk.sheepdogOnly) {
      clear(from, number);
      return;
    }
    Write write = disk.history.begin(0, from, number, false);
    finish(
        write,
        () -> {
          if (!sheepdog.discard(index, op.dice())) {
            throw new DiskClient.Refused("a discard of object " + index + " of " + disk.name);
          }
        });
  }

  private interface Request {
    void send() throws IOException;
  }

  private void finish(Write write, Request request) throws IOException {
    try {
      request.send();
    } catch (IOException e) {
      Simulation.failed(disk, write, e);
      throw e;
    }
    disk.history.answered(write);
  }

  private void read() throws IOException {
    long since = disk.history.now();
    byte[] bytes = client.read(offset(first), count * History.CELL);
    disk.history.check(first, History.tags(bytes, first), since, disk.name + " reads,");
  }

  private void drop() throws IOException {
    if (client instanceof SheepdogDisk sheepdog) {
      long start = disk.history.now();
      sheepdog.drop();
      disk.history.flushed(start);
    } else {
      flush();
    }
  }

  private void flush() throws IOException {
    directory.flush(disk, client, op.dice());
  }
}

package dev.kelpie.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/// One [LoadJob] on one connection. A request's id is its slot, and as soon as it is answered the
/// next one takes that. Those that are due when a read brought replies go out together.
///
/// No more may be in flight in both directions than sockets hold, or both ends would wait for each
/// other to read.
final class LoadRun implements AutoCloseable {
  private final LoadJob job;
  private final Client client;
  private final ByteBuffer inode;
  private final int vid;
  private final byte[] payload;
  private final ByteBuffer output;
  private final SplittableRandom random = new SplittableRandom();
  private final long[] begun;
  private long next;
  private long unflushed;

  /// Of reads where there are any, as fio's numbers are read.
  private long[] latencies = new long[1 << 16];

  private int timed;
  private long count;
  private long bytesRead;
  private long bytesWritten;
  private long nanos;

  LoadRun(LoadJob job) throws IOException {
    this.job = job;
    this.client = new Client(job.at());
    byte[] name = Request.text(512, job.vdi(), "");
    this.vid =
        client.call(Request.with(Request.LOCK_VDI, 0, name).protocol(1)).is(Reply.SUCCESS).vid();
    Request read = Request.of(Request.READ, Request.F_CACHE, Request.INODE);
    byte[] bytes = client.call(read.object(Request.inode(vid), 0)).is(Reply.SUCCESS).data();
    this.inode = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.payload = new byte[job.block()];
    random.nextBytes(payload);
    this.output = ByteBuffer.allocateDirect(job.depth() * (Request.SIZE + job.block()));
    this.begun = new long[job.depth()];
  }

  /// Asks for as long as the job says.
  void go() throws IOException {
    long start = System.nanoTime();
    long end = start + job.time().toNanos();
    for (int slot = 0; slot < job.depth(); slot++) {
      put(request(slot));
    }
    send();
    int open = job.depth();
    while (open > 0) {
      Reply reply = client.receive().is(Reply.SUCCESS);
      long now = System.nanoTime();
      answered(reply.request(), now);
      if (now < end) {
        put(request(reply.request().id()));
      } else {
        open--;
      }
      if (!client.hasMore()) {
        send();
      }
    }
    nanos = System.nanoTime() - start;
  }

  private Request request(int slot) {
    if (job.flushEvery() > 0 && unflushed == job.flushEvery()) {
      unflushed = 0;
      return Request.of(Request.FLUSH_VDI, Request.F_CACHE, 0)
          .object(Request.inode(vid), 0)
          .id(slot);
    }
    long blocks = job.bytes() / job.block();
    long at = (job.random() ? random.nextLong(blocks) : next++ % blocks) * job.block();
    int index = (int) (at / Request.OBJECT);
    int owner = inode.getInt(Request.entry(index));
    assertTrue(owner == vid, () -> "object " + index + " of the disk was never written");
    Request request =
        random.nextInt(100) < job.reads()
            ? Request.of(Request.READ, Request.F_CACHE, job.block())
            : Request.with(Request.WRITE, Request.F_CACHE, payload);
    return request.object(Request.data(vid, index), at % Request.OBJECT).id(slot);
  }

  private void put(Request request) {
    client.expect(request);
    output.put(request.bytes());
    begun[request.id()] = System.nanoTime();
  }

  private void send() throws IOException {
    client.sendBytes(output.flip());
    output.clear();
  }

  private void answered(Request request, long now) {
    if (request.opcode() == Request.FLUSH_VDI) {
      return;
    }
    if (request.writes()) {
      unflushed++;
      bytesWritten += job.block();
    } else {
      bytesRead += job.block();
    }
    count++;
    if (request.writes() && job.reads() > 0) {
      return;
    }
    if (timed == latencies.length) {
      latencies = Arrays.copyOf(latencies, 2 * timed);
    }
    latencies[timed++] = now - begun[request.id()];
  }

  /// What came of it; latencies in microseconds. Flushes are not among the requests, their time is.
  String json(List<String> percentiles) {
    long[] sorted = Arrays.copyOf(latencies, timed);
    Arrays.sort(sorted);
    String below =
        percentiles.stream()
            .map(p -> String.format(Locale.ROOT, "\"%s\": %.1f", p, percentile(sorted, p) / 1000.0))
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "{\"count\": %d, \"seconds\": %.6f, \"read\": %d, \"written\": %d, \"latencies\": {%s}}",
        count,
        nanos / 1e9,
        bytesRead,
        bytesWritten,
        below);
  }

  private static long percentile(long[] sorted, String percent) {
    int rank = (int) Math.ceil(sorted.length * Double.parseDouble(percent) / 100);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }

  /// Closes the VDI.
  @Override
  public void close() throws IOException {
    try (client) {
      byte[] name = Arrays.copyOf(job.vdi().getBytes(UTF_8), job.vdi().length() + 1);
      client.call(Request.with(Request.RELEASE_VDI, 0, name).u32(24, vid)).is(Reply.SUCCESS);
    }
  }
}

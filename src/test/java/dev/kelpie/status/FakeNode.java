package dev.kelpie.status;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.metrics.RequestMeter;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A node with something of everything.
final class FakeNode implements NodeStatus {
  private enum Kind {
    READ,
    WRITE
  }

  /// A name in UTF-8, as bytes: "Bär", then what has to be escaped.
  static final String NAME = "B\u00c3\u00a4r \"\\\n";

  final RequestMeter<?> idle = new RequestMeter<>(Kind.class);
  final Map<VdiId, String> names =
      new java.util.HashMap<>(Map.of(new VdiId(0xabc), NAME, new VdiId(7), "\u00ff"));
  volatile List<String> troubles = List.of();
  volatile boolean broken;
  volatile Optional<CacheControl.Usage> cache =
      Optional.of(
          new CacheControl.Usage(
              true,
              1000,
              900,
              800,
              700,
              List.of(
                  new CacheControl.VdiUsage(
                      new VdiId(7),
                      0,
                      0,
                      0,
                      0,
                      Optional.empty(),
                      new CacheControl.Counters(1, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
                  new CacheControl.VdiUsage(
                      new VdiId(0xabc),
                      3,
                      600,
                      500,
                      400,
                      Optional.of(Duration.ofMillis(1500)),
                      new CacheControl.Counters(10, 20, 30, 40, 50, 60, 70, 80, 90, 100)),
                  new CacheControl.VdiUsage(
                      new VdiId(0xdead),
                      0,
                      5,
                      5,
                      0,
                      Optional.empty(),
                      CacheControl.Counters.ZERO))));

  @Override
  public Node node() {
    return new Node("127.0.0.1:7000", "1.2.3<", Instant.parse("2026-01-02T03:04:05.500Z"));
  }

  @Override
  public List<String> troubles() {
    return troubles;
  }

  @Override
  public List<Disk> disks() {
    return List.of(new Disk("/a", 100, 50, true), new Disk("/b", 100, 0, false));
  }

  @Override
  public List<RequestMeter.Reading> storeRequests() {
    RequestMeter<Kind> meter = new RequestMeter<>(Kind.class);
    meter.served(Kind.READ, 5000, 4096);
    meter.failed(Kind.READ, 1_000_000);
    return meter.read();
  }

  @Override
  public Clients nbd() {
    return new Clients(2, 5, idle.read());
  }

  @Override
  public Clients sheepdog() {
    return new Clients(0, 0, idle.read());
  }

  @Override
  public Optional<CacheControl.Usage> cache() {
    return cache;
  }

  @Override
  public Optional<String> name(VdiId vdi) throws IOException {
    if (broken) {
      throw new IOException("no records");
    }
    return Optional.ofNullable(names.get(vdi));
  }
}

package dev.kelpie.status;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.cache.CacheControl.Counters;
import dev.kelpie.cache.CacheControl.VdiUsage;
import dev.kelpie.metrics.MetricsText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/// The metrics of the object cache: of all of it, then of each VDI.
final class CacheMetrics {
  /// How many VDIs are shown, those that take most space: the page stays within a few megabytes.
  static final int VDIS_MAX = 1000;

  private static final double MILLIS = 1000;

  private static final List<Total> TOTALS =
      List.of(
          new Total("read_hits_total", "Reads answered without the store.", Counters::hits),
          new Total("read_misses_total", "Reads that needed the store.", Counters::misses),
          new Total("pulled_bytes_total", "Read from the store.", Counters::pulledBytes),
          new Total(
              "read_ahead_bytes_total",
              "Fetched before a client read them, and kept.",
              Counters::readAheadBytes),
          new Total("pushed_bytes_total", "Written to the store.", Counters::pushedBytes),
          new Total(
              "push_failures_total",
              "Pushes that failed; their data stays and is tried again.",
              Counters::pushesFailed),
          new Total(
              "evicted_bytes_total", "Dropped to make room for others.", Counters::evictedBytes),
          new Total(
              "damaged_clean_blocks_total",
              "Blocks that did not match their checksum, and are fetched again.",
              Counters::damagedClean),
          new Total(
              "damaged_dirty_blocks_total",
              "Blocks that did not match and were not in the store: their data is lost.",
              Counters::damagedDirty),
          new Total(
              "throttle_waits_total",
              "Times that a write waited for room.",
              Counters::throttleWaits));

  private final MetricsText text;
  private final NodeStatus node;

  /// A counter that there is of the whole cache and of each VDI.
  private record Total(String name, String help, ToLongFunction<Counters> count) {}

  /// A VDI as labels have it.
  private record Named(String name, String vid, VdiUsage usage) {}

  CacheMetrics(MetricsText text, NodeStatus node) {
    this.text = text;
    this.node = node;
  }

  void add(CacheControl.Usage usage) throws IOException {
    whole(usage);
    List<Named> vdis = named(usage.vdis());
    gauge(vdis, "used_bytes", "Space that the VDI's objects take.", VdiUsage::usedBytes);
    gauge(vdis, "valid_bytes", "What reads find in the cache.", VdiUsage::validBytes);
    gauge(vdis, "dirty_bytes", "What the store does not have yet.", VdiUsage::dirtyBytes);
    gauge(
        vdis,
        "oldest_dirty_seconds",
        "How long ago the oldest data was written that the store does not have; 0 for none.",
        vdi -> vdi.oldestDirty().map(Duration::toMillis).orElse(0L) / MILLIS);
    for (Total total : TOTALS) {
      text.counter("kelpie_vdi_cache_" + total.name, total.help);
      for (Named vdi : vdis) {
        long count = total.count.applyAsLong(vdi.usage.counters());
        text.sample(count, "vdi", vdi.name, "vid", vdi.vid);
      }
    }
  }

  private void whole(CacheControl.Usage usage) {
    text.gauge("kelpie_cache_on", "1 while the cache serves, 0 after its device failed.")
        .sample(usage.on() ? 1 : 0);
    text.gauge("kelpie_cache_size_bytes", "The quota.").sample(usage.size());
    text.gauge("kelpie_cache_used_bytes", "Space in use.").sample(usage.used());
    text.gauge(
            "kelpie_cache_dirty_space_bytes",
            "Space that cannot be reused before something in it was pushed.")
        .sample(usage.dirty());
    text.gauge("kelpie_cache_dirty_limit_bytes", "How much of that there may be; writers wait.")
        .sample(usage.dirtyMax());
    text.gauge(
            "kelpie_cache_vdis",
            "VDIs that the cache has to do with; the "
                + VDIS_MAX
                + " largest have metrics of their own.")
        .sample(usage.vdis().stream().filter(VdiUsage::holdsAnything).count());
    Counters counters = usage.counters();
    for (Total total : TOTALS) {
      text.counter("kelpie_cache_" + total.name, total.help)
          .sample(total.count.applyAsLong(counters));
    }
  }

  private void gauge(List<Named> vdis, String name, String help, ToDoubleFunction<VdiUsage> value) {
    text.gauge("kelpie_vdi_cache_" + name, help);
    for (Named vdi : vdis) {
      text.sample(value.applyAsDouble(vdi.usage), "vdi", vdi.name, "vid", vdi.vid);
    }
  }

  /// Those that still exist: a deleted VDI leaves no series behind.
  private List<Named> named(List<VdiUsage> usages) throws IOException {
    List<VdiUsage> largestFirst =
        usages.stream().sorted(Comparator.comparingLong(VdiUsage::usedBytes).reversed()).toList();
    List<Named> named = new ArrayList<>();
    for (VdiUsage usage : largestFirst) {
      Optional<String> name = named.size() < VDIS_MAX ? node.name(usage.vdi()) : Optional.empty();
      name.ifPresent(bytes -> named.add(new Named(label(bytes), usage.vdi().toString(), usage)));
    }
    return named;
  }

  /// A name of bytes as text: as UTF-8 where it is, else each byte as the character of its number.
  /// One name that is not UTF-8 would spoil the whole page.
  static String label(String bytes) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException _) {
      return bytes;
    }
  }
}

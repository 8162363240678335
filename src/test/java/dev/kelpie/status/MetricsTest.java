package dev.kelpie.status;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.model.VdiId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What `/metrics` says.
final class MetricsTest {
  private final FakeNode node = new FakeNode();

  @Test
  void theManualListsEveryMetricWithItsTypeAndNoOther() throws IOException {
    List<String> listed =
        Files.readString(Path.of("docs/metrics.md"))
            .lines()
            .filter(line -> line.startsWith("| `kelpie_"))
            .map(line -> line.split("\\|", -1))
            .map(cells -> cells[1].strip().replace("`", "") + " " + cells[2].strip())
            .toList();
    List<String> expected =
        metrics().values().stream().map(family -> family.name() + " " + family.type()).toList();
    assertEquals(expected, listed);
  }

  @Test
  void theManualNamesTheLabels() throws IOException {
    Map<String, String> labels = new java.util.HashMap<>();
    Files.readString(Path.of("docs/metrics.md"))
        .lines()
        .filter(line -> line.startsWith("| `kelpie_"))
        .map(line -> line.split("\\|", -1))
        .forEach(cells -> labels.put(cells[1].strip().replace("`", ""), cells[3].strip()));
    for (Exposition.Family family : metrics().values()) {
      String seen =
          family.samples().stream()
              .findFirst()
              .map(sample ->
                  String.join(
                      ", ",
                      sample.labels().keySet().stream()
                          .filter(label -> !label.equals("le"))
                          .toList()))
              .orElseThrow();
      assertEquals(seen, labels.get(family.name()), family.name());
    }
  }

  @Test
  void valuesAreThoseOfTheNode() throws IOException {
    assertEquals(1, value("kelpie_build_info", "version", "1.2.3<"));
    assertEquals(1, value("kelpie_up"));
    assertEquals(1_767_323_045.5, value("kelpie_start_time_seconds"));
    assertEquals(0, value("kelpie_disk_in_service", "disk", "/b"));
    assertEquals(2, value("kelpie_store_requests_total", "kind", "read"));
    assertEquals(1, value("kelpie_store_request_errors_total", "kind", "read"));
    assertEquals(4096, value("kelpie_store_bytes_total", "kind", "read"));
    assertEquals(0, value("kelpie_store_requests_total", "kind", "write"));
    assertEquals(2, value("kelpie_nbd_clients"));
    assertEquals(5, value("kelpie_nbd_connections_total"));
    assertEquals(700, value("kelpie_cache_dirty_limit_bytes"));
    assertEquals(2, value("kelpie_cache_vdis"));
    assertEquals(11, value("kelpie_cache_read_hits_total"));
    assertEquals(1.5, value("kelpie_vdi_cache_oldest_dirty_seconds", "vid", "abc"));
    assertEquals(50, value("kelpie_vdi_cache_pushed_bytes_total", "vid", "abc"));
    assertTrue(value("kelpie_jvm_heap_used_bytes") > 0);
    assertTrue(value("kelpie_jvm_threads") > 0);
    node.troubles = List.of("no");
    assertEquals(0, value("kelpie_up"));
  }

  @Test
  void theHistogramHasBucketsSumAndCount() throws IOException {
    List<Exposition.Sample> samples =
        family("kelpie_store_request_duration_seconds").samples().stream()
            .filter(sample -> "read".equals(sample.labels().get("kind")))
            .toList();
    assertEquals(26, samples.size());
    assertEquals("4.096E-6", samples.getFirst().labels().get("le"));
    assertEquals(0, samples.getFirst().value());
    assertEquals(1, samples.get(1).value());
    assertEquals("+Inf", samples.get(23).labels().get("le"));
    assertEquals(0.001005, samples.get(24).value(), 1e-9);
    assertEquals(2, samples.get(25).value());
  }

  @Test
  void namesAreTextAndEscapedAndDeletedVdisLeaveNoSeries() throws IOException {
    List<Exposition.Sample> samples = family("kelpie_vdi_cache_used_bytes").samples();
    assertEquals(
        List.of("B\u00e4r \"\\\n", "\u00ff"),
        samples.stream().map(sample -> sample.labels().get("vdi")).toList());
    assertTrue(new Metrics(node).text().contains("vdi=\"B\u00e4r \\\"\\\\\\n\",vid=\"abc\""));
  }

  @Test
  void aNodeWithoutACacheHasNoMetricsOfIt() throws IOException {
    node.cache = Optional.empty();
    assertFalse(new Metrics(node).text().contains("_cache_"));
    metrics();
  }

  @Test
  void thePageIsBoundedWhateverTheNumberOfVdis() throws IOException {
    List<CacheControl.VdiUsage> many = new ArrayList<>();
    for (int i = 1; i <= 3000; i++) {
      node.names.put(new VdiId(i), "disk" + i);
      many.add(
          new CacheControl.VdiUsage(
              new VdiId(i), 0, i, i, 0, Optional.empty(), CacheControl.Counters.ZERO));
    }
    node.cache = Optional.of(new CacheControl.Usage(true, 1, 1, 1, 1, many));
    assertEquals(3000, value("kelpie_cache_vdis"));
    List<Exposition.Sample> samples = family("kelpie_vdi_cache_used_bytes").samples();
    assertEquals(CacheMetrics.VDIS_MAX, samples.size());
    assertEquals("disk3000", samples.getFirst().labels().get("vdi"));
    assertTrue(new Metrics(node).text().length() < 4 << 20);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a 1",
        "a 1\n",
        "# HELP a b\n# TYPE a gauge\na 1\na 1\n",
        "# HELP a b\n# TYPE a gauge\nb 1\n",
        "# HELP a b\n# TYPE a counter\na 1\n",
        "# HELP a b\n# TYPE c gauge\n",
        "# HELP a b\n# TYPE a gauge\na{x=\"1} 1\n",
        "# HELP a b\n# TYPE a gauge\na one\n",
        "# HELP a b\n# TYPE a gauge\n# HELP a b\n# TYPE a gauge\n",
        "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\n",
        "# HELP a b\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_sum 1\na_count 2\n",
      })
  void theParserOfThisTestRefusesWhatIsWrong(String text) {
    assertThrows(Throwable.class, () -> Exposition.parse(text));
  }

  private Map<String, Exposition.Family> metrics() throws IOException {
    return Exposition.parse(new Metrics(node).text());
  }

  private Exposition.Family family(String name) throws IOException {
    return Optional.ofNullable(metrics().get(name)).orElseThrow();
  }

  private double value(String name, String... label) throws IOException {
    return family(name).samples().stream()
        .filter(s -> label.length == 0 || label[1].equals(s.labels().get(label[0])))
        .findFirst()
        .orElseThrow()
        .value();
  }
}

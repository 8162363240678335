package dev.kelpie.status;

import dev.kelpie.metrics.MetricsText;
import dev.kelpie.metrics.RequestMeter;
import java.io.IOException;
import java.util.List;

/// All metrics of a node. docs/metrics.md lists them; a test compares.
final class Metrics {
  private static final double MILLIS = 1000;

  private final NodeStatus node;
  private final MetricsText text = new MetricsText();

  Metrics(NodeStatus node) {
    this.node = node;
  }

  String text() throws IOException {
    self();
    disks();
    requests("store", "to the store on this node's disks", node.storeRequests());
    clients("nbd", "NBD", node.nbd());
    clients("sheepdog", "the Sheepdog protocol", node.sheepdog());
    if (node.cache().isPresent()) {
      new CacheMetrics(text, node).add(node.cache().get());
    }
    new JvmMetrics(text).add();
    return text.toString();
  }

  private void self() {
    NodeStatus.Node self = node.node();
    text.gauge("kelpie_build_info", "The version, as a label; always 1.")
        .sample(1, "version", self.version(), "node", self.name());
    text.gauge("kelpie_up", "1 while the node serves as it should, 0 where /health says why not.")
        .sample(node.troubles().isEmpty() ? 1 : 0);
    text.gauge("kelpie_start_time_seconds", "When the daemon started, in seconds since 1970.")
        .sample(self.started().toEpochMilli() / MILLIS);
  }

  private void disks() {
    List<NodeStatus.Disk> disks = node.disks();
    text.gauge("kelpie_disk_size_bytes", "Size of the file system that a disk directory is on.");
    disks.forEach(disk -> text.sample(disk.size(), "disk", disk.directory()));
    text.gauge("kelpie_disk_free_bytes", "What is free there; 0 for a disk out of service.");
    disks.forEach(disk -> text.sample(disk.free(), "disk", disk.directory()));
    text.gauge("kelpie_disk_in_service", "1 while the disk works, 0 after it failed.");
    disks.forEach(disk -> text.sample(disk.inService() ? 1 : 0, "disk", disk.directory()));
  }

  private void clients(String name, String protocol, NodeStatus.Clients clients) {
    text.gauge("kelpie_" + name + "_clients", "Clients of " + protocol + " connected now.")
        .sample(clients.connected());
    text.counter(
            "kelpie_" + name + "_connections_total",
            "Clients of " + protocol + " that were let in since the start.")
        .sample(clients.connections());
    requests(name, "of " + protocol, clients.requests());
  }

  private void requests(String name, String what, List<RequestMeter.Reading> readings) {
    String prefix = "kelpie_" + name;
    text.counter(prefix + "_requests_total", "Requests " + what + " that were answered.");
    readings.forEach(r -> text.sample(r.requests(), "kind", kind(r)));
    text.counter(prefix + "_request_errors_total", "Those of them answered with an error.");
    readings.forEach(r -> text.sample(r.failures(), "kind", kind(r)));
    text.counter(prefix + "_bytes_total", "Bytes of disks that went with them.");
    readings.forEach(r -> text.sample(r.bytes(), "kind", kind(r)));
    text.histogram(prefix + "_request_duration_seconds", "From a request's arrival to its answer.");
    readings.forEach(r -> text.durations(r, "kind", kind(r)));
  }

  private static String kind(RequestMeter.Reading reading) {
    return reading.kind().toLowerCase(java.util.Locale.ROOT);
  }
}

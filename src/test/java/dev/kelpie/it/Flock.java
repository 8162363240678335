package dev.kelpie.it;

import dev.kelpie.testing.Await;
import java.io.Closeable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Several daemons on this machine that form a cluster, each in a zone of its own.
final class Flock implements Closeable {
  /// Until all nodes have the same map, or every object is where it is to be.
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private final Path directory;
  private final String driver;
  private final List<String> options;
  private final List<SheepProcess> nodes = new ArrayList<>();

  /// Starts so many, which are not formatted yet.
  ///
  /// @param driver through what they agree
  Flock(Path directory, String driver, int count, String... options) {
    this.directory = directory;
    this.driver = driver;
    this.options = List.of(options);
    IntStream.range(0, count).forEach(_ -> add());
  }

  /// Starts one more.
  SheepProcess add() {
    int number = nodes.size();
    Path place = directory.resolve("node-" + number);
    boolean _ = place.toFile().mkdirs();
    SheepProcess node = SheepProcess.in(place).with("-c", driver, "-z", "" + number).with(options);
    nodes.add(node);
    return node.start();
  }

  SheepProcess node(int number) {
    return nodes.get(number);
  }

  List<SheepProcess> nodes() {
    return List.copyOf(nodes);
  }

  /// Formats it with so many copies, and waits until all serve.
  Flock format(int copies) {
    nodes.getFirst().dog("cluster", "format", "-f", "-c", "" + copies).ok();
    awaitMembers(nodes.size());
    return this;
  }

  /// Waits until all nodes that run see so many members, and serve.
  void awaitMembers(int count) {
    for (SheepProcess node : nodes) {
      if (node.isRunning()) {
        Await.until(
            "node on port " + node.port() + " sees " + count + " members, and serves",
            LIMIT,
            () ->
                node.dog("node", "list", "-r").out().lines().count() == count
                    && node.dog("vdi", "list").status() == 0);
      }
    }
  }

  /// Waits until nobody has anything to copy any more.
  void awaitRecovered() {
    SheepProcess one = nodes.stream().filter(SheepProcess::isRunning).findFirst().orElseThrow();
    Await.until(
        "no node has anything to recover",
        LIMIT,
        () -> {
          Ran recovery = one.dog("node", "recovery", "-r");
          return recovery.status() == 0 && recovery.out().isEmpty();
        });
  }

  /// What the daemons have to say, for a failure.
  String logs() {
    StringBuilder all = new StringBuilder();
    for (SheepProcess node : nodes) {
      all.append("== port ").append(node.port()).append('\n');
      all.append(node.output()).append(node.log());
    }
    return all.toString();
  }

  @Override
  public void close() {
    nodes.forEach(SheepProcess::close);
  }
}

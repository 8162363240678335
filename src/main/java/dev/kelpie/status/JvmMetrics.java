package dev.kelpie.status;

import dev.kelpie.metrics.MetricsText;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.List;

/// The metrics of the Java machine and its process.
final class JvmMetrics {
  private static final double MILLIS = 1000;

  private final MetricsText text;

  JvmMetrics(MetricsText text) {
    this.text = text;
  }

  void add() {
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    text.gauge("kelpie_jvm_heap_used_bytes", "Heap in use, garbage included.")
        .sample(heap.getUsed());
    text.gauge("kelpie_jvm_heap_max_bytes", "What the heap may grow to.").sample(heap.getMax());
    text.gauge("kelpie_jvm_direct_used_bytes", "Memory of buffers outside of the heap.")
        .sample(direct());
    text.gauge("kelpie_jvm_threads", "Threads of the operating system that run Java.")
        .sample(ManagementFactory.getThreadMXBean().getThreadCount());
    List<GarbageCollectorMXBean> collectors = ManagementFactory.getGarbageCollectorMXBeans();
    text.counter("kelpie_jvm_gc_collections_total", "Garbage collections.")
        .sample(
            collectors.stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .filter(count -> count > 0)
                .sum());
    text.counter("kelpie_jvm_gc_seconds_total", "Time that garbage collection took.")
        .sample(
            collectors.stream()
                    .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                    .filter(millis -> millis > 0)
                    .sum()
                / MILLIS);
    text.counter("kelpie_process_cpu_seconds_total", "Processor time of the daemon.")
        .sample(cpuSeconds());
  }

  private static long direct() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  private static double cpuSeconds() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .map(time -> time.toMillis() / MILLIS)
        .orElse(0.0);
  }
}

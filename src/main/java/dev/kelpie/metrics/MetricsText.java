package dev.kelpie.metrics;

/// Writes Prometheus' text format, version 0.0.4: each family with its help and type, then its
/// samples.
public final class MetricsText {
  private static final double NANOS_PER_SECOND = 1e9;

  /// Up to here a `double` holds every whole number.
  private static final double WHOLE_MAX = 0x1p53;

  private final StringBuilder text = new StringBuilder(16 << 10);
  private String family = "";

  /// Begins a family whose value goes up and down.
  public MetricsText gauge(String name, String help) {
    return family(name, "gauge", help);
  }

  /// Begins a family that only grows, and begins anew with the process.
  ///
  /// @param name ends with `_total`
  public MetricsText counter(String name, String help) {
    return family(name, "counter", help);
  }

  /// Begins a family of durations in buckets.
  public MetricsText histogram(String name, String help) {
    return family(name, "histogram", help);
  }

  private MetricsText family(String name, String type, String help) {
    family = name;
    text.append("# HELP ").append(name).append(' ');
    text.append(help.replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    return this;
  }

  /// A sample of the family.
  ///
  /// @param labels names and values in turn; in values, each `char` is a character
  public MetricsText sample(long value, String... labels) {
    begin("", labels).append(value).append('\n');
    return this;
  }

  /// A sample that is no whole number.
  public MetricsText sample(double value, String... labels) {
    begin("", labels).append(number(value)).append('\n');
    return this;
  }

  /// The samples of one kind of request: buckets, sum and count.
  public MetricsText durations(RequestMeter.Reading reading, String... labels) {
    long sum = 0;
    String[] withBound = new String[labels.length + 2];
    System.arraycopy(labels, 0, withBound, 0, labels.length);
    withBound[labels.length] = "le";
    for (int i = 0; i < reading.buckets().length; i++) {
      sum += reading.buckets()[i];
      long bound = Durations.boundNanos(i);
      withBound[labels.length + 1] =
          bound == Long.MAX_VALUE ? "+Inf" : number(bound / NANOS_PER_SECOND);
      begin("_bucket", withBound).append(sum).append('\n');
    }
    begin("_sum", labels).append(number(reading.nanos() / NANOS_PER_SECOND)).append('\n');
    begin("_count", labels).append(sum).append('\n');
    return this;
  }

  private StringBuilder begin(String suffix, String... labels) {
    text.append(family).append(suffix);
    for (int i = 0; i < labels.length; i += 2) {
      text.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
      escape(labels[i + 1]);
      text.append('"');
    }
    return text.append(labels.length == 0 ? " " : "} ");
  }

  private void escape(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\\' -> text.append("\\\\");
        case '"' -> text.append("\\\"");
        case '\n' -> text.append("\\n");
        default -> text.append(c);
      }
    }
  }

  private static String number(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < WHOLE_MAX;
    return whole ? Long.toString((long) value) : Double.toString(value);
  }

  /// All that was written.
  @Override
  public String toString() {
    return text.toString();
  }
}

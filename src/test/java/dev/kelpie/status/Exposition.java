package dev.kelpie.status;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads Prometheus' text format 0.0.4, and refuses whatever its rules do not allow: samples
/// without a type before them, families in pieces, series that come twice, buckets that shrink.
final class Exposition {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");
  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? ([^ ]+)");
  private static final Set<String> TYPES = Set.of("counter", "gauge", "histogram");

  /// A family.
  record Family(String name, String help, String type, List<Sample> samples) {}

  /// A sample.
  record Sample(String name, Map<String, String> labels, double value) {}

  private final Map<String, Family> families = new LinkedHashMap<>();
  private final Set<String> series = new HashSet<>();

  /// Reads a page.
  static Map<String, Family> parse(String text) {
    check(text.endsWith("\n"), "the last line has no end");
    Exposition exposition = new Exposition();
    String[] lines = text.substring(0, text.length() - 1).split("\n", -1);
    String current = "";
    for (int i = 0; i < lines.length; i++) {
      if (lines[i].startsWith("# HELP ")) {
        check(i + 1 < lines.length, "a help without a type");
        current = exposition.family(lines[i], lines[i + 1]);
        i++;
      } else {
        exposition.sample(current, lines[i]);
      }
    }
    exposition.families.values().forEach(Exposition::checkFamily);
    return exposition.families;
  }

  private String family(String helpLine, String typeLine) {
    String[] help = helpLine.split(" ", 4);
    String[] type = typeLine.split(" ", -1);
    check(help.length == 4 && !help[3].isBlank(), "no help: " + helpLine);
    check(!help[3].replaceAll("\\\\[\\\\n]", "").contains("\\"), "a bad escape: " + helpLine);
    check(
        type.length == 4 && typeLine.startsWith("# TYPE ") && type[2].equals(help[2]),
        "help and type differ: " + typeLine);
    check(NAME.matcher(help[2]).matches(), "a bad name: " + help[2]);
    check(TYPES.contains(type[3]), "a bad type: " + typeLine);
    Family old = families.put(help[2], new Family(help[2], help[3], type[3], new ArrayList<>()));
    check(old == null, "a family in two pieces: " + help[2]);
    return help[2];
  }

  private void sample(String current, String line) {
    Matcher matcher = SAMPLE.matcher(line);
    check(matcher.matches(), "no sample: " + line);
    String name = matcher.group(1);
    check(families.containsKey(current), "a sample before its type: " + line);
    Family family = Objects.requireNonNull(families.get(current));
    boolean belongs =
        family.type.equals("histogram")
            ? Set.of("_bucket", "_sum", "_count").stream().anyMatch(s -> name.equals(current + s))
            : name.equals(current);
    check(belongs, line + " stands in family " + current);
    String labels = matcher.group(2) == null ? "" : matcher.group(2);
    check(series.add(name + "{" + labels), "a series that comes twice: " + line);
    family.samples.add(new Sample(name, labels(labels), value(matcher.group(3))));
  }

  private static Map<String, String> labels(String text) {
    Map<String, String> labels = new LinkedHashMap<>();
    Matcher matcher = LABEL.matcher(text);
    int at = 0;
    while (at < text.length()) {
      check(matcher.find(at) && matcher.start() == at, "bad labels: " + text);
      String value =
          matcher.group(2).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
      check(labels.put(matcher.group(1), value) == null, "a label twice: " + text);
      at = matcher.end();
    }
    return labels;
  }

  private static double value(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  private static void checkFamily(Family family) {
    boolean counter = family.type.equals("counter");
    check(
        counter == family.name.endsWith("_total"),
        "only counters end with _total, and all do: " + family.name);
    if (family.type.equals("histogram")) {
      checkHistogram(family);
    }
    for (Sample sample : family.samples) {
      check(!counter || sample.value >= 0, "a counter below 0: " + sample);
    }
  }

  private static void checkHistogram(Family family) {
    double last = 0;
    double bound = Double.NEGATIVE_INFINITY;
    for (Sample sample : family.samples) {
      if (sample.name.endsWith("_bucket")) {
        double next = value(sample.labels.getOrDefault("le", ""));
        check(next > bound && sample.value >= last, "buckets out of order: " + sample);
        bound = next;
        last = sample.value;
      } else if (sample.name.endsWith("_count")) {
        check(bound == Double.POSITIVE_INFINITY, "no bucket without end: " + sample);
        check(sample.value == last, "the count is not that of the last bucket: " + sample);
        bound = Double.NEGATIVE_INFINITY;
        last = 0;
      }
    }
  }

  private static void check(boolean right, String what) {
    if (!right) {
      throw new AssertionError(what);
    }
  }
}

package dev.kelpie.replica;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// What clients may see of one number that one client writes: a linearizable register, whose values
/// are durable when they were written so or flushed.
final class Register {
  /// What may be read, had no node ever lost its power.
  private final Set<Long> possible = new LinkedHashSet<>(List.of(0L));

  /// What may be there after a power cut: what was there when it was last durable, and since.
  private final Set<Long> undurable = new LinkedHashSet<>(List.of(0L));

  /// What may be there since nodes have lost their power, beside what is possible.
  private final Set<Long> lost = new LinkedHashSet<>();

  /// What was possible while the last read was under way.
  private final Set<Long> lately = new LinkedHashSet<>();

  private boolean writing;
  private long value;

  /// Counts changes of what is possible, for reads that take their time.
  private long moment;

  /// A read begins.
  long begin() {
    lately.clear();
    return moment;
  }

  /// A read that began then has found this.
  void seen(long found, long begun) {
    boolean concurrent = moment != begun;
    boolean allowed = possible.contains(found) || lost.contains(found);
    if (!allowed && !(concurrent && lately.contains(found))) {
      throw new AssertionError("read " + found + ", possible is " + possible + " or " + lost);
    }
    if (concurrent) {
      return;
    }
    if (possible.contains(found)) {
      possible.clear();
      possible.add(found);
    } else {
      lost.clear();
      lost.add(found);
    }
    if (writing) {
      possible.add(value);
    }
    undurable.add(found);
  }

  void write(long next) {
    changes();
    writing = true;
    value = next;
    lately.add(next);
    possible.add(next);
    undurable.add(next);
  }

  void acknowledged(boolean durable) {
    changes();
    writing = false;
    possible.clear();
    possible.add(value);
    lost.clear();
    if (durable) {
      undurable.clear();
    }
    undurable.add(value);
  }

  void inDoubt() {
    changes();
    writing = false;
  }

  /// There is no object, so that nothing was changed.
  void absent() {
    changes();
    writing = false;
    if (!possible.contains(0L) && !lost.contains(0L)) {
      throw new AssertionError("no object, possible is " + possible + " or " + lost);
    }
    if (possible.contains(0L)) {
      possible.clear();
      possible.add(0L);
    }
    undurable.add(0L);
  }

  /// The power of a node was cut: what was not durable may be lost.
  void mayLose() {
    changes();
    lately.addAll(undurable);
    lost.addAll(undurable);
  }

  long moment() {
    return moment;
  }

  /// A barrier succeeded that began then. It says nothing of what came later.
  void flushed(long begun) {
    if (begun != moment || writing) {
      return;
    }
    changes();
    lost.clear();
    undurable.clear();
    undurable.addAll(possible);
  }

  /// A barrier said that something was lost.
  void toldOfLoss() {
    changes();
    possible.addAll(lost);
  }

  private void changes() {
    moment++;
    lately.addAll(possible);
    lately.addAll(lost);
  }
}

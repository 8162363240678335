package dev.kelpie.testing;

import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Keeps every line, to be looked at.
public final class RecordingLog implements Log {
  private final List<Line> lines = new CopyOnWriteArrayList<>();

  /// A line.
  public record Line(Level level, String message) {}

  @Override
  public void write(Level level, String message) {
    lines.add(new Line(level, message));
  }

  /// All lines so far.
  public List<Line> lines() {
    return List.copyOf(lines);
  }

  /// The messages of one level.
  public List<String> messages(Level level) {
    return lines.stream().filter(l -> l.level() == level).map(Line::message).toList();
  }
}

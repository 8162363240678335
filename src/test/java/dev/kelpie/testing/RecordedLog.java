package dev.kelpie.testing;

import dev.kelpie.log.Level;
import dev.kelpie.log.Log;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Keeps what was written to it.
public final class RecordedLog implements Log {
  private final List<Line> lines = new CopyOnWriteArrayList<>();

  /// One message.
  public record Line(Level level, String message) {}

  @Override
  public void write(Level level, String message) {
    lines.add(new Line(level, message));
  }

  /// The messages of a level, oldest first.
  public List<String> at(Level level) {
    return lines.stream().filter(line -> line.level() == level).map(Line::message).toList();
  }
}

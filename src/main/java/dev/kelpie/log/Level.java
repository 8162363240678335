package dev.kelpie.log;

import java.util.Optional;

/// The eight priorities of syslog. The constant's name is what a line of the log says.
public enum Level {
  EMERG(0, "emerg"),
  ALERT(1, "alert"),
  CRIT(2, "crit"),
  ERROR(3, "err"),
  WARN(4, "warning"),
  NOTICE(5, "notice"),
  INFO(6, "info"),
  DEBUG(7, "debug");

  private final int number;
  private final String optionName;

  Level(int number, String optionName) {
    this.number = number;
    this.optionName = optionName;
  }

  /// The number that syslog and the Sheepdog protocol use; 0 is the most urgent.
  public int number() {
    return number;
  }

  /// The name that `sheep -l level=` and `dog node log level` use.
  public String optionName() {
    return optionName;
  }

  /// The level with this number.
  public static Optional<Level> numbered(int number) {
    for (Level level : values()) {
      if (level.number == number) {
        return Optional.of(level);
      }
    }
    return Optional.empty();
  }

  /// The level with this name on command lines.
  public static Optional<Level> named(String optionName) {
    for (Level level : values()) {
      if (level.optionName.equals(optionName)) {
        return Optional.of(level);
      }
    }
    return Optional.empty();
  }

  /// Whether this level is at least as urgent as the other.
  public boolean asUrgentAs(Level other) {
    return number <= other.number;
  }
}

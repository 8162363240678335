package dev.kelpie.log;

/// The eight priorities of syslog, which `sheep -l level=` and `dog node log level` use. The
/// ordinal is the number that they show.
public enum Level {
  EMERG,
  ALERT,
  CRIT,
  ERROR,
  WARN,
  NOTICE,
  INFO,
  DEBUG
}

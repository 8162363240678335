package dev.kelpie.testing;

/// What a power cut leaves of what was not synced.
public enum Keep {
  /// None of it.
  NOTHING,
  /// All of it.
  EVERYTHING,
  /// Some sectors and some names, by chance.
  RANDOM
}

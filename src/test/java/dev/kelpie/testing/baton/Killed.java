package dev.kelpie.testing.baton;

/// The host of this task is off. An error, so that nothing under test takes it for a failure to
/// handle; nothing that a task does on its way out has any effect.
public final class Killed extends Error {
  private static final long serialVersionUID = 1;

  Killed() {
    super("the host is off", null, false, false);
  }
}

package dev.kelpie.testing;

/// The machine is off: the call did not happen, and none will on this disk any more. An error, so
/// that nothing under test takes it for a failure to handle.
public final class SimulatedCrash extends Error {
  private static final long serialVersionUID = 1;

  SimulatedCrash(String message) {
    super(message);
  }
}

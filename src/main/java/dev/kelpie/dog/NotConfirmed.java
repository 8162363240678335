package dev.kelpie.dog;

/// The user was asked and did not say yes. The program ends with status 0 and without a word
/// (spec/cli.md §3.7).
final class NotConfirmed extends Exception {
  private static final long serialVersionUID = 1;

  NotConfirmed() {
    super("not confirmed", null, false, false);
  }
}

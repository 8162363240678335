package dev.kelpie.dog;

/// A wait between two looks.
final class Pause {
  private Pause() {}

  static void millis(long millis) throws Failure {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new Failure(ExitStatus.SYSTEM, "interrupted");
    }
  }
}

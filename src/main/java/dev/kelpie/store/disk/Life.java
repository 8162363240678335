package dev.kelpie.store.disk;

import dev.kelpie.platform.Locks;
import java.io.IOException;

/// Whether the store is open, and who may rely on it. Calls share it; who ends the store, empties
/// it or changes the set of its disks has it alone.
final class Life {
  private final Locks.Gate gate;
  private boolean over;

  Life(Locks locks) {
    this.gate = locks.gate();
  }

  /// Something that needs the store to be open.
  @FunctionalInterface
  interface Call<T> {
    T make() throws IOException;
  }

  /// The same, without a result.
  @FunctionalInterface
  interface Action {
    void run() throws IOException;
  }

  /// Makes a call while the store is open.
  <T> T sharing(Call<T> call) throws IOException {
    gate.enterShared();
    try {
      checkOpen();
      return call.make();
    } finally {
      gate.leaveShared();
    }
  }

  /// Does something while no call is in progress.
  void alone(Action action) throws IOException {
    gate.enterAlone();
    try {
      checkOpen();
      action.run();
    } finally {
      gate.leaveAlone();
    }
  }

  /// Ends the store, where it has not ended before.
  void end(Action last) throws IOException {
    gate.enterAlone();
    try {
      if (!over) {
        over = true;
        last.run();
      }
    } finally {
      gate.leaveAlone();
    }
  }

  private void checkOpen() throws IOException {
    if (over) {
      throw new IOException("the disk store is closed");
    }
  }
}

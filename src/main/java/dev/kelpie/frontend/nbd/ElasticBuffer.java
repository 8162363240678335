package dev.kelpie.frontend.nbd;

import java.nio.ByteBuffer;
import java.util.Optional;

/// A buffer of one connection that is small while little happens, and a block of [Memory] while
/// much does. Used by one task.
final class ElasticBuffer {
  /// Its size when small: three requests of 4 KiB. This is what an idle connection holds.
  static final int SMALL_SIZE = 16 << 10;

  /// How many quiet rounds it takes to become small again, so that a busy client's pauses do not
  /// send blocks back and forth.
  private static final int QUIET_ROUNDS = 16;

  private final Memory memory;
  private final ByteBuffer small = ByteBuffer.allocateDirect(SMALL_SIZE);
  private Optional<Blocks.Run> large = Optional.empty();
  private ByteBuffer bytes = small;
  private int quietRounds;

  ElasticBuffer(Memory memory) {
    this.memory = memory;
  }

  /// The buffer to use until the next call of another method here.
  ByteBuffer bytes() {
    return bytes;
  }

  /// Becomes large, if it is small and there is memory to spare. The bytes before the position come
  /// along.
  ///
  /// @return whether it became larger
  boolean grow() {
    if (large.isPresent()) {
      return false;
    }
    large = memory.spareBlock();
    large.ifPresent(run -> bytes = run.bytes().put(small.flip()));
    quietRounds = 0;
    return large.isPresent();
  }

  /// Told when the buffer is empty and the client is about to be waited for: becomes small after a
  /// number of rounds in which it need not have been large.
  ///
  /// @param bytesOfRound what went through the buffer since the last time
  void rest(int bytesOfRound) {
    if (large.isEmpty()) {
      return;
    }
    quietRounds = bytesOfRound > SMALL_SIZE ? 0 : quietRounds + 1;
    if (quietRounds >= QUIET_ROUNDS) {
      close();
    }
  }

  /// Gives the large buffer back.
  void close() {
    large.ifPresent(memory::free);
    large = Optional.empty();
    bytes = small.clear();
  }
}

package dev.kelpie.stream;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Supplier;

/// A buffer of one connection that is small while little happens, and a large one on loan while
/// much does. Used by one task.
public final class ElasticBuffer {
  /// How many quiet rounds it takes to become small again, so that a busy client's pauses do not
  /// send memory back and forth.
  private static final int QUIET_ROUNDS = 16;

  private final ByteBuffer small;
  private final Supplier<Optional<Loan>> lender;
  private Optional<Loan> loan = Optional.empty();
  private ByteBuffer bytes;
  private int quietRounds;

  /// Memory of somebody else's.
  ///
  /// @param bytes larger than what it stands in for, and of the same byte order
  /// @param giveBack run once
  public record Loan(ByteBuffer bytes, Runnable giveBack) {}

  /// Is small, and empty.
  ///
  /// @param small what an idle connection holds
  /// @param lender gives a large buffer where there is memory to spare
  public ElasticBuffer(ByteBuffer small, Supplier<Optional<Loan>> lender) {
    this.small = small;
    this.lender = lender;
    this.bytes = small;
  }

  /// The buffer to use until the next call of another method here.
  public ByteBuffer bytes() {
    return bytes;
  }

  /// Becomes large, if it is small and there is memory to spare. The bytes before the position come
  /// along.
  ///
  /// @return whether it became larger
  public boolean grow() {
    if (loan.isPresent()) {
      return false;
    }
    loan = lender.get();
    loan.ifPresent(large -> bytes = large.bytes().put(small.flip()));
    quietRounds = 0;
    return loan.isPresent();
  }

  /// Told when the buffer is empty and the client is about to be waited for: becomes small after a
  /// number of rounds in which it need not have been large.
  ///
  /// @param bytesOfRound what went through the buffer since the last time
  public void rest(int bytesOfRound) {
    if (loan.isEmpty()) {
      return;
    }
    quietRounds = bytesOfRound > small.capacity() ? 0 : quietRounds + 1;
    if (quietRounds >= QUIET_ROUNDS) {
      close();
    }
  }

  /// Becomes small and empty.
  public void close() {
    loan.ifPresent(large -> large.giveBack().run());
    loan = Optional.empty();
    bytes = small.clear();
  }
}

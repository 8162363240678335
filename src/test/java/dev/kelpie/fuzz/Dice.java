package dev.kelpie.fuzz;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Chance with a liking for what breaks parsers.
final class Dice {
  /// Borders of what the protocols count in: bytes, sizes of headers, names, sectors, objects, and
  /// where 32 and 64 bits turn over.
  private static final long[] BORDERS = {
    0,
    1,
    4,
    48,
    256,
    512,
    4096,
    65_536,
    66_320,
    1 << 20,
    4 << 20,
    12_587_576,
    32 << 20,
    0x7fff_ffffL,
    0x8000_0000L,
    0xffff_ffffL,
    1L << 32,
    Long.MAX_VALUE
  };

  private static final int FAULTS_MAX = 4;

  private final RandomGenerator chance;

  Dice(long seed) {
    chance = new SplittableRandom(seed);
  }

  /// True once in `times`.
  boolean once(int times) {
    return chance.nextInt(times) == 0;
  }

  /// From 0 to below `end`.
  int below(int end) {
    return chance.nextInt(end);
  }

  /// Any number.
  int any() {
    return chance.nextInt();
  }

  /// One of these.
  @SafeVarargs
  @SuppressWarnings("varargs")
  final <T> T of(T... choices) {
    return choices[chance.nextInt(choices.length)];
  }

  /// A border, or one beside it, or anything.
  long number() {
    long border = BORDERS[chance.nextInt(BORDERS.length)];
    return switch (chance.nextInt(8)) {
      case 0 -> chance.nextLong();
      case 1 -> border - 1;
      case 2 -> border + 1;
      case 3 -> -border;
      default -> border;
    };
  }

  /// Any bytes, as many.
  byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    chance.nextBytes(bytes);
    return bytes;
  }

  /// The same with a few faults: bytes that are wrong, missing, doubled or put in.
  byte[] broken(byte[] bytes) {
    byte[] now = bytes;
    for (int faults = 1 + chance.nextInt(FAULTS_MAX); faults > 0 && now.length > 0; faults--) {
      now = fault(now);
    }
    return now;
  }

  private byte[] fault(byte[] bytes) {
    int at = chance.nextInt(bytes.length);
    int end = Math.min(bytes.length, at + 1 + chance.nextInt(64));
    return switch (chance.nextInt(6)) {
      case 0 -> with(bytes, at, at + 1, (byte) (bytes[at] ^ 1 << chance.nextInt(8)));
      case 1 -> with(bytes, at, at + 1, (byte) chance.nextInt());
      case 2 -> with(bytes, at, end);
      case 3 -> with(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
      case 4 -> with(bytes, at, at, bytes(end - at));
      default -> Arrays.copyOf(bytes, at);
    };
  }

  /// The bytes with others in the place of a range.
  private static byte[] with(byte[] bytes, int start, int end, byte... others) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, start);
    out.writeBytes(others);
    out.write(bytes, end, bytes.length - end);
    return out.toByteArray();
  }
}

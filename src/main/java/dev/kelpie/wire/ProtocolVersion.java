package dev.kelpie.wire;

/// The two version numbers of the protocol, and who accepts whom (spec §1.4).
public final class ProtocolVersion {
  /// The newest version of the public opcodes; 0 is never checked.
  public static final int PUBLIC = 0x02;

  /// The version of the opcodes from [#INTERNAL_FIRST] on, that of release 0.9.
  public static final int INTERNAL = 0x09;

  /// The first opcode that only programs of the same release speak.
  public static final int INTERNAL_FIRST = 0x80;

  private ProtocolVersion() {}

  /// Whether a request may carry this version; if not, the answer is [ResultCode#VER_MISMATCH] and
  /// the connection stays.
  public static boolean accepts(int opcodeNumber, int version) {
    return opcodeNumber >= INTERNAL_FIRST ? version == INTERNAL : version <= PUBLIC;
  }

  /// The version that our own requests carry.
  public static int of(Opcode opcode) {
    return opcode.number() >= INTERNAL_FIRST ? INTERNAL : PUBLIC;
  }
}

package dev.kelpie.frontend.nbd;

/// A request that a task of its own serves.
///
/// @param flags of the command, known to be good with it
/// @param cookie as the client chose it, for the reply
/// @param length unsigned 32 bits
/// @param since when its header was read, in nanoseconds of the clock
record Request(Command command, int flags, long cookie, long offset, long length, long since) {
  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}

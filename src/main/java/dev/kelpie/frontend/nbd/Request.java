package dev.kelpie.frontend.nbd;

import java.util.List;

/// A request that a task of its own serves.
///
/// @param flags of the command, known to be good with it
/// @param cookie as the client chose it, for the reply
/// @param length of the range it is about
/// @param contexts that a block status is to tell; none for other commands
/// @param since when its header was read, in nanoseconds of the clock
record Request(
    Command command,
    int flags,
    long cookie,
    long offset,
    long length,
    List<MetaContext> contexts,
    long since)
    implements Asked {
  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}

package dev.kelpie.frontend.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The payload of a block status: the length of the range, and the contexts that are to be told.
///
/// @param length in bytes, unsigned
record StatusFilter(long length, List<MetaContext> contexts) {
  /// Whether a payload of this length can make sense where there are so many contexts.
  ///
  /// @param bytes unsigned
  static boolean canHave(long bytes, int contexts) {
    long ids = bytes - Long.BYTES;
    return ids > 0 && ids % Integer.BYTES == 0 && ids / Integer.BYTES <= contexts;
  }

  /// Takes a payload apart whose length was found good.
  ///
  /// @param all that were negotiated
  /// @return empty where it does not name some of them, each once
  static Optional<StatusFilter> decode(ByteBuffer payload, List<MetaContext> all) {
    long length = payload.getLong();
    List<MetaContext> contexts = new ArrayList<>();
    while (payload.hasRemaining()) {
      int id = payload.getInt();
      if (id < 1 || id > all.size() || contexts.contains(all.get(id - 1))) {
        return Optional.empty();
      }
      contexts.add(all.get(id - 1));
    }
    return Optional.of(new StatusFilter(length, contexts));
  }
}

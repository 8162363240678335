package dev.kelpie.frontend.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// The metadata contexts that a client asks for, of which there is one: which parts of a disk are
/// allocated.
final class MetaContexts {
  private final OptionReplies replies;

  /// The export whose block status was chosen.
  private Optional<String> chosenFor = Optional.empty();

  MetaContexts(OptionReplies replies) {
    this.replies = replies;
  }

  /// Names the contexts that match.
  ///
  /// @param structured whether the client asked for structured replies
  void list(ByteBuffer data, boolean structured) throws IOException, Refused {
    OptionData.Contexts asked = OptionData.contexts(data);
    requireStructured(structured);
    List<String> queries = asked.queries();
    if (queries.isEmpty()
        || queries.contains("base:")
        || queries.contains(Protocol.BASE_ALLOCATION)) {
      replies.metaContext(Option.LIST_META_CONTEXT.number(), 0);
    }
  }

  /// Chooses contexts. Whatever becomes of it, the choice made before is void.
  ///
  /// @param structured whether the client asked for structured replies
  void choose(ByteBuffer data, boolean structured) throws IOException, Refused {
    chosenFor = Optional.empty();
    OptionData.Contexts asked = OptionData.contexts(data);
    requireStructured(structured);
    if (asked.queries().contains(Protocol.BASE_ALLOCATION)) {
      chosenFor = Optional.of(asked.name());
      replies.metaContext(Option.SET_META_CONTEXT.number(), Protocol.BASE_ALLOCATION_ID);
    }
  }

  /// Whether the block status of this export was chosen.
  boolean chosenFor(String export) {
    return chosenFor.equals(Optional.of(export));
  }

  private static void requireStructured(boolean structured) throws Refused {
    if (!structured) {
      throw new Refused(
          Option.Reply.ERR_INVALID,
          "metadata contexts need structured replies: ask for those first");
    }
  }
}

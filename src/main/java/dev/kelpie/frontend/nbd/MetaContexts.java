package dev.kelpie.frontend.nbd;

import dev.kelpie.volume.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The metadata contexts that a client asks for during the handshake.
final class MetaContexts {
  /// How many a client may choose: each holds a snapshot, and makes a part of every block status.
  static final int CHOSEN_MAX = 64;

  /// Queries of LIST that stand for all names that begin so.
  private static final Set<String> WILDCARDS = Set.of("base:", "qemu:", MetaContext.DIRTY);

  private final ExportOpener opener;
  private final OptionReplies replies;

  /// The export for which contexts were chosen.
  private Optional<String> chosenFor = Optional.empty();

  private List<String> chosen = List.of();

  MetaContexts(ExportOpener opener, OptionReplies replies) {
    this.opener = opener;
    this.replies = replies;
  }

  /// Names the contexts that match.
  void list(ByteBuffer data, Framing framing) throws IOException, Refused {
    OptionData.Contexts asked = OptionData.contexts(data);
    requireChunks(framing);
    List<String> queries = asked.queries().isEmpty() ? List.of("") : asked.queries();
    Set<String> names =
        opener.looking(
            asked.name(),
            device -> {
              Set<String> found = new LinkedHashSet<>();
              for (String query : new LinkedHashSet<>(queries)) {
                found.addAll(matching(query, device));
              }
              return found;
            });
    for (String name : names) {
      replies.metaContext(Option.LIST_META_CONTEXT.number(), 0, name);
    }
  }

  /// Chooses contexts. Whatever becomes of it, the choice made before is void.
  void choose(ByteBuffer data, Framing framing) throws IOException, Refused {
    chosenFor = Optional.empty();
    chosen = List.of();
    OptionData.Contexts asked = OptionData.contexts(data);
    requireChunks(framing);
    List<String> names =
        opener.looking(
            asked.name(),
            device -> {
              List<String> found = new ArrayList<>();
              for (String query : new LinkedHashSet<>(asked.queries())) {
                if (has(device, query)) {
                  found.add(query);
                }
              }
              return found;
            });
    if (names.size() > CHOSEN_MAX) {
      throw new Refused(
          Option.Reply.ERR_TOO_BIG, "at most " + CHOSEN_MAX + " contexts can be chosen at a time");
    }
    for (int i = 0; i < names.size(); i++) {
      replies.metaContext(Option.SET_META_CONTEXT.number(), i + 1, names.get(i));
    }
    chosenFor = Optional.of(asked.name());
    chosen = names;
  }

  /// The names of the contexts that were chosen for an export; their ids count from 1.
  List<String> chosenFor(String export) {
    return chosenFor.equals(Optional.of(export)) ? chosen : List.of();
  }

  private static List<String> matching(String query, BlockDevice device) throws IOException {
    if (!query.isEmpty() && !WILDCARDS.contains(query)) {
      return has(device, query) ? List.of(query) : List.of();
    }
    List<String> names = new ArrayList<>(List.of(MetaContext.ALLOCATION, MetaContext.DEPTH));
    if (MetaContext.DIRTY.startsWith(query)) {
      device.snapshots().forEach(snapshot -> names.add(MetaContext.dirty(snapshot)));
    }
    return names.stream().filter(name -> name.startsWith(query)).toList();
  }

  private static boolean has(BlockDevice device, String name) throws IOException {
    Optional<MetaContext> context = MetaContext.open(0, name, device);
    if (context.isPresent()) {
      context.get().close();
    }
    return context.isPresent();
  }

  private static void requireChunks(Framing framing) throws Refused {
    if (!framing.chunks()) {
      throw new Refused(
          Option.Reply.ERR_INVALID,
          "metadata contexts need structured replies or extended headers: ask for those first");
    }
  }
}

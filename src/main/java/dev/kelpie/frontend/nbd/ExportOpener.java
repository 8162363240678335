package dev.kelpie.frontend.nbd;

import dev.kelpie.log.Log;
import dev.kelpie.model.VdiName;
import dev.kelpie.volume.BlockDevice;
import dev.kelpie.volume.Exports;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds and opens the disk that a client names.
final class ExportOpener {
  private final Exports exports;
  private final Exports.Client client;
  private final Log log;

  ExportOpener(Exports exports, Exports.Client client, Log log) {
    this.exports = exports;
    this.client = client;
    this.log = log;
  }

  /// The names of all working VDIs, as clients write them.
  List<String> list() throws Refused {
    try {
      return exports.names().stream().map(name -> ExportName.of(new VdiName(name))).toList();
    } catch (IOException failure) {
      throw failed("the list of exports", failure);
    }
  }

  /// Opens the disk of a name. The empty name means the only VDI, where there is only one.
  ///
  /// @param contexts the names of those that were chosen for this export; their ids count from 1
  Agreed open(String name, Framing framing, List<String> contexts) throws Refused {
    ExportName export = name.isEmpty() ? onlyExport() : ExportName.parse(name);
    try {
      return switch (exports.open(export.vdi(), export.snapshot(), export.mode(), client)) {
        case Exports.Answer.Opened(BlockDevice device) ->
            withContexts(
                new Agreed(device, export.canonical(), framing, new ArrayList<>()), contexts);
        case Exports.Answer.Refused(Exports.Reason reason, String why) ->
            throw refused(reply(reason), why);
      };
    } catch (IOException failure) {
      throw failed("export '" + ExportName.shown(name) + "'", failure);
    }
  }

  /// Opens the disk of a name for a look at it.
  <T> T looking(String name, Look<T> look) throws Refused {
    Agreed agreed = open(name, Framing.SIMPLE, List.of());
    try {
      return look.at(agreed.device());
    } catch (IOException failure) {
      throw failed("export '" + ExportName.shown(name) + "'", failure);
    } finally {
      close(agreed);
    }
  }

  /// What somebody wants to know of a disk.
  interface Look<T> {
    T at(BlockDevice device) throws IOException;
  }

  private Agreed withContexts(Agreed opened, List<String> names) throws IOException, Refused {
    boolean whole = false;
    try {
      for (String name : names) {
        int id = opened.contexts().size() + 1;
        Optional<MetaContext> context = MetaContext.open(id, name, opened.device());
        if (context.isEmpty()) {
          throw refused(
              Option.Reply.ERR_UNKNOWN,
              "the context '"
                  + ExportName.shown(name)
                  + "' was chosen, and its snapshot was deleted since: choose again");
        }
        opened.contexts().add(context.get());
      }
      whole = true;
      return opened;
    } finally {
      if (!whole) {
        close(opened);
      }
    }
  }

  /// Closes a disk; a failure is logged, as nobody is left to be told.
  void close(Agreed agreed) {
    for (MetaContext context : agreed.contexts()) {
      close(agreed, context);
    }
    close(agreed, agreed.device());
  }

  private void close(Agreed agreed, Closeable part) {
    try {
      part.close();
    } catch (IOException failure) {
      log.error(
          "nbd: "
              + client.peer()
              + ": closing "
              + agreed.disk()
              + " failed: "
              + failure.getMessage());
    }
  }

  private ExportName onlyExport() throws Refused {
    List<String> names = list();
    if (names.size() == 1) {
      return ExportName.parse(names.getFirst());
    }
    String reason =
        names.isEmpty()
            ? "there is no VDI: create one with `dog vdi create`"
            : "there are "
                + names.size()
                + " VDIs: name one of them, as the list of exports has it";
    throw refused(Option.Reply.ERR_UNKNOWN, "no default export: " + reason);
  }

  private static Option.Reply reply(Exports.Reason reason) {
    return switch (reason) {
      case UNKNOWN -> Option.Reply.ERR_UNKNOWN;
      case NOT_SERVING, UNUSABLE -> Option.Reply.ERR_POLICY;
    };
  }

  private Refused failed(String what, IOException failure) {
    log.error("nbd: " + client.peer() + ": " + what + ": " + failure.getMessage());
    return new Refused(Option.Reply.ERR_UNKNOWN, what + ": " + failure.getMessage());
  }

  private Refused refused(Option.Reply reply, String why) {
    log.info("nbd: " + client.peer() + " was refused: " + why);
    return new Refused(reply, why);
  }
}

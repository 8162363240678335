package dev.kelpie.frontend.nbd;

import dev.kelpie.log.Log;
import dev.kelpie.model.VdiName;
import dev.kelpie.volume.BlockDevice;
import dev.kelpie.volume.Exports;
import java.io.IOException;
import java.util.List;

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
  /// @param structured whether the client asked for structured replies
  /// @param allocation whether it asked for block status of this export
  Agreed open(String name, boolean structured, boolean allocation) throws Refused {
    ExportName export = name.isEmpty() ? onlyExport() : ExportName.parse(name);
    try {
      return switch (exports.open(export.vdi(), export.snapshot(), export.mode(), client)) {
        case Exports.Answer.Opened(BlockDevice device) ->
            new Agreed(device, export.canonical(), structured, allocation);
        case Exports.Answer.Refused(Exports.Reason reason, String why) ->
            throw refused(reply(reason), why);
      };
    } catch (IOException failure) {
      throw failed("export '" + ExportName.shown(name) + "'", failure);
    }
  }

  /// Closes a disk; a failure is logged, as nobody is left to be told.
  void close(Agreed agreed) {
    try {
      agreed.device().close();
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

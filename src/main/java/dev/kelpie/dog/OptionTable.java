package dev.kelpie.dog;

import dev.kelpie.config.Option;
import java.util.ArrayList;
import java.util.List;

/// Long names and descriptions of the options (spec/cli.md §3.8). What a letter means depends on
/// the command; `a p r v j h T` mean the same everywhere.
final class OptionTable {
  /// What every subcommand takes besides, and no usage shows: their layout is read by programs.
  static final Option TLS_DIRECTORY =
      Option.valued("tls-dir", "talk in TLS, with the certificates in this directory");

  private OptionTable() {}

  /// The options of a subcommand, in the order of its letters.
  static List<Option> of(String command, String letters) {
    List<Option> options = new ArrayList<>(letters.length());
    for (int i = 0; i < letters.length(); i++) {
      options.add(option(command, letters.charAt(i)));
    }
    return options;
  }

  private static Option option(String command, char letter) {
    return switch (letter) {
      case 'a' ->
          Option.valued(letter, "address", "specify the daemon address (default: localhost)");
      case 'p' -> Option.valued(letter, "port", "specify the daemon port");
      case 'r' ->
          Option.flag(
              letter,
              "raw",
              "raw output mode: omit headers, separate fields with\n"
                  + "single spaces and print all sizes in decimal bytes");
      case 'v' -> Option.flag(letter, "verbose", "print more information than default");
      case 'j' -> Option.flag(letter, "json", "print JSON, with all sizes in bytes");
      case 'h' -> Option.flag(letter, "help", "display this help and exit");
      case 'T' -> Option.flag(letter, "time", "show elapsed time");
      default ->
          switch (command) {
            case "vdi" -> vdi(letter);
            case "node" -> node(letter);
            case "cluster" -> cluster(letter);
            default -> Option.valued(letter, "orig", "version of converting file");
          };
    };
  }

  private static Option vdi(char letter) {
    return switch (letter) {
      case 'P' -> Option.flag(letter, "prealloc", "preallocate all the data objects");
      case 'n' -> Option.flag(letter, "no-share", "share nothing with its parent");
      case 'i' -> Option.valued(letter, "index", "specify the index of data objects");
      case 's' -> Option.valued(letter, "snapshot", "specify a snapshot id or tag name");
      case 'x' -> Option.flag(letter, "exclusive", "write in an exclusive mode");
      case 'd' -> Option.flag(letter, "delete", "delete a key");
      case 'w' -> Option.flag(letter, "writeback", "use writeback mode");
      case 'c' -> Option.valued(letter, "copies", "specify the data redundancy level");
      case 'F' -> Option.valued(letter, "from", "create a differential backup from the snapshot");
      case 'f' -> Option.flag(letter, "force", "do operation forcibly");
      case 'y' -> Option.flag(letter, "hyper", "create a hyper volume");
      case 'o' -> Option.valued(letter, "oid", "specify the object id of the tracking object");
      case 'D' -> Option.flag(letter, "deep", "compare with the store, too");
      case 'M' -> Option.valued(letter, "max", "most that the vdi may take of the cache, or none");
      case 'm' -> Option.valued(letter, "min", "what is reserved for the vdi in it, or none");
      case 'R' -> Option.valued(letter, "range", "warm only OFFSET[:LENGTH] of the vdi");
      case 'e' ->
          Option.flag(
              letter, "exist", "only check objects exist or not,\nneither comparing nor repairing");
      default -> throw unknown("vdi", letter);
    };
  }

  private static Option node(char letter) {
    return switch (letter) {
      case 'A' -> Option.flag(letter, "all", "show md information of all the nodes");
      case 'P' -> Option.flag(letter, "progress", "show progress of recovery in the node");
      case 'w' -> Option.flag(letter, "watch", "watch the stat every second");
      case 'l' -> Option.flag(letter, "local", "issue request to local node");
      case 'f' -> Option.flag(letter, "force", "ignore the confirmation");
      default -> throw unknown("node", letter);
    };
  }

  private static Option cluster(char letter) {
    return switch (letter) {
      case 'b' -> Option.valued(letter, "store", "specify backend store");
      case 'c' ->
          Option.valued(letter, "copies", "specify the default data redundancy (number of copies)");
      case 'f' -> Option.flag(letter, "force", "do not prompt for confirmation");
      case 'l' -> Option.flag(letter, "lock", "Lock vdi to exclude multiple users");
      case 'm' ->
          Option.flag(letter, "multithread", "use multi-thread for 'cluster snapshot save'");
      case 't' ->
          Option.flag(
              letter, "strict", "do not serve write request if number of nodes is not sufficient");
      default -> throw unknown("cluster", letter);
    };
  }

  private static AssertionError unknown(String command, char letter) {
    return new AssertionError("option -" + letter + " of 'dog " + command + "' is not described");
  }
}

package dev.kelpie.dog;

import dev.kelpie.dog.Subcommand.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// All commands (spec/cli.md §4-§7), with those that this release does not carry out.
final class CommandTable {
  /// The first words, in the order of the help.
  static final List<String> COMMANDS = List.of("vdi", "node", "cluster", "upgrade");

  private static final boolean YES = true;
  private static final boolean NO = false;
  private static final List<Word> NO_WORDS = List.of();

  private CommandTable() {}

  /// The subcommands of a command; empty for an unknown one.
  static List<Subcommand> of(String command) {
    return switch (command) {
      case "vdi" -> vdi();
      case "node" -> node();
      case "cluster" -> cluster();
      case "upgrade" -> upgrade();
      default -> List.of();
    };
  }

  /// One of them.
  static Optional<Subcommand> find(String command, String name) {
    for (Subcommand candidate : of(command)) {
      if (candidate.name().equals(name)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static List<Subcommand> vdi() {
    Table t = new Table("vdi");
    t.no("check", "<vdiname>", "seaphT", "check and repair image's consistency");
    t.yes("create", "<vdiname> <size>", "PycaphrvT", YES, YES, "create an image");
    t.yes("snapshot", "<vdiname>", "saphrvT", NO, YES, "create a snapshot");
    t.yes("clone", "<src vdi> <dst vdi>", "sPnaphrvT", NO, YES, "clone an image");
    t.yes("delete", "<vdiname>", "saphT", NO, YES, "delete an image");
    t.yes("rollback", "<vdiname>", "saphfrvT", NO, YES, "rollback to a snapshot");
    t.yes("list", "[vdiname]", "aprhoT", NO, NO, "list images");
    t.yes("tree", "", "aphT", NO, NO, "show images in tree view format");
    t.yes("graph", "", "aphT", NO, NO, "show images in Graphviz dot format");
    t.words(
        "object",
        "<vdiname>",
        "isaphT",
        YES,
        "show object information in the image",
        List.of(
            new Word("location", YES, YES, YES, "show which nodes have an object"),
            new Word("map", NO, YES, YES, "show which VDIs own the objects"),
            new Word("dump-inode", NO, YES, YES, "show the contents of an inode object file")));
    t.no("track", "<vdiname>", "isaphoT", "show the object epoch trace in the image");
    t.no("setattr", "<vdiname> <key> [value]", "dxaphT", "set a VDI attribute");
    t.no("getattr", "<vdiname> <key>", "aphT", "get a VDI attribute");
    t.yes("resize", "<vdiname> <new size>", "aphT", NO, YES, "resize an image");
    t.yes("read", "<vdiname> [<offset> [<len>]]", "saphT", NO, YES, "read data from an image");
    t.yes("write", "<vdiname> [<offset> [<len>]]", "apwhT", NO, YES, "write data to an image");
    t.no(
        "backup",
        "<vdiname>",
        "sFaphT",
        "create an incremental backup between two snapshots and outputs to STDOUT");
    t.no(
        "restore", "<vdiname>", "saphT", "restore snapshot images from a backup provided in STDIN");
    t.words(
        "cache",
        "<vdiname>",
        "saphT",
        YES,
        "Run 'dog vdi cache' for more information",
        List.of(
            new Word("flush", NO, YES, YES, "flush the cache of the vdi specified."),
            new Word("delete", NO, YES, NO, "delete the cache of the vdi specified in all nodes."),
            new Word("info", NO, NO, YES, "show usage of the cache"),
            new Word("purge", NO, NO, NO, "purge the cache of all vdi (no flush)")));
    t.no("alter-copy", "<vdiname>", "caphT", "set the vdi's redundancy level");
    t.words(
        "lock",
        "",
        "aphT",
        NO,
        "See 'dog vdi lock' for more information",
        List.of(
            new Word("list", NO, NO, NO, "list locked VDIs"),
            new Word("unlock", NO, YES, NO, "unlock locked VDI forcibly")));
    return t.rows;
  }

  private static List<Subcommand> node() {
    Table t = new Table("node");
    t.yes("kill", "<node id>", "aprhlT", YES, NO, "kill node");
    t.yes("list", "", "aprhT", YES, NO, "list nodes");
    t.yes("info", "", "aprhT", YES, NO, "show information about each node");
    t.words(
        "recovery",
        "<max> <interval>",
        "aphPrT",
        NO,
        "show recovery information or set/get recovery speed throttling of nodes",
        List.of(
            new Word("info", YES, NO, NO, "show recovery information of nodes (default)"),
            new Word("set-throttle", YES, YES, NO, "set new throttling"),
            new Word("get-throttle", YES, NO, NO, "get current throttling")));
    t.words(
        "md",
        "[disks]",
        "aprAfhT",
        NO,
        "See 'dog node md' for more information",
        List.of(
            new Word("info", YES, NO, NO, "show multi-disk information"),
            new Word("plug", NO, YES, NO, "plug more disk(s) into node"),
            new Word("unplug", NO, YES, NO, "unplug disk(s) from node")));
    t.yes("stat", "", "aprwhT", NO, NO, "show stat information about the node");
    t.words(
        "log",
        "",
        "aphT",
        NO,
        "show or set log level of the node",
        List.of(new Word("level", NO, YES, NO, "manipulate loglevel")));
    t.no(
        "format",
        "<directory of sheep> <a name of store format>",
        "aphT",
        "initialize store format of the node");
    return t.rows;
  }

  /// `format` has the `-f` of release 1.0.1.
  private static List<Subcommand> cluster() {
    Table t = new Table("cluster");
    t.yes("info", "", "aprhvT", YES, NO, "show cluster information");
    t.yes("format", "", "bcltaphTf", YES, NO, "create a Sheepdog store");
    t.yes("shutdown", "", "aphT", NO, NO, "stop Sheepdog");
    t.words(
        "snapshot",
        "<tag|idx> <path> [vdi1] [vdi2] ...",
        "aphTm",
        NO,
        "snapshot/restore the cluster",
        List.of(
            new Word("save", YES, YES, NO, "save snapshot to localpath"),
            new Word("list", NO, YES, NO, "list snapshot of localpath"),
            new Word("load", YES, YES, NO, "load snapshot from localpath"),
            new Word("show", YES, YES, NO, "show vdi list from snapshot")));
    t.words(
        "recover",
        "",
        "afphT",
        NO,
        "See 'dog cluster recover' for more information",
        List.of(
            new Word("force", NO, NO, NO, "force recover cluster immediately"),
            new Word(
                "enable",
                NO,
                NO,
                NO,
                "enable automatic recovery and run once recover if necessary"),
            new Word("disable", NO, NO, NO, "disable automatic recovery")));
    t.no("reweight", "", "aphT", "reweight the cluster");
    t.no("check", "", "aphT", "check and repair cluster");
    t.no("alter-copy", "", "aphTc", "set the cluster's redundancy level");
    return t.rows;
  }

  private static List<Subcommand> upgrade() {
    Table t = new Table("upgrade");
    t.no(
        "inode-convert",
        "<path of original inode file> <path of new inode file>",
        "hTo",
        "upgrade inode object file");
    t.no(
        "epoch-convert",
        "<path of original epoch log file> <path of new epoch log file>",
        "hTo",
        "upgrade epoch log file");
    t.no(
        "config-convert",
        "<path of original config file> <path of new config file>",
        "hT",
        "upgrade config file");
    t.no("object-location", "<path of latest epoch file> <oid>", "hT", "print object location");
    return t.rows;
  }

  /// The rows of one command.
  private static final class Table {
    private final String command;
    private final List<Subcommand> rows = new ArrayList<>();

    Table(String command) {
      this.command = command;
    }

    /// One that is carried out.
    void yes(
        String name,
        String arguments,
        String letters,
        boolean memberList,
        boolean argument,
        String description) {
      rows.add(
          new Subcommand(
              command, name, arguments, letters, memberList, argument, YES, description, NO_WORDS));
    }

    /// One that is not.
    void no(String name, String arguments, String letters, String description) {
      rows.add(
          new Subcommand(command, name, arguments, letters, NO, NO, NO, description, NO_WORDS));
    }

    /// One with third words.
    void words(
        String name,
        String arguments,
        String letters,
        boolean supported,
        String description,
        List<Word> words) {
      rows.add(
          new Subcommand(
              command, name, arguments, letters, NO, YES, supported, description, words));
    }
  }
}

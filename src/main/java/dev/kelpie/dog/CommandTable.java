package dev.kelpie.dog;

import dev.kelpie.dog.Subcommand.Word;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// All commands (spec/cli.md §4-§7). The listings have a `-j` of Kelpie's own.
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
    t.plain("check", "<vdiname>", "seaphT", YES, YES, "check and repair image's consistency");
    t.plain("create", "<vdiname> <size>", "PycaphrvT", YES, YES, "create an image");
    t.plain("snapshot", "<vdiname>", "saphrvT", NO, YES, "create a snapshot");
    t.plain("clone", "<src vdi> <dst vdi>", "sPnaphrvT", NO, YES, "clone an image");
    t.plain("delete", "<vdiname>", "saphT", NO, YES, "delete an image");
    t.plain("rollback", "<vdiname>", "saphfrvT", NO, YES, "rollback to a snapshot");
    t.plain("list", "[vdiname]", "aprhoTj", NO, NO, "list images");
    t.plain("tree", "", "aphTj", NO, NO, "show images in tree view format");
    t.plain("graph", "", "aphT", NO, NO, "show images in Graphviz dot format");
    t.words(
        "object",
        "<vdiname>",
        "isaphT",
        YES,
        "show object information in the image",
        List.of(
            new Word("location", YES, YES, "show which nodes have an object"),
            new Word("map", NO, YES, "show which VDIs own the objects"),
            new Word("dump-inode", NO, YES, "show the contents of an inode object file")));
    t.plain("track", "<vdiname>", "isaphoT", YES, YES, "show the object epoch trace in the image");
    t.plain("setattr", "<vdiname> <key> [value]", "dxaphT", NO, YES, "set a VDI attribute");
    t.plain("getattr", "<vdiname> <key>", "aphT", NO, YES, "get a VDI attribute");
    t.plain("resize", "<vdiname> <new size>", "aphT", NO, YES, "resize an image");
    t.plain("read", "<vdiname> [<offset> [<len>]]", "saphT", NO, YES, "read data from an image");
    t.plain("write", "<vdiname> [<offset> [<len>]]", "apwhT", NO, YES, "write data to an image");
    t.plain(
        "backup",
        "<vdiname>",
        "sFaphT",
        YES,
        YES,
        "create an incremental backup between two snapshots and outputs to STDOUT");
    t.plain(
        "restore",
        "<vdiname>",
        "saphT",
        YES,
        YES,
        "restore snapshot images from a backup provided in STDIN");
    t.words(
        "cache",
        "<vdiname>",
        "saphTfjrDMmR",
        YES,
        "Run 'dog vdi cache' for more information",
        List.of(
            new Word("flush", NO, YES, "flush the cache of the vdi specified."),
            new Word("delete", NO, YES, "delete the cache of the vdi specified in all nodes."),
            new Word("info", NO, NO, "show usage of the cache"),
            new Word("warm", NO, YES, "read the vdi specified into the cache"),
            new Word("purge", NO, NO, "purge the cache of all vdi (no flush)"),
            new Word("list", NO, NO, "show what the cache did for each vdi"),
            new Word("check", NO, NO, "check cached blocks against their checksums"),
            new Word("mode", NO, YES, "show or set the mode: writeback, writethrough or none"),
            new Word("quota", NO, YES, "show or set how much of the cache the vdi may take")));
    t.plain("alter-copy", "<vdiname>", "caphTf", YES, YES, "set the vdi's redundancy level");
    t.words(
        "lock",
        "",
        "aphTj",
        YES,
        "See 'dog vdi lock' for more information",
        List.of(
            new Word("list", NO, NO, "list locked VDIs"),
            new Word("unlock", NO, YES, "unlock locked VDI forcibly")));
    return t.rows;
  }

  private static List<Subcommand> node() {
    Table t = new Table("node");
    t.plain("kill", "<node id>", "aprhlT", YES, NO, "kill node");
    t.plain("list", "", "aprhTj", YES, NO, "list nodes");
    t.plain("info", "", "aprhTj", YES, NO, "show information about each node");
    t.words(
        "recovery",
        "<max> <interval>",
        "aphPrT",
        NO,
        "show recovery information or set/get recovery speed throttling of nodes",
        List.of(
            new Word("info", YES, NO, "show recovery information of nodes (default)"),
            new Word("set-throttle", YES, YES, "set new throttling"),
            new Word("get-throttle", YES, NO, "get current throttling")));
    t.words(
        "md",
        "[disks]",
        "aprAfhTj",
        YES,
        "See 'dog node md' for more information",
        List.of(
            new Word("info", YES, NO, "show multi-disk information"),
            new Word("plug", NO, YES, "plug more disk(s) into node"),
            new Word("unplug", NO, YES, "unplug disk(s) from node")));
    t.plain("stat", "", "aprwhT", NO, NO, "show stat information about the node");
    t.words(
        "log",
        "",
        "aphT",
        YES,
        "show or set log level of the node",
        List.of(
            new Word(
                "level",
                NO,
                YES,
                "manipulate loglevel",
                List.of(
                    new Word("set", NO, YES, "set new loglevel"),
                    new Word("get", NO, NO, "get current loglevel"),
                    new Word("list", NO, NO, "list available loglevels")))));
    t.plain(
        "format",
        "<directory of sheep> <a name of store format>",
        "aphT",
        NO,
        YES,
        "initialize store format of the node");
    return t.rows;
  }

  /// `format` and `alter-copy` have the `-f` of release 1.0.1.
  private static List<Subcommand> cluster() {
    Table t = new Table("cluster");
    t.plain("info", "", "aprhvTj", YES, NO, "show cluster information");
    t.plain("format", "", "bcltaphTf", YES, NO, "create a Sheepdog store");
    t.plain("shutdown", "", "aphT", NO, NO, "stop Sheepdog");
    t.words(
        "snapshot",
        "<tag|idx> <path> [vdi1] [vdi2] ...",
        "aphTmj",
        YES,
        "snapshot/restore the cluster",
        List.of(
            new Word("save", YES, YES, "save snapshot to localpath"),
            new Word("list", NO, YES, "list snapshot of localpath"),
            new Word("load", YES, YES, "load snapshot from localpath"),
            new Word("show", YES, YES, "show vdi list from snapshot")));
    t.words(
        "recover",
        "",
        "afphT",
        YES,
        "See 'dog cluster recover' for more information",
        List.of(
            new Word("force", NO, NO, "force recover cluster immediately"),
            new Word(
                "enable", NO, NO, "enable automatic recovery and run once recover if necessary"),
            new Word("disable", NO, NO, "disable automatic recovery")));
    t.plain("reweight", "", "aphT", NO, NO, "reweight the cluster");
    t.plain("check", "", "aphT", YES, NO, "check and repair cluster");
    t.plain("alter-copy", "", "aphTcf", YES, NO, "set the cluster's redundancy level");
    return t.rows;
  }

  private static List<Subcommand> upgrade() {
    Table t = new Table("upgrade");
    t.plain(
        "inode-convert",
        "<path of original inode file> <path of new inode file>",
        "hTo",
        NO,
        YES,
        "upgrade inode object file");
    t.plain(
        "epoch-convert",
        "<path of original epoch log file> <path of new epoch log file>",
        "hTo",
        NO,
        YES,
        "upgrade epoch log file");
    t.plain(
        "config-convert",
        "<path of original config file> <path of new config file>",
        "hT",
        NO,
        YES,
        "upgrade config file");
    t.plain(
        "object-location",
        "<path of latest epoch file> <oid>",
        "hT",
        NO,
        YES,
        "print object location");
    return t.rows;
  }

  /// The rows of one command.
  private static final class Table {
    private final String command;
    private final List<Subcommand> rows = new ArrayList<>();

    Table(String command) {
      this.command = command;
    }

    /// One without.
    void plain(
        String name,
        String arguments,
        String letters,
        boolean memberList,
        boolean argument,
        String description) {
      rows.add(
          new Subcommand(
              command, name, arguments, letters, memberList, argument, description, NO_WORDS));
    }

    /// One with third words.
    void words(
        String name,
        String arguments,
        String letters,
        boolean argument,
        String description,
        List<Word> words) {
      rows.add(new Subcommand(command, name, arguments, letters, NO, argument, description, words));
    }
  }
}

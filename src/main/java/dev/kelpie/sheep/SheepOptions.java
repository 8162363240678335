package dev.kelpie.sheep;

import dev.kelpie.config.Option;
import dev.kelpie.config.Version;
import java.util.List;
import java.util.Map;

/// The options of `sheep` and its help (spec/cli.md §2.2, §2.4). `bin/sheep` and
/// docs/configuration.md list them too; a test compares all three.
final class SheepOptions {
  /// All options, in the order of the help.
  static final List<Option> ALL =
      List.of(
          Option.valued('b', "bindaddr", "listen on this address (default: 127.0.0.1 and ::1)"),
          Option.valued('c', "cluster", "join a cluster through this driver"),
          Option.flag('D', "directio", "use direct I/O for objects (no effect)"),
          Option.flag('f', "foreground", "stay in the foreground"),
          Option.flag('g', "gateway", "store nothing here, only serve clients (needs -c)"),
          Option.flag('h', "help", "display this help and exit"),
          Option.valued('i', "ioaddr", "listen for other nodes (not supported: see --bindaddr)"),
          Option.valued('j', "journal", "use a journal (not supported: the store has its own)"),
          Option.valued('l', "log", "what to log, how and where"),
          Option.flag('n', "nosync", "do not sync writes (no effect: writes are synced)"),
          Option.valued('p', "port", "TCP port of the Sheepdog protocol (default: 7000)"),
          Option.valued('P', "pidfile", "write the process id to this file"),
          Option.valued('q', "wq-threads", "numbers of threads (no effect)"),
          Option.valued('r', "http", "object service over HTTP (not supported in this release)"),
          Option.valued('R', "recovery", "throttle recovery (no effect on one node)"),
          Option.flag('u', "upgrade", "upgrade the base directory (no effect: nothing to do)"),
          Option.flag('v', "version", "print the version and exit"),
          Option.valued('V', "vnodes", "number of virtual nodes (default: 128)"),
          Option.valued('w', "cache", "keep an object cache"),
          Option.flag('W', "wildcard-recovery", "look everywhere (no effect on one node)"),
          Option.valued('x', "max-dynamic-threads", "limit of threads (no effect)"),
          Option.valued('y', "myaddr", "address told to clients and other nodes"),
          Option.valued('z', "zone", "failure zone of this node (default: from the address)"),
          Option.valued("allow", "who may use the Sheepdog protocol (default: everybody)"),
          Option.valued("allow-nbd", "who may use NBD (default: everybody)"),
          Option.valued("allow-status", "who may see the status pages (default: everybody)"),
          Option.valued("nbd", "where to serve NBD (default: 127.0.0.1, port + 3809)"),
          Option.valued("status", "where to serve status pages (default: 127.0.0.1, port + 2700)"),
          Option.valued("tls", "'require' TLS or only 'allow' it (default: require)"),
          Option.valued("tls-dir", "offer TLS, with the certificates in this directory"));

  private static final int NAME_WIDTH = 18;

  private static final Map<Character, String> MORE =
      Map.of(
          'b',
              """
              Usage: sheep -b ADDRESS
              ADDRESS is a numeric IPv4 or IPv6 address of this machine; 0.0.0.0 or :: for all.
              Example: sheep -b 192.168.1.1 /var/lib/sheepdog
              """,
          'c',
              """
              Usage: sheep -c DRIVER[:OPTION]
                local[:DIR]    the sheep of this machine that name the same directory, for tests
                               (default: one of the user's own)
                zookeeper:HOST[:PORT],...[/ROOT][,timeout=MS][,config=FILE]
                               an ensemble of ZooKeeper (default: /kelpie, 30000 ms)
              Without -c the node is alone.
              Example: sheep -c zookeeper:zk1,zk2,zk3 -b 10.0.0.5 /var/lib/sheepdog
              """,
          'i',
              """
              Usage: sheep -i host=ADDRESS[,port=PORT]
              Other nodes come to the address and port of the Sheepdog protocol: leave -i out.
              """,
          'j',
              """
              Usage: sheep -j size=SIZE[,dir=DIR][,skip]
              The object store logs small writes by itself: leave -j out.
              """,
          'l',
              """
              Usage: sheep -l level=LEVEL,dir=DIR,format=FORMAT,dst=DESTINATION
                level   emerg alert crit err warning notice info debug (default: info)
                dir     directory of sheep.log (default: the base directory)
                format  server default json (default: server)
                dst     default (the file), syslog, stdout (stays in the foreground)
              Example: sheep -l level=debug,dir=/var/log /var/lib/sheepdog
              """,
          'r',
              """
              Usage: sheep -r host=ADDRESS,port=PORT
              The object service over HTTP is not supported in this release: leave -r out.
              """,
          'R',
              """
              Usage: sheep -R max=NUMBER,interval=MILLISECONDS
              One node has nothing to recover from; accepted without effect.
              """,
          'w',
              """
              Usage: sheep -w size=SIZE[,dir=DIR][,keep=auto|always][,bootset=on|off]
                              [,dirty=SECONDS][,directio]
                size      of the object cache, 10M to 4194304G
                dir       directory in which 'cache' is made (default: the base directory)
                keep      auto: where cache and objects share a device, blocks that were only
                          read are not kept; always: keep them (default: auto)
                bootset   on: what is read in the first minutes after a VDI was opened is
                          fetched ahead when it is next opened; off: it is not (default: on)
                dirty     a disk never holds more unpushed writes than can be pushed in so
                          many seconds, 1 to 3600 (default: 10)
                directio  accepted without effect
              Example: sheep -w size=200G,dir=/ssd /var/lib/sheepdog
              """,
          'y',
              """
              Usage: sheep -y ADDRESS
              ADDRESS is a numeric IPv4 or IPv6 address.
              """,
          'z',
              """
              Usage: sheep -z NUMBER
              NUMBER is 0 to 4294967295; copies of an object lie in different zones.
              """);

  private SheepOptions() {}

  /// What `sheep --help` prints.
  static String help() {
    StringBuilder help = new StringBuilder();
    help.append("Sheepdog daemon (version ").append(Version.text()).append(")\n");
    help.append("Usage: sheep [OPTION]... PATH\nOptions:\n");
    for (Option option : ALL) {
      String letter =
          option.letter() == Option.NO_LETTER ? "      --" : "  -" + option.letter() + ", --";
      help.append(letter)
          .append(option.name())
          .append(" ".repeat(Math.max(1, NAME_WIDTH - option.name().length())))
          .append(option.description())
          .append('\n');
    }
    return help.append("\nA value option alone ('sheep -w') shows more about it.\n").toString();
  }

  /// More about one option, which `sheep` prints where its value is missing; empty for most.
  static String more(Option option) {
    return MORE.getOrDefault(option.letter(), "");
  }
}

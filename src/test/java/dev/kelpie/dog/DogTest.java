package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What all commands share: words, options, environment, usage, streams, statuses.
final class DogTest {
  private static final String TRY = "Try 'dog --help' for more information.\n";
  private static final String REFUSED =
      "failed to connect to 127.0.0.1:7000: Connection refused\n".repeat(2);

  @Test
  void aloneAndWithHelpItListsAllCommandsAndSucceeds() {
    DogRun run = new DogRun().dog("");
    assertEquals(0, run.status());
    assertEquals("", run.err());
    String all = run.out();
    assertTrue(all.startsWith("Sheepdog administrator utility (version "));
    assertTrue(
        all.contains(
            """
            )
            Usage: dog <command> <subcommand> [options]

            Available commands:
              vdi check               check and repair image's consistency
              vdi create              create an image
            """));
    assertTrue(
        all.endsWith(
            """
              upgrade config-convert  upgrade config file
              upgrade object-location print object location

            For more information, run 'dog <command> <subcommand> --help'.
            """));
    for (String help : List.of("help", "-h", "--help")) {
      run.dog(help).prints(all);
    }
  }

  @Test
  void unknownCommandsAreNamed() {
    new DogRun().dog("-a x vdi list").fails("Invalid command '-a'\n" + TRY, 64);
    new DogRun().dog("trace status").fails("Invalid command 'trace'\n" + TRY, 64);
  }

  @Test
  void unknownSubcommandsAreAnsweredWithTheKnownOnes() {
    String known =
        """
        Available upgrade commands:
          upgrade inode-convert
          upgrade epoch-convert
          upgrade config-convert
          upgrade object-location
        """;
    new DogRun().dog("upgrade foo").fails("Invalid command 'upgrade foo'\n" + known, 64);
    new DogRun().dog("upgrade").fails(known, 64);
    new DogRun().dog("upgrade help").fails(known, 64);
    new DogRun().dog("upgrade -h").fails(known, 64);
  }

  @Test
  void commandsOfLaterReleasesAreUnknown() {
    assertEquals(64, new DogRun().dog("node vnodes set 3").status());
    assertEquals(64, new DogRun().dog("benchmark io x").status());
  }

  @Test
  void usageOfASubcommandWithFurtherWords() {
    new DogRun()
        .dog("vdi lock -h")
        .prints(
            """
            Usage: dog vdi lock {list|unlock} [-a address] [-p port] [-h] [-T] [-j]
            Available subcommands:
              list                    list locked VDIs
              unlock                  unlock locked VDI forcibly
            Options:
              -a, --address           specify the daemon address (default: localhost)
              -p, --port              specify the daemon port
              -h, --help              display this help and exit
              -T, --time              show elapsed time
              -j, --json              print JSON, with all sizes in bytes
            """);
  }

  @Test
  void usageOfAFourthWord() {
    String options =
        """
        Options:
          -a, --address           specify the daemon address (default: localhost)
          -p, --port              specify the daemon port
          -h, --help              display this help and exit
          -T, --time              show elapsed time
        """;
    String usage =
        """
        Usage: dog node log level {set|get|list} [-a address] [-p port] [-h] [-T]
        Available subcommands:
          set                     set new loglevel
          get                     get current loglevel
          list                    list available loglevels
        """
            + options;
    new DogRun().dog("node log level").prints(usage, "", 64);
    new DogRun().dog("node log level foo").prints(usage, "", 1);
    new DogRun()
        .dog("node log level set")
        .prints(
            "Usage: dog node log level set [-a address] [-p port] [-h] [-T]\n" + options, "", 64);
  }

  @Test
  void usageOfASubcommandWithArguments() {
    new DogRun()
        .dog("vdi create --help")
        .prints(
            """
            Usage: dog vdi create [-P] [-y] [-c copies] [-a address] [-p port] [-h] [-r] [-v] \
            [-T] <vdiname> <size>
            Options:
              -P, --prealloc          preallocate all the data objects
              -y, --hyper             create a hyper volume
              -c, --copies            specify the data redundancy level
              -a, --address           specify the daemon address (default: localhost)
              -p, --port              specify the daemon port
              -h, --help              display this help and exit
              -r, --raw               raw output mode: omit headers, separate fields with
                                      single spaces and print all sizes in decimal bytes
              -v, --verbose           print more information than default
              -T, --time              show elapsed time
            """);
  }

  @Test
  void everySubcommandHasAUsageWithAllItsOptions() {
    for (String command : CommandTable.COMMANDS) {
      for (Subcommand subcommand : CommandTable.of(command)) {
        DogRun run = DogRun.withoutSheep().dog(subcommand.path() + " -h");
        assertEquals(0, run.status(), subcommand.path());
        String usage = run.out();
        assertTrue(usage.startsWith("Usage: dog " + subcommand.path() + " "), usage);
        for (char letter : subcommand.letters().toCharArray()) {
          assertTrue(usage.contains("\n  -" + letter + ", --"), usage);
        }
      }
    }
  }

  @Test
  void aMissingFurtherWordIsAUsageErrorAndAnUnknownOneAFailure() {
    String usage = new DogRun().dog("vdi cache -h").out();
    new DogRun().dog("vdi cache").prints(usage, "", 64);
    new DogRun().dog("vdi cache foo").prints(usage, "", 1);
  }

  @Test
  void anArgumentBehindAFurtherWordMustNotBeEmpty() {
    DogRun run = new DogRun().dog("vdi object map");
    assertEquals(64, run.status());
    assertTrue(
        run.out().startsWith("Usage: dog vdi object map [-i index] [-s snapshot]"), run.out());
    assertEquals(run.out(), new DogRun().dog(List.of("vdi", "object", "map", "")).out());
  }

  @Test
  void wrongOptionsAreToldByTheNameItWasCalledBy() {
    new DogRun().dog("vdi list -Q").fails("/usr/bin/dog: invalid option -- 'Q'\n" + TRY, 64);
    new DogRun()
        .dog("vdi list --foo")
        .fails("/usr/bin/dog: unrecognized option '--foo'\n" + TRY, 64);
    new DogRun()
        .dog("vdi list -p")
        .fails("/usr/bin/dog: option requires an argument -- 'p'\n" + TRY, 64);
  }

  @Test
  void addressesAndPortsAreChecked() {
    new DogRun()
        .dog("vdi list -a no.such.host.invalid")
        .fails("Invalid ip address no.such.host.invalid\n", 1);
    new DogRun().dog("vdi list -p 0").fails("Invalid port number '0'\n", 64);
    new DogRun().dog("vdi list -p 70000").fails("Invalid port number '70000'\n", 64);
    new DogRun().dog("vdi list -p 7000x").fails("Invalid port number '7000x'\n", 64);
  }

  @Test
  void namesOfHostsAreLookedUp() {
    new DogRun().dog("node list -r -a localhost -p 7000").prints("0 127.0.0.1:7000 128 1\n");
  }

  @Test
  void theEnvironmentSaysWhereTheSheepIsAndOptionsWin() {
    DogRun run = new DogRun();
    run.environment.put("SHEEPDOG_DOG_ADDR", "127.0.0.1");
    run.environment.put("SHEEPDOG_DOG_PORT", "7999");
    run.dog("vdi list -r")
        .fails("failed to connect to 127.0.0.1:7999: Connection refused\n".repeat(2), 2);
    run.dog("node list -r -p 7000").prints("0 127.0.0.1:7000 128 1\n");
    run.environment.put("SHEEPDOG_DOG_PORT", "x");
    run.dog("vdi list -r").fails("Invalid port number 'x'\n", 64);
    run.environment.put("SHEEPDOG_DOG_ADDR", "");
    run.dog("vdi list -r").fails("Invalid ip address \n", 1);
  }

  @Test
  void commandLinesAreNotedWhereTheEnvironmentSaysSo(@TempDir Path dir) throws IOException {
    Path log = dir.resolve("log");
    DogRun run = new DogRun();
    run.environment.put("SHEEPDOG_DOG_LOG", "1");
    run.environment.put("SHEEPDOG_DOG_LOG_PATH", log.toString());
    run.dog("node list -r").prints("0 127.0.0.1:7000 128 1\n");
    run.dog("vdi foo");
    assertEquals(
        """
        2026 Nov 22 13:34:15 :  dog node list -r
        2026 Nov 22 13:34:15 :  dog vdi foo
        """,
        Files.readString(log));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(log)));
  }

  @Test
  void aLogThatCannotBeWrittenStopsNothing() {
    DogRun run = new DogRun();
    run.environment.put("SHEEPDOG_DOG_LOG", "1");
    run.environment.put("SHEEPDOG_DOG_LOG_PATH", "/no/such/dir/log");
    run.dog("node list -r")
        .prints(
            "0 127.0.0.1:7000 128 1\n",
            "error at opening log file of dog(/no/such/dir/log): No such file or directory\n",
            0);
  }

  @Test
  void elapsedTimeComesLastAndOnlyAtARegularEnd() {
    DogRun run = new DogRun();
    run.nanos = 1_234_500_000L;
    run.dog("node list -r -T").prints("0 127.0.0.1:7000 128 1\n\nElapsed time: 1.234 seconds\n");
    run.dog("vdi resize -T x");
    assertFalse(run.out().contains("Elapsed"));
    run.dog("vdi cache flush -T x")
        .prints(
            "\nElapsed time: 1.234 seconds\n",
            "Failed to open VDI x (snapshot id: 0 snapshot tag: ): No VDI found\n",
            1);
  }

  @Test
  void withoutASheepTheConnectionErrorComesFirstAndTwice() {
    DogRun.withoutSheep().dog("vdi list -r").fails(REFUSED, 2);
    DogRun.withoutSheep().dog("vdi delete x").fails(REFUSED, 2);
    DogRun.withoutSheep().dog("vdi read x").fails(REFUSED, 2);
    DogRun.withoutSheep().dog("node list").fails(REFUSED + "Failed to get node list\n", 2);
    DogRun.withoutSheep().dog("vdi create").fails(REFUSED + "Failed to get node list\n", 2);
    DogRun.withoutSheep().dog("cluster shutdown").fails(REFUSED + "failed to execute request\n", 1);
  }

  @Test
  void theMemberListMayBeRefused() {
    DogRun run = new DogRun();
    run.sheep.refusals.put(Opcode.GET_NODE_LIST, ResultCode.SHUTDOWN);
    run.dog("node list")
        .fails("Failed to update node list: System is shutting down\nFailed to get node list\n", 2);
    run = new DogRun();
    run.sheep.nodes.clear();
    run.dog("node list").fails("There are no active sheep daemons\n", 1);
  }

  @Test
  void aConnectionThatEndsIsTold() {
    DogRun run = new DogRun();
    run.network.answersLeft = 0;
    run.dog("vdi delete x").fails("failed to read a response\n", 2);
  }

  @Test
  void aConnectionThatBreaksIsToldWithTheReason() {
    DogRun run = new DogRun();
    run.network.answersLeft = 0;
    run.network.cut = Optional.of(new IOException("Connection reset"));
    run.dog("vdi delete x")
        .fails(
            """
            failed to read from socket: -1, Connection reset by peer
            failed to read a response
            """,
            2);
    run.network.writeFailure = Optional.of(new IOException("Broken pipe"));
    run.dog("vdi delete x")
        .fails(
            """
            failed to write to socket: Broken pipe
            failed to send request 14, 512: Broken pipe
            """,
            2);
  }

  @Test
  void anAnswerThatCannotBeReadIsTold() {
    DogRun run = new DogRun();
    run.sheep.oddNodeList = true;
    run.dog("node list")
        .fails("The answer of the sheep cannot be read: a node list of 81 bytes\n", 2);
  }

  @Test
  void wordsAreTakenFromTheKernelAsTheyAre() {
    byte[] line = "java\0-cp\0x\0Main\0vdi\0\u00c3\u00a4\0".getBytes(StandardCharsets.ISO_8859_1);
    assertEquals(List.of("vdi", "\u00c3\u00a4"), ArgumentBytes.lastWords(line, 2));
    assertEquals(List.of("a", "b"), ArgumentBytes.of(new String[] {"a", "b"}));
  }
}

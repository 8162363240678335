package dev.kelpie.sheep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.config.Addresses;
import dev.kelpie.config.AllowList;
import dev.kelpie.config.BadValue;
import dev.kelpie.config.ListenAddress;
import dev.kelpie.config.Version;
import dev.kelpie.log.Level;
import dev.kelpie.log.LogFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CommandLineTest {
  private static final Path HERE = Path.of("/here");

  @Test
  void aDirectoryAloneGivesTheDefaults() throws Refusal {
    SheepConfig config = serve("/data");
    assertEquals(
        new SheepConfig(
            Path.of("/data"),
            List.of(),
            7000,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            SheepConfig.Clients.DEFAULT,
            SheepConfig.Place.ALONE,
            Optional.empty(),
            new SheepConfig.Logging(
                Level.INFO, Optional.empty(), LogFormat.SERVER, SheepConfig.LogDestination.FILE),
            Optional.empty(),
            List.of()),
        config);
  }

  @Test
  void clientsAreNamedAndTlsIsRequiredUnlessOnlyAllowed() throws Refusal, BadValue {
    SheepConfig.Clients clients =
        serve(
                "--allow",
                "10.0.0.0/8",
                "--allow-nbd=::1",
                "--allow-status",
                "10.0.0.9",
                "--tls-dir",
                "pki",
                "b")
            .clients();
    assertEquals(Optional.of(AllowList.parse("10.0.0.9")), clients.status());
    assertEquals(Optional.of(AllowList.parse("10.0.0.0/8")), clients.sheepdog());
    assertEquals(Optional.of(AllowList.parse("::1")), clients.nbd());
    assertEquals(Optional.of(new SheepConfig.Tls(Path.of("/here/pki"), true)), clients.tls());
    assertEquals(
        Optional.of(new SheepConfig.Tls(Path.of("/pki"), false)),
        serve("--tls", "allow", "--tls-dir", "/pki", "b").clients().tls());
  }

  @Test
  void everyOptionFindsItsPlace() throws Refusal {
    SheepConfig config =
        serve(
            "-p7001",
            "-b",
            "10.0.0.1",
            "--myaddr=10.0.0.2",
            "-z",
            "4294967295",
            "-P",
            "run/pid",
            "--nbd",
            "unix:nbd.sock",
            "--status",
            "none",
            "-l",
            "level=debug,dir=logs,format=json",
            "base,/disk1/,disk2",
            "ignored");
    assertEquals(7001, config.port());
    assertEquals(Addresses.numeric("10.0.0.1"), config.bind());
    assertEquals(Addresses.numeric("10.0.0.2"), config.place().advertised());
    assertEquals(OptionalLong.of(4_294_967_295L), config.place().zone());
    assertEquals(Optional.of(Path.of("/here/run/pid")), config.pidFile());
    assertEquals(Optional.of(new ListenAddress.Unix("/here/nbd.sock")), config.nbd());
    assertEquals(Path.of("/here/base"), config.base());
    assertEquals(List.of(Path.of("/disk1"), Path.of("/here/disk2")), config.disks());
    assertEquals(
        new SheepConfig.Logging(
            Level.DEBUG,
            Optional.of(Path.of("/here/logs")),
            LogFormat.JSON,
            SheepConfig.LogDestination.FILE),
        config.logging());
    assertEquals(List.of(), config.remarks());
  }

  @Test
  void theCacheLiesInTheBaseDirectoryUnlessToldOtherwise() throws Refusal {
    assertEquals(
        Optional.of(
            new SheepConfig.Cache(
                200L << 30, Path.of("/data"), false, true, Duration.ofSeconds(10))),
        serve("-w", "size=200G", "/data").cache());
    assertEquals(
        Optional.of(
            new SheepConfig.Cache(10L << 20, Path.of("/ssd"), true, true, Duration.ofSeconds(3))),
        serve("/data", "-w", "size=10.9M,dir=/ssd,keep=always,dirty=3").cache());
  }

  @Test
  void nbdHasAnAddressAPortBoth() throws Refusal {
    assertEquals(
        Optional.of(
            new ListenAddress.Tcp(Addresses.numeric("::1").orElseThrow(), OptionalInt.of(10810))),
        serve("--nbd", "[::1]:10810", "/data").nbd());
    assertEquals(Optional.of(new ListenAddress.None()), serve("--nb=none", "/data").nbd());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-D",
        "-n",
        "-q net=4,io=2",
        "-R max=1,interval=2",
        "-u",
        "-W",
        "-x 16",
        "-w size=1G,directio"
      })
  void optionsWithoutEffectAreTakenAndRemarkedUpon(String option) throws Refusal {
    SheepConfig config = serve((option + " /data").split(" ", -1));
    assertEquals(1, config.remarks().size());
    assertTrue(config.remarks().getFirst().endsWith("has no effect in this release"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-i host=1.2.3.4", "-j size=256M", "-r host=localhost"})
  void whatIsNotSupportedIsRefusedWithTheWayOut(String option) {
    String text = refusal((option + " /data").split(" ", -1)).text();
    assertTrue(text.contains("is not supported in this release"), text);
    assertTrue(text.endsWith("Leave the option out."), text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-b | localhost | Bad address 'localhost'",
        "-b | 1.2.3 | Bad address '1.2.3'",
        "-p | 0 | Invalid port number '0'",
        "-p | 65536 | Invalid port number '65536'",
        "-p | 70x | Invalid port number '70x'",
        "-y | host | Invalid address: 'host'",
        "-z | 4294967296 | Invalid zone id '4294967296': must be an integer between 0 and"
            + " 4294967295",
        "-x | 0 | Invalid number of threads '0': must be an integer between 1 and 4294967295",
        "-V | 65536 | Invalid number of vnodes '65536': must be an integer between 1 and 65535",
        "-q | foo=1 | invalid option foo=1",
        "-R | foo | invalid option foo",
        "-w | dir=/x | object cache size is not set",
        "-w | size=9M | Invalid cache option '9M': size must be between between 10M and 4194304G",
        "-w | size=4194305G | Invalid cache option '4194305G': size must be between between 10M"
            + " and 4194304G",
        "-w | size=1G,foo | invalid option foo",
        "-w | size=1G,dirty=0 | Invalid cache option 'dirty=0': must be a number of seconds from 1 to"
            + " 3600",
        "-w | size=1G,keep=no | Invalid cache option 'keep=no': must be auto or always",
        "-l | foo=1 | invalid option foo=1",
        "-l | dst=file | invalid type of log destination: file",
        "-l | dir=/x,dst=syslog | logdir (/x) is specified but logging destination is syslog",
        "-l | dir=/x,dst=stdout | logdir (/x) is specified but logging destination is stdout",
        "--status | here | Invalid status address 'here': must be ADDRESS, ADDRESS:PORT,"
            + " [IPv6]:PORT, unix:PATH or none",
        "--nbd | here | Invalid NBD address 'here': must be ADDRESS, ADDRESS:PORT, [IPv6]:PORT,"
            + " unix:PATH or none"
      })
  void badValuesAreRefusedWithTheTextsThatScriptsKnow(String option, String value, String text) {
    Refusal refused = refusal(option, value, "/data");
    assertEquals(text, refused.text());
    assertEquals("", refused.explanation());
  }

  @Test
  void badSizesHaveTheTwoLines() {
    assertEquals(
        "Invalid size '1Q'\nYou may use B, K, M, G, T or P suffixes for bytes, kilobytes,"
            + " megabytes, gigabytes, terabytes and petabytes.",
        refusal("-w", "size=1Q", "/data").text());
  }

  @Test
  void anUnknownLevelPrintsTheLevels() {
    Refusal refused = refusal("-l", "level=loud", "/data");
    assertEquals("Invalid log level 'loud'", refused.text());
    assertEquals("emerg\nalert\ncrit\nerr\nwarning\nnotice\ninfo\ndebug\n", refused.explanation());
  }

  @Test
  void anUnknownLogFormatPrintsTheFormats() {
    assertEquals(
        "invalid log format: xml\nvalid options are:\n\tdefault\n\tserver\n\tjson",
        refusal("-l", "format=xml", "/data").text());
  }

  @Test
  void nodesAgreeThroughADriver() throws Refusal {
    assertEquals(new ClusterDriver.Alone(), serve("/data").place().driver());
    assertEquals(
        new ClusterDriver.Local(Optional.empty()), serve("-c", "local", "/data").place().driver());
    assertEquals(
        new ClusterDriver.Local(Optional.of(Path.of("/here/agreed"))),
        serve("-c", "local:agreed", "/data").place().driver());
    assertTrue(
        serve("-c", "zookeeper:10.0.0.9:2181", "/data").place().driver()
            instanceof ClusterDriver.ZooKeeper);
    assertEquals(OptionalInt.of(64), serve("-V", "64", "/data").place().vnodes());
    assertEquals(OptionalInt.of(0), serve("-g", "-c", "local", "/data").place().vnodes());
  }

  @Test
  void aGatewayNeedsOthersThatStore() {
    String text = refusal("-g", "/data").text();
    assertTrue(text.endsWith("name the cluster with -c"), text);
  }

  @Test
  void anUnknownDriverIsToldApartFromAnUnsupportedOne() {
    String text = refusal("-c", "raft", "/data").text();
    assertTrue(text.startsWith("Invalid cluster driver 'raft'\nSupported drivers: "), text);
    String known = refusal("-c", "corosync:x", "/data").text();
    assertTrue(known.startsWith("Cluster driver 'corosync' is not supported by Kelpie\n"), known);
  }

  @Test
  void withoutADirectorySheepSaysWhatToType() {
    assertEquals(
        "no directory given: say where sheep keeps its data,"
            + " for example 'sheep /var/lib/sheepdog'",
        refusal().text());
    assertTrue(refusal("/data,,/disk").text().startsWith("empty path in '/data,,/disk'"));
  }

  @Test
  void aWrongOptionNamesTheHelp() {
    assertEquals(
        "bin/sheep: invalid option -- 'Q'\nTry 'sheep --help' for more information.",
        refusal("-Q").text());
  }

  @Test
  void anOptionWithMoreHelpPrintsItOnStandardOutput() {
    Refusal refused = refusal("--zone");
    assertEquals("bin/sheep: option '--zone' requires an argument", refused.text());
    assertTrue(refused.explanation().startsWith("Usage: sheep -z NUMBER\n"));
  }

  @Test
  void theFirstMistakeIsTheOneThatIsReported() {
    assertEquals("Invalid port number '0'", refusal("-p", "0", "-Q").text());
  }

  @Test
  void helpAndVersionWinOverLaterMistakes() throws Refusal {
    assertEquals(
        new CommandLine.Wish.Print("Sheepdog daemon version " + Version.text() + "\n"),
        read("-v", "-Q"));
    CommandLine.Wish help = read("-h", "-p", "0");
    String text = assertInstanceOf(CommandLine.Wish.Print.class, help).text();
    List<String> lines = text.lines().toList();
    assertEquals("Sheepdog daemon (version " + Version.text() + ")", lines.get(0));
    assertEquals("Usage: sheep [OPTION]... PATH", lines.get(1));
    assertEquals("Options:", lines.get(2));
    assertTrue(
        lines.contains(
            "  -p, --port              TCP port of the Sheepdog protocol" + " (default: 7000)"),
        text);
    assertEquals("", lines.get(lines.size() - 2));
  }

  private static CommandLine.Wish read(String... words) throws Refusal {
    return CommandLine.read("bin/sheep", List.of(words), HERE);
  }

  private static SheepConfig serve(String... words) throws Refusal {
    return assertInstanceOf(CommandLine.Wish.Serve.class, read(words)).config();
  }

  private static Refusal refusal(String... words) {
    return assertThrows(Refusal.class, () -> read(words));
  }
}

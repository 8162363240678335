package dev.kelpie.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The expected lines were taken from the C library's own `getopt_long` with the same table.
final class GetoptTest {
  private static final Option PORT = Option.valued('p', "port", "");
  private static final Option PIDFILE = Option.valued('P', "pidfile", "");
  private static final Option RAW = Option.flag('r', "raw", "");
  private static final Option VERBOSE = Option.flag('v', "verbose", "");
  private static final Option VERSION = Option.flag('V', "version", "");
  private static final Option ZONE = Option.valued('z', "zone", "");
  private static final Option NBD = Option.valued("nbd", "");
  private static final List<Option> TABLE =
      List.of(PORT, PIDFILE, RAW, VERBOSE, VERSION, ZONE, NBD);

  @Test
  void optionsAndArgumentsMayBeMixedInAnyOrder() throws Exception {
    assertEquals("p=7000 r | vdi1 10M", parse("vdi1", "-p", "7000", "10M", "-r"));
  }

  @Test
  void lettersMayBeBundledAndTheLastTakesAGluedOrASeparateValue() throws Exception {
    assertEquals("r v p=7000 |", parse("-rvp7000"));
    assertEquals("r v p=7000 | x", parse("-rvp", "7000", "x"));
  }

  @Test
  void aValueMayLookLikeAnOption() throws Exception {
    assertEquals("p=-r | x", parse("-p", "-r", "x"));
    assertEquals("p=-- r |", parse("--port", "--", "-r"));
  }

  @Test
  void longNamesTakeTheirValueWithAndWithoutAnEqualsSign() throws Exception {
    assertEquals("p=7000 P=a=b nbd=none |", parse("--port=7000", "--pidfile=a=b", "--nbd", "none"));
    assertEquals("p= |", parse("--port="));
  }

  @Test
  void uniqueBeginningsOfLongNamesAreEnough() throws Exception {
    assertEquals("p=1 P=2 v nbd=x |", parse("--po", "1", "--pi=2", "--verb", "--n", "x"));
  }

  @Test
  void anExactNameWinsOverLongerOnesThatBeginWithIt() throws Exception {
    List<Option> table = List.of(Option.flag('a', "forced", ""), Option.flag('b', "force", ""));
    Getopt getopt = new Getopt("dog", List.of("--force"), table);
    assertEquals('b', getopt.next().orElseThrow().option().letter());
  }

  @Test
  void twoDashesEndTheOptionsAndOneIsAnArgument() throws Exception {
    assertEquals("r | a - -v --raw", parse("a", "-r", "-", "--", "-v", "--raw"));
  }

  @Test
  void anEmptyWordIsAnArgument() throws Exception {
    assertEquals("| ", parse(""));
  }

  @Test
  void theErrorLinesAreThoseOfTheCLibrary() {
    assertError("sheep: invalid option -- 'Q'", "-Q");
    assertError("sheep: invalid option -- 'Q'", "-rQ");
    assertError("sheep: invalid option -- '-'", "-r-");
    assertError("sheep: option requires an argument -- 'p'", "-p");
    assertError("sheep: option requires an argument -- 'p'", "x", "-rp");
    assertError("sheep: unrecognized option '--x'", "--x");
    assertError("sheep: unrecognized option '--x=3'", "--x=3");
    assertError("sheep: option '--zone' requires an argument", "--zo");
    assertError("sheep: option '--raw' doesn't allow an argument", "--raw=1");
    assertError(
        "sheep: option '--ver' is ambiguous; possibilities: '--verbose' '--version'", "--ver");
    assertError("sheep: option '--p=1' is ambiguous; possibilities: '--port' '--pidfile'", "--p=1");
  }

  @Test
  void anErrorNamesTheOptionWhereItIsKnown() {
    assertEquals(Optional.of(ZONE), errorOf("--zone").option());
    assertEquals(Optional.of(PORT), errorOf("-p").option());
    assertEquals(Optional.of(RAW), errorOf("--raw=1").option());
    assertEquals(Optional.empty(), errorOf("-Q").option());
    assertEquals(Optional.empty(), errorOf("--ver").option());
  }

  @Test
  void optionsBeforeAWrongOneAreGivenOutFirst() throws Exception {
    Getopt getopt = new Getopt("sheep", List.of("-v", "-Q"), TABLE);
    assertEquals(VERBOSE, getopt.next().orElseThrow().option());
    assertThrows(OptionError.class, getopt::next);
  }

  private static String parse(String... words) throws OptionError {
    Getopt getopt = new Getopt("sheep", List.of(words), TABLE);
    List<String> found = new ArrayList<>();
    for (var given = getopt.next(); given.isPresent(); given = getopt.next()) {
      Option option = given.get().option();
      String name = option.letter() == Option.NO_LETTER ? option.name() : "" + option.letter();
      found.add(option.takesValue() ? name + "=" + given.get().value() : name);
    }
    found.add("|");
    found.addAll(getopt.arguments());
    return String.join(" ", found);
  }

  private static void assertError(String line, String... words) {
    assertEquals(line, errorOf(words).getMessage());
  }

  private static OptionError errorOf(String... words) {
    return assertThrows(OptionError.class, () -> parse(words));
  }
}

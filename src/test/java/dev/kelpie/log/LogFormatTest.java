package dev.kelpie.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LogFormatTest {
  private static final Instant TIME = Instant.parse("2026-11-22T13:33:37.123456789Z");
  private static final ZoneId UTC = ZoneOffset.UTC;

  @Test
  void theServerFormatHasDateLevelThreadAndPlace() {
    assertEquals(
        "Nov 22 13:33:37   INFO [main] md_add_disk(367) hello",
        LogFormat.SERVER.line(message(Level.INFO, "main", "hello"), UTC, 7000));
    assertEquals(
        "Nov 22 15:33:37  DEBUG [gway 73] md_add_disk(367) hello",
        LogFormat.SERVER.line(message(Level.DEBUG, "gway 73", "hello"), ZoneId.of("+02:00"), 7000));
  }

  @Test
  void theDayOfTheMonthHasTwoDigits() {
    LogMessage early =
        new LogMessage(Instant.parse("2026-02-02T03:04:05Z"), Level.EMERG, "main", "f", 1, "x");
    assertEquals("Feb 02 03:04:05  EMERG [main] f(1) x", LogFormat.SERVER.line(early, UTC, 7000));
  }

  @Test
  void theDefaultFormatIsTheBareText() {
    assertEquals("hello", LogFormat.DEFAULT.line(message(Level.CRIT, "main", "hello"), UTC, 7000));
  }

  @Test
  void jsonHasItsKeysAndSpacesAsTheCProgramWritesThem() {
    assertEquals(
        "{ \"user_info\": {\"program_name\": \"sheep\", \"port\": 7003},\"body\": {\"second\":"
            + " 1795354417, \"usecond\": 123456, \"worker_name\": \"gway\", \"worker_idx\": 73,"
            + " \"func\": \"md_add_disk\", \"line\": 367, \"msg\": \"a \\\"b\\\" \\\\c\"} }",
        LogFormat.JSON.line(message(Level.INFO, "gway 73", "a \"b\" \\c"), UTC, 7003));
  }

  @Test
  void aThreadWithoutANumberHasIndexZeroInJson() {
    String line = LogFormat.JSON.line(message(Level.INFO, "nbd 127.0.0.1:4000", "x"), UTC, 7000);
    assertEquals(
        "\"worker_name\": \"nbd 127.0.0.1:4000\", \"worker_idx\": 0",
        line.substring(line.indexOf("\"worker_name\""), line.indexOf(", \"func\"")));
  }

  @Test
  void aMessageCannotForgeALine() {
    assertEquals("a b c", message(Level.INFO, "main", "a\nb\rc").text());
  }

  @Test
  void aMessageIsCutAt1023Bytes() {
    assertEquals("x".repeat(1023), message(Level.INFO, "main", "x".repeat(2000)).text());
    String wide = message(Level.INFO, "main", "\u20ac".repeat(500)).text();
    assertEquals(1023, wide.getBytes(StandardCharsets.UTF_8).length);
    assertEquals(
        "x".repeat(1020), message(Level.INFO, "main", "x".repeat(1020) + "\ud83d\udc11").text());
  }

  @Test
  void levelsAreCalledAsTheOptionCallsThem() {
    List<String> names = Arrays.stream(Level.values()).map(Level::optionName).toList();
    assertEquals(
        List.of("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"), names);
    assertEquals(Level.WARN, Level.named("warning").orElseThrow());
    assertEquals(LogFormat.JSON, LogFormat.named("json").orElseThrow());
  }

  private static LogMessage message(Level level, String worker, String text) {
    return new LogMessage(TIME, level, worker, "md_add_disk", 367, text);
  }
}

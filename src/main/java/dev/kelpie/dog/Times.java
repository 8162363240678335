package dev.kelpie.dog;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;

/// Moments in the local time zone, in English (spec/cli.md §3.5). Put together by hand: the
/// formatters of the JDK take longer to load than a short command takes in all.
final class Times {
  private static final String DAYS = "MonTueWedThuFriSatSun";
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

  private final LocalDateTime time;

  private Times(long seconds) {
    Instant instant = Instant.ofEpochSecond(seconds);
    ZoneOffset offset = ZoneId.systemDefault().getRules().getOffset(instant);
    time = LocalDateTime.ofEpochSecond(seconds, 0, offset);
  }

  /// A moment in seconds since 1970.
  static Times at(long seconds) {
    return new Times(seconds);
  }

  /// The seconds of a time as inodes and epochs have it: seconds in the high 32 bits, parts of one
  /// in the low ones.
  static long seconds(long packed) {
    return packed >>> Integer.SIZE;
  }

  /// A moment as inodes have it.
  static long packed(Instant instant) {
    return instant.getEpochSecond() << Integer.SIZE | instant.getNano();
  }

  /// `2026-11-22`.
  String date() {
    return time.getYear() + "-" + two(time.getMonthValue()) + "-" + two(time.getDayOfMonth());
  }

  /// `13:34`.
  String minutes() {
    return two(time.getHour()) + ":" + two(time.getMinute());
  }

  /// `13:34:05`.
  String seconds() {
    return minutes() + ":" + two(time.getSecond());
  }

  /// `Sun Nov 22 13:33:39 2026`, as C's `ctime`.
  String ctime() {
    return third(DAYS, time.getDayOfWeek().getValue())
        + " "
        + month()
        + " "
        + Values.right(time.getDayOfMonth(), 2)
        + " "
        + seconds()
        + " "
        + time.getYear();
  }

  /// `2026 Nov 22 13:46:31 `, as the log of commands has it.
  String logged() {
    return time.getYear() + " " + month() + " " + two(time.getDayOfMonth()) + " " + seconds() + " ";
  }

  private String month() {
    return third(MONTHS, time.getMonthValue());
  }

  private static String third(String names, int number) {
    return names.substring(3 * (number - 1), 3 * number);
  }

  private static String two(int number) {
    return Values.digits(number, 2);
  }
}

package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class ValuesTest {
  @Test
  void sizesAreForPeople() {
    assertEquals("0.0 MB", Values.size(0));
    assertEquals("0.0 MB", Values.size(100));
    assertEquals("10 MB", Values.size(10_485_760));
    assertEquals("1.5 GB", Values.size(1_610_612_736));
    assertEquals("1023 MB", Values.size(1023L << 20));
    assertEquals("1.0 GB", Values.size(1L << 30));
    assertEquals("4.0 TB", Values.size(4L << 40));
    assertEquals("16 PB", Values.size(16L << 50));
    assertEquals("8.0 EB", Values.size(Long.MIN_VALUE));
  }

  @Test
  void halvesGoToTheEvenDigit() {
    assertEquals("0.2 MB", Values.size(1 << 18));
    assertEquals("0.8 MB", Values.size(3 << 18));
    assertEquals("10 GB", Values.size(21L << 29));
    assertEquals("12 GB", Values.size(23L << 29));
    assertEquals("12.5", Values.decimal(12.5, 1));
    assertEquals("12", Values.decimal(12.5, 0));
    assertEquals("14", Values.decimal(13.5, 0));
    assertEquals("0.125", Values.decimal(0.125, 3));
    assertEquals("1.234", Values.decimal(1.2345, 3));
  }

  @Test
  void percentagesAreCutAndNothingOfNothingIsNone() {
    assertEquals(0, Values.percent(0, 0));
    assertEquals(99, Values.percent(999, 1000));
    assertEquals(100, Values.percent(1L << 62, 1L << 62));
  }

  @Test
  void theProgressBarIsAsInTheOriginal() {
    assertEquals(
        "\r 50.0 % [=========================>                        ] 12 MB / 24 MB      ",
        Progress.line(12L << 20, 24L << 20, 80, false));
    assertEquals(
        "\r100.0 % [==================================================] 24 MB / 24 MB      ",
        Progress.line(24L << 20, 24L << 20, 80, false));
  }
}

package dev.kelpie.dog;

/// The bar that long work shows, on a terminal only (spec/cli.md §3.6).
final class Progress {
  private static final int BESIDE_THE_BAR = 30;

  private final Console console;
  private final long total;
  private final boolean shown;
  private final int width;

  Progress(Console console, long total) {
    this.console = console;
    this.total = total;
    shown = console.terminal().present() && total > 0;
    width = shown ? console.terminal().columns() : 0;
  }

  /// Shows that this many bytes are done.
  void at(long done) throws Failure {
    if (!shown) {
      return;
    }
    console.print(line(done, total, width));
    if (done == total) {
      console.print("\n");
    }
    console.flush();
  }

  /// The line, with the carriage return in front.
  static String line(long done, long total, int width) {
    StringBuilder line = new StringBuilder("\r");
    double percent = 100.0 * done / total;
    line.append(Values.right(Values.decimal(percent, 1), 5)).append(" % [");
    int cells = width - BESIDE_THE_BAR;
    for (int i = 0; i < cells; i++) {
      line.append(cell(done, total, i, cells));
    }
    line.append("] ").append(Values.size(done)).append(" / ").append(Values.size(total));
    while (line.length() <= width) {
      line.append(' ');
    }
    return line.toString();
  }

  private static char cell(long done, long total, int i, int cells) {
    if (scaled(total, i + 1, cells) <= done) {
      return '=';
    }
    return scaled(total, i, cells) <= done ? '>' : ' ';
  }

  /// `total * part / parts` in whole numbers, without overflow for a total of up to 2^63.
  private static long scaled(long total, int part, int parts) {
    return total / parts * part + total % parts * part / parts;
  }
}

package dev.kelpie.dog;

/// The bar that long work shows, on a terminal only (spec/cli.md §3.6).
final class Progress {
  private static final int BESIDE_THE_BAR = 30;

  private final Console console;
  private final long total;
  private final boolean shown;
  private final boolean counts;
  private final int width;
  private boolean open;

  /// @param total bytes of all the work
  Progress(Console console, long total) {
    this(console, total, false);
  }

  /// For work that is counted in pieces, which are shown as plain numbers.
  static Progress ofCounts(Console console, long total) {
    return new Progress(console, total, true);
  }

  private Progress(Console console, long total, boolean counts) {
    this.console = console;
    this.total = total;
    this.counts = counts;
    shown = console.terminal().present() && total > 0;
    width = shown ? console.terminal().columns() : 0;
  }

  /// Shows how much is done.
  void at(long done) throws Failure {
    if (!shown) {
      return;
    }
    console.print(line(done, total, width, counts));
    open = done != total;
    if (!open) {
      console.print("\n");
    }
    console.flush();
  }

  /// Leaves the line where the work ends early, so that what is said next has one of its own.
  void end() throws Failure {
    if (open) {
      open = false;
      console.print("\n");
      console.flush();
    }
  }

  /// The line, with the carriage return in front.
  static String line(long done, long total, int width, boolean counts) {
    StringBuilder line = new StringBuilder("\r");
    double percent = 100.0 * done / total;
    line.append(Values.right(Values.decimal(percent, 1), 5)).append(" % [");
    int cells = width - BESIDE_THE_BAR;
    for (int i = 0; i < cells; i++) {
      line.append(cell(done, total, i, cells));
    }
    line.append("] ").append(Values.size(done, counts));
    line.append(" / ").append(Values.size(total, counts));
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

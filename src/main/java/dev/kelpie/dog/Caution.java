package dev.kelpie.dog;

/// The question under the picture of a sheep, which looks at the user who is about to lose
/// something (spec/cli.md §3.7).
final class Caution {
  private Caution() {}

  /// Asks with the caution on one line.
  static void confirm(Invocation in, String caution) throws Failure, NotConfirmed {
    ask(in, "", caution);
  }

  /// Asks with the caution on two lines.
  static void confirm(Invocation in, String first, String second) throws Failure, NotConfirmed {
    ask(in, "  " + first, second);
  }

  private static void ask(Invocation in, String besideHead, String besideNeck)
      throws Failure, NotConfirmed {
    in.console()
        .confirm(
            "    __\n   ()'`;\n   /\\|`"
                + besideHead
                + "\n  /  |   "
                + besideNeck
                + "\n(/_)_|_  Are you sure you want to continue? [yes/no]: ");
  }
}

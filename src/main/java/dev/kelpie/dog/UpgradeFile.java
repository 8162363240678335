package dev.kelpie.dog;

/// `dog upgrade inode-convert`, `epoch-convert` and `config-convert` (spec/cli.md §7.1): they turn
/// files of old releases into those of the original's daemon, which this release does not read, so
/// that nothing but their usage is served.
final class UpgradeFile implements Command {
  private final String words;
  private final int statusWithoutRelease;

  /// @param statusWithoutRelease where `-o` is missing; [ExitStatus#SUCCESS] where it is not needed
  UpgradeFile(String words, int statusWithoutRelease) {
    this.words = words;
    this.statusWithoutRelease = statusWithoutRelease;
  }

  @Override
  public int run(Invocation in) throws Failure, WrongUsage {
    in.nextArgument();
    if (in.nextArgument().isEmpty()) {
      throw new WrongUsage("please specify destination file path");
    }
    boolean needed = statusWithoutRelease != ExitStatus.SUCCESS;
    if (needed && in.options().original().isEmpty()) {
      String what = words.equals("inode-convert") ? "inode" : "epoch log";
      throw new Failure(
          statusWithoutRelease, "please specify original version of " + what + " file");
    }
    throw new Failure(
        ExitStatus.FAILURE,
        "'dog upgrade "
            + words
            + "' is not supported in this release: it makes files for the sheep written in C;"
            + " copy disks over with 'dog vdi read' there and 'dog vdi write' here");
  }
}

package dev.kelpie.dog;

import dev.kelpie.config.Option;
import dev.kelpie.config.Version;
import java.util.List;

/// The texts of help (spec/cli.md §3.8). Bash completion and manual generators read their layout.
final class Usage {
  private static final int NAME_WIDTH = 24;
  private static final String NEXT_LINE = "\n" + " ".repeat(2 + NAME_WIDTH);

  private Usage() {}

  /// What `dog` alone prints.
  static String overview() {
    StringBuilder text = new StringBuilder("Sheepdog administrator utility (version ");
    text.append(Version.text()).append(")\n");
    text.append("Usage: dog <command> <subcommand> [options]\n\nAvailable commands:\n");
    for (String command : CommandTable.COMMANDS) {
      for (Subcommand subcommand : CommandTable.of(command)) {
        entry(text, subcommand.path(), subcommand.description());
      }
    }
    return text.append("\nFor more information, run 'dog <command> <subcommand> --help'.\n")
        .toString();
  }

  /// The usage of a subcommand.
  ///
  /// @param taken the further words that were already taken
  static String of(Subcommand subcommand, List<Subcommand.Word> taken) {
    List<Option> options = OptionTable.of(subcommand.command(), subcommand.letters());
    List<Subcommand.Word> next = taken.isEmpty() ? subcommand.words() : taken.getLast().words();
    StringBuilder text = new StringBuilder("Usage: dog ").append(subcommand.path());
    for (Subcommand.Word word : taken) {
      text.append(' ').append(word.name());
    }
    if (!next.isEmpty()) {
      text.append(' ').append(choice(next));
    }
    for (Option option : options) {
      text.append(" [-").append(option.letter());
      if (option.takesValue()) {
        text.append(' ').append(option.name());
      }
      text.append(']');
    }
    if (!subcommand.arguments().isEmpty()) {
      text.append(' ').append(subcommand.arguments());
    }
    text.append('\n');
    if (!next.isEmpty()) {
      text.append("Available subcommands:\n");
      for (Subcommand.Word word : next) {
        entry(text, word.name(), word.description());
      }
    }
    text.append("Options:\n");
    for (Option option : options) {
      entry(text, "-" + option.letter() + ", --" + option.name(), option.description());
    }
    return text.toString();
  }

  private static String choice(List<Subcommand.Word> words) {
    if (words.size() == 1) {
      return words.getFirst().name();
    }
    StringBuilder text = new StringBuilder("{");
    for (Subcommand.Word word : words) {
      text.append(text.length() > 1 ? "|" : "").append(word.name());
    }
    return text.append('}').toString();
  }

  private static void entry(StringBuilder text, String name, String description) {
    text.append("  ")
        .append(Values.left(name, NAME_WIDTH))
        .append(description.replace("\n", NEXT_LINE))
        .append('\n');
  }
}

package dev.kelpie.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Takes a command line apart as GNU `getopt_long` does: options and arguments in any order,
/// bundled letters (`-rv`), glued values (`-p7000`), `--name=value`, unique beginnings of long
/// names, and `--` as the end of the options.
///
/// Options come one at a time, so that a program can act on one (`--help`, a bad value) before a
/// later one is found wrong, as the original programs do.
public final class Getopt {
  private final String program;
  private final List<String> words;
  private final List<Option> options;
  private final List<String> arguments = new ArrayList<>();
  private int nextWord;

  /// What is left of a word of bundled letters.
  private String letters = "";

  /// Starts at the first word.
  ///
  /// @param program the name that error lines begin with: `argv[0]` as typed
  /// @param words the command line without the program
  /// @param options those allowed; listed in this order where a name is ambiguous
  public Getopt(String program, List<String> words, List<Option> options) {
    this.program = program;
    this.words = List.copyOf(words);
    this.options = List.copyOf(options);
  }

  /// An option found on the command line.
  ///
  /// @param value empty for an option that takes none
  public record Given(Option option, String value) {}

  /// The next option; empty at the end of the command line.
  public Optional<Given> next() throws OptionError {
    if (!letters.isEmpty()) {
      return Optional.of(nextLetter());
    }
    while (nextWord < words.size()) {
      String word = words.get(nextWord++);
      if (word.equals("--")) {
        arguments.addAll(words.subList(nextWord, words.size()));
        nextWord = words.size();
      } else if (word.startsWith("--")) {
        return Optional.of(longOption(word));
      } else if (word.startsWith("-") && word.length() > 1) {
        letters = word.substring(1);
        return Optional.of(nextLetter());
      } else {
        arguments.add(word);
      }
    }
    return Optional.empty();
  }

  /// The words that are neither options nor their values, in order; complete once [#next] has said
  /// that there are no more options.
  public List<String> arguments() {
    return List.copyOf(arguments);
  }

  private Given nextLetter() throws OptionError {
    char letter = letters.charAt(0);
    letters = letters.substring(1);
    Option option = byLetter(letter);
    if (!option.takesValue()) {
      return new Given(option, "");
    }
    if (!letters.isEmpty()) {
      String glued = letters;
      letters = "";
      return new Given(option, glued);
    }
    if (nextWord == words.size()) {
      throw error("option requires an argument -- '" + letter + "'", Optional.of(option));
    }
    return new Given(option, words.get(nextWord++));
  }

  private Option byLetter(char letter) throws OptionError {
    for (Option option : options) {
      if (option.letter() == letter && letter != Option.NO_LETTER) {
        return option;
      }
    }
    throw error("invalid option -- '" + letter + "'", Optional.empty());
  }

  private Given longOption(String word) throws OptionError {
    int equals = word.indexOf('=');
    String name = word.substring(2, equals < 0 ? word.length() : equals);
    Option option = byName(name, word);
    if (!option.takesValue()) {
      if (equals >= 0) {
        throw error(
            "option '--" + option.name() + "' doesn't allow an argument", Optional.of(option));
      }
      return new Given(option, "");
    }
    if (equals >= 0) {
      return new Given(option, word.substring(equals + 1));
    }
    if (nextWord == words.size()) {
      throw error("option '--" + option.name() + "' requires an argument", Optional.of(option));
    }
    return new Given(option, words.get(nextWord++));
  }

  private Option byName(String name, String word) throws OptionError {
    List<Option> candidates = new ArrayList<>();
    for (Option option : options) {
      if (option.name().equals(name)) {
        return option;
      }
      if (option.name().startsWith(name)) {
        candidates.add(option);
      }
    }
    if (candidates.isEmpty()) {
      throw error("unrecognized option '" + word + "'", Optional.empty());
    }
    if (candidates.size() > 1) {
      StringBuilder names = new StringBuilder();
      candidates.forEach(c -> names.append(" '--").append(c.name()).append('\''));
      throw error("option '" + word + "' is ambiguous; possibilities:" + names, Optional.empty());
    }
    return candidates.getFirst();
  }

  private OptionError error(String what, Optional<Option> option) {
    return new OptionError(program + ": " + what, option);
  }
}
